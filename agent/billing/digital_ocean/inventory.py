"""Tags and projects of what an account runs, by the API's lists: an invoice knows no tags."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agent.billing.digital_ocean.api import Api, Refused
from agent.billing.digital_ocean.documents import RESOURCES, Resources

LISTS = {
    "droplet": ("/v2/droplets", "droplets"),
    "volume": ("/v2/volumes", "volumes"),
    "dbaas": ("/v2/databases", "databases"),
    "kubernetes": ("/v2/kubernetes/clusters", "kubernetes_clusters"),
    "loadbalancer": ("/v2/load_balancers", "load_balancers"),
    "snapshot": ("/v2/snapshots", "snapshots"),
}
"""Kind in a resource's name (``do:droplet:123``) -> its list and the key of it."""
_KINDS_OF_PRODUCTS = {"snapshot": "snapshot", "droplet": "droplet", "backup": "droplet", "volume": "volume"}


def known(api: Api, raw: Path) -> tuple[Resources, dict[str, str]]:
    """Every resource as last seen, and the lists that the token may not read.

    What is no longer there keeps the tags and the project it was last seen with: it is on the invoice of the month in
    which it was deleted.
    """
    seen, unread = _kept(raw), dict[str, str]()
    for kind, (path, key) in LISTS.items():
        try:
            for name, tags in _tags(api, kind, path, key):
                seen[name] = seen.get(name, {}) | {"tags": tags}
        except Refused as error:
            unread[path] = error.message
    try:
        for name, project in _projects(api):
            seen[name] = seen.get(name, {}) | {"project": project}
    except Refused as error:
        unread["/v2/projects"] = error.message
    return dict(sorted(seen.items())), unread


def text_of(resources: Resources) -> str:
    """As it is kept."""
    return json.dumps(resources, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


class ByItem:
    """Finds what an invoice item is for, by its ids and its product."""

    def __init__(self, resources: Resources) -> None:
        self._names: dict[str, list[str]] = {}
        for name in resources:
            self._names.setdefault(name.split(":", 2)[-1], []).append(name)

    def name(self, item: Mapping[str, Any]) -> str | None:
        """The resource's name, or None. A number may be a droplet's and a snapshot's: the product says which."""
        ids = dict.fromkeys(str(item[key]) for key in ("resource_uuid", "resource_id") if item.get(key))
        found = [name for known in ids for name in self._names.get(known, [])]
        if len(found) > 1:
            product = str(item["product"]).casefold()
            kind = next((kind for word, kind in _KINDS_OF_PRODUCTS.items() if word in product), None)
            found = [name for name in found if name.split(":")[1] == kind]
        return found[0] if len(found) == 1 else None


def _kept(raw: Path) -> Resources:
    try:
        found: Resources = json.loads((raw / RESOURCES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _tags(api: Api, kind: str, path: str, key: str) -> Iterator[tuple[str, list[str]]]:
    for answer in api.pages(path, key):
        for resource in answer.content.get(key) or []:
            yield f"do:{kind}:{resource['id']}", sorted(map(str, resource.get("tags") or []))


def _projects(api: Api) -> Iterator[tuple[str, str]]:
    for listed in api.pages("/v2/projects", "projects"):
        for project in listed.content.get("projects") or []:
            for answer in api.pages(f"/v2/projects/{project['id']}/resources", "resources"):
                for resource in answer.content.get("resources") or []:
                    yield str(resource["urn"]), str(project["name"])
