"""Makes the tables of resource types from the providers' type declarations on npm.

    npm install --prefix FOLDER --ignore-scripts --legacy-peer-deps \
        @cdktf/provider-aws @cdktf/provider-google @cdktf/provider-azurerm \
        @cdktn/provider-aws @cdktn/provider-azurerm
    python -m terraform_lint.providers.generate FOLDER/node_modules

The packages (about 1.5 GB) are made from the providers' schemas. Those of @cdktf ended in December 2025; @cdktn goes
on with some. A table is the union of all versions found, the newest has the last word: types that a provider dropped
stay known, for those who run the older one.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from terraform_lint.providers import TagKind, TypeTags

ATTRIBUTES: Mapping[str, Sequence[str]] = {
    "aws": ("tags", "tag"),
    "azurerm": ("tags",),
    "google": ("labels", "resource_labels", "user_labels", "tags"),
}
"""Where each provider's types may keep tags, the first that is a map wins. A map ``tags`` of google binds tags of the
resource manager, which are no labels."""

NESTED: Mapping[str, tuple[str, str]] = {
    "google_cloud_run_service": ("metadata", "labels"),
    "google_sql_database_instance": ("settings", "user_labels"),
}
"""Types that keep the resource's own labels in a block. Other nested maps are filters, or tags of something else."""

NOT_TAGS: Mapping[str, str] = {
    "aws_inspector_resource_group": "tags",  # selects instances by their tags
    "google_cloud_identity_group": "labels",  # says what kind of group it is
    "google_monitoring_notification_channel": "labels",  # the address to notify; its own are user_labels
}
"""Maps of that name which are something else."""

_RESOURCE = re.compile(r"(?ms)^export declare class (\w+) extends \w+\.TerraformResource \{$(.*?)^\}$")
_SETTINGS = re.compile(r"(?ms)^export interface \w+ extends \w+\.TerraformMetaArguments \{$(.*?)^\}$")
_TYPE = re.compile(r'tfResourceType = "(\w+)"')
_PROPERTY = re.compile(r"(?m)^    readonly (\w+)\??: (.*)$(?:\n\s+(\[key: string\]))?")
_INHERITED = re.compile(r"\bget (?:tagsAll|effectiveLabels)\(")


@dataclass(frozen=True, slots=True)
class Package:
    """One npm package: the version of the provider, as numbers, and the folder of its declarations."""

    version: tuple[int, ...]
    declarations: Path


class DeclarationError(Exception):
    """The declarations are not as this script knows them."""


def packages(node_modules: Path, provider: str) -> list[Package]:
    """The packages of a provider, oldest provider version first."""
    found = []
    for manifest in node_modules.glob(f"@cdkt[fn]/provider-{provider}/package.json"):
        meta = json.loads(manifest.read_text(encoding="utf-8"))
        version = (meta.get("cdktn") or meta["cdktf"])["provider"]["version"]
        found.append(Package(tuple(map(int, version.split("."))), manifest.parent / "lib"))
    return sorted(found, key=lambda package: package.version)


def types_of(package: Package, provider: str) -> Iterator[tuple[str, TypeTags | None]]:
    """Each resource type of a package, with where its tags stand."""
    for file in package.declarations.glob("*/index.d.ts"):
        text = file.read_text(encoding="utf-8")
        resource, settings = _RESOURCE.search(text), _SETTINGS.search(text)
        if resource is None:
            continue  # a data source, or the provider itself
        name = _TYPE.search(resource[2])
        if name is None or settings is None:
            raise DeclarationError(f"{file}: a resource without its type or its settings")
        if name[1] in NESTED:
            yield name[1], _nested(file, settings[1], *NESTED[name[1]])
        else:
            inherits = _INHERITED.search(resource[2]) is not None
            yield name[1], _own(name[1], ATTRIBUTES[provider], _properties(settings[1]), inherits=inherits)


def _properties(body: str) -> dict[str, tuple[str, TagKind]]:
    """Property -> its type, and whether that is a map."""
    return {found[1]: (found[2].rstrip(";"), "map" if found[3] else "list") for found in _PROPERTY.finditer(body)}


def _own(
    name: str, attributes: Sequence[str], properties: Mapping[str, tuple[str, TagKind]], *, inherits: bool
) -> TypeTags | None:
    kinds = {
        attribute: properties[_camel(attribute)][1]
        for attribute in attributes
        if _camel(attribute) in properties and NOT_TAGS.get(name) != attribute
    }
    if name.startswith("google_") and kinds.get("tags") == "map":
        del kinds["tags"]
    attribute = min(kinds, key=lambda one: kinds[one] != "map", default=None)
    if attribute is None:
        return None
    return TypeTags(attribute, kinds[attribute], inherits=inherits and kinds[attribute] == "map")


def _nested(file: Path, settings: str, block: str, attribute: str) -> TypeTags:
    text = "".join(part.read_text(encoding="utf-8") for part in sorted(file.parent.rglob("*.d.ts")))
    struct = _properties(settings)[block][0].partition("[")[0]
    body = re.search(rf"(?ms)^export interface {struct} \{{$(.*?)^\}}$", text)
    if body is None or _properties(body[1]).get(_camel(attribute), ("", "list"))[1] != "map":
        raise DeclarationError(f"{file}: {block}.{attribute} is not the map it was")
    output = re.search(rf"(?ms)^export declare class {struct}OutputReference .*?\{{$(.*?)^\}}$", text)
    inherits = output is not None and _INHERITED.search(output[1]) is not None
    return TypeTags(f"{block}.{attribute}", "map", inherits=inherits)


def _camel(attribute: str) -> str:
    first, *more = attribute.split("_")
    return first + "".join(word.capitalize() for word in more)


def table(provider: str, found: Iterable[Package]) -> str:
    """The text of a provider's table: sorted, one name a line, so that a new version reads well as a diff."""
    types: dict[str, TypeTags | None] = {}
    versions = []
    for package in found:
        types.update(types_of(package, provider))
        versions.append(".".join(map(str, package.version)))
    groups: dict[TypeTags, list[str]] = {}
    without: list[str] = []
    for name in sorted(types):
        tags, short = types[name], name.removeprefix(f"{provider}_")
        (without if tags is None else groups.setdefault(tags, [])).append(short)
    tagged = [
        {"attribute": tags.attribute, "kind": tags.kind, "inherits": tags.inherits, "types": names}
        for tags, names in sorted(groups.items(), key=lambda item: (item[0].attribute, item[0].inherits))
    ]
    content = {"provider": provider, "versions": versions, "tagged": tagged, "without": without}
    return json.dumps(content, indent=0, ensure_ascii=True) + "\n"


def main(arguments: Sequence[str], out: Path) -> int:
    """Writes ``<provider>.json`` into ``out`` for each provider found; 2 where there is none."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m terraform_lint.providers.generate NODE_MODULES_FOLDER\n")
        return 2
    written = 0
    for provider in ATTRIBUTES:
        if found := packages(Path(arguments[0]), provider):
            (out / f"{provider}.json").write_text(table(provider, found), encoding="utf-8", newline="\n")
            written += 1
    if not written:
        sys.stderr.write(f"{arguments[0]}: no provider package found\n")
    return 0 if written else 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], Path(__file__).parent))
