"""Tables from type declarations, on a small tree of our own in the declarations' form."""

import json
from pathlib import Path

import pytest

from terraform_lint.providers.generate import DeclarationError, main

MAP = "{\n        [key: string]: string;\n    }"


def declare(package: Path, provider: str, name: str, properties: dict[str, str], *, getters: str = "", more: str = ""):
    camel = "".join(word.capitalize() for word in name.split("_"))
    lines = "".join(
        f"    /**\n    * Docs: {{@link https://example.org/{name}#x X#x}}\n    */\n    readonly {key}?: {kind};\n"
        for key, kind in properties.items()
    )
    text = (
        f"export interface {camel}Config extends cdktf.TerraformMetaArguments {{\n{lines}}}\n{more}"
        f"export declare class {camel} extends cdktf.TerraformResource {{\n"
        f'    static readonly tfResourceType = "{provider}_{name}";\n{getters}}}\n'
    )
    folder = package / "lib" / name.replace("_", "-")
    folder.mkdir(parents=True)
    (folder / "index.d.ts").write_text(text)


def package_of(root: Path, scope: str, provider: str, version: str) -> Path:
    package = root / scope / f"provider-{provider}"
    package.mkdir(parents=True)
    meta = {scope.removeprefix("@"): {"provider": {"name": f"hashicorp/{provider}", "version": version}}}
    (package / "package.json").write_text(json.dumps(meta))
    return package


@pytest.fixture
def node_modules(tmp_path: Path) -> Path:
    root = tmp_path / "node_modules"
    inherited = "    get tagsAll(): cdktf.StringMap;\n"
    older = package_of(root, "@cdktf", "aws", "6.9.0")
    declare(older, "aws", "zebra", {"name": "string", "tags": MAP}, getters=inherited)
    declare(older, "aws", "gains", {"name": "string"})
    declare(older, "aws", "dropped", {"tags": MAP}, getters=inherited)
    newer = package_of(root, "@cdktn", "aws", "6.10.0")
    declare(newer, "aws", "zebra", {"tags": MAP, "name": "string"}, getters=inherited)
    declare(newer, "aws", "gains", {"tags": MAP}, getters=inherited)
    declare(newer, "aws", "autoscaling_group", {"tag": "AutoscalingGroupTag[] | cdktf.IResolvable"})
    declare(newer, "aws", "inspector_resource_group", {"tags": MAP})
    source = newer / "lib" / "data-aws-zebra"
    source.mkdir()
    (source / "index.d.ts").write_text("export declare class DataAwsZebra extends cdktf.TerraformDataSource {\n}\n")
    return root


def read(out: Path, provider: str) -> dict[str, object]:
    return json.loads((out / f"{provider}.json").read_text())


def test_the_newest_version_has_the_last_word_and_dropped_types_stay(node_modules: Path, tmp_path: Path) -> None:
    assert main([str(node_modules)], tmp_path) == 0
    assert read(tmp_path, "aws") == {
        "provider": "aws",
        "versions": ["6.9.0", "6.10.0"],
        "tagged": [
            {"attribute": "tag", "kind": "list", "inherits": False, "types": ["autoscaling_group"]},
            {"attribute": "tags", "kind": "map", "inherits": True, "types": ["dropped", "gains", "zebra"]},
        ],
        "without": ["inspector_resource_group"],
    }
    assert not (tmp_path / "google.json").exists()


def test_twice_gives_the_same_bytes(node_modules: Path, tmp_path: Path) -> None:
    once, again = tmp_path / "once", tmp_path / "again"
    for out in (once, again):
        out.mkdir()
        main([str(node_modules)], out)
    assert (once / "aws.json").read_bytes() == (again / "aws.json").read_bytes()


def cloud_run(kind: str) -> str:
    return (
        f"export interface CloudRunServiceMetadata {{\n    readonly labels?: {kind};\n}}\n"
        "export declare class CloudRunServiceMetadataOutputReference extends cdktf.ComplexObject {\n"
        "    get effectiveLabels(): cdktf.StringMap;\n}\n"
    )


def test_labels_inside_a_block_and_labels_before_tags(tmp_path: Path) -> None:
    package = package_of(tmp_path / "nm", "@cdktf", "google", "6.50.0")
    declare(package, "google", "cloud_run_service", {"metadata": "CloudRunServiceMetadata"}, more=cloud_run(MAP))
    declare(
        package, "google", "compute_instance", {"tags": "string[]", "labels": MAP}, getters="get effectiveLabels()\n"
    )
    declare(package, "google", "folder", {"tags": MAP})
    declare(package, "google", "monitoring_notification_channel", {"labels": MAP, "userLabels": MAP})
    assert main([str(tmp_path / "nm")], tmp_path) == 0
    assert read(tmp_path, "google")["tagged"] == [
        {"attribute": "labels", "kind": "map", "inherits": True, "types": ["compute_instance"]},
        {"attribute": "metadata.labels", "kind": "map", "inherits": True, "types": ["cloud_run_service"]},
        {"attribute": "user_labels", "kind": "map", "inherits": False, "types": ["monitoring_notification_channel"]},
    ]
    assert read(tmp_path, "google")["without"] == ["folder"]


def test_a_block_that_changed_its_shape_stops_the_work(tmp_path: Path) -> None:
    package = package_of(tmp_path / "nm", "@cdktf", "google", "7.0.0")
    declare(package, "google", "cloud_run_service", {"metadata": "CloudRunServiceMetadata"}, more=cloud_run("string[]"))
    with pytest.raises(DeclarationError, match=r"metadata\.labels is not the map it was"):
        main([str(tmp_path / "nm")], tmp_path)


def test_a_folder_without_packages_and_a_wrong_call_say_so(tmp_path: Path, capsys) -> None:
    assert main([str(tmp_path)], tmp_path) == 2
    assert "no provider package found" in capsys.readouterr().err
    assert main([], tmp_path) == 2
    assert "NODE_MODULES_FOLDER" in capsys.readouterr().err
