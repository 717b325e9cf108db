import pytest

from terraform_lint.source.options import SourceOptions
from terraform_lint.source.project import read_source
from terraform_lint.source.roots import discover

BUCKET = 'resource "aws_s3_bucket" "a" {}\n'


def folders(project, *given):
    paths = [project.folder / name for name in given] or [project.folder]
    return [root.folder.relative_to(project.folder.resolve()).as_posix() for root in discover(paths)]


def test_every_folder_that_no_other_calls_is_a_root(project):
    found = project(
        {
            "envs/prod/main.tf": 'module "m" {\n  source = "../../modules/m"\n}\n',
            "envs/dev/main.tf": BUCKET,
            "modules/m/main.tf": BUCKET + 'module "inner" { source = "./inner" }\n',
            "modules/m/inner/main.tf": BUCKET,
            "modules/unused/main.tf": BUCKET,
            "docs/readme.md": "",
        }
    )
    assert folders(found) == ["envs/dev", "envs/prod", "modules/unused"]


def test_a_given_folder_is_a_root_though_its_example_calls_it(project):
    found = project({"main.tf": BUCKET, "examples/all/main.tf": 'module "it" {\n  source = "../../"\n}\n'})
    assert folders(found) == [".", "examples/all"]


def test_a_module_that_is_given_by_itself_is_a_root(project):
    found = project({"main.tf": 'module "m" { source = "./m" }', "m/main.tf": BUCKET})
    assert folders(found) == ["."]
    assert folders(found, "m") == ["m"]
    assert folders(found, ".", "m") == [".", "m"]


def test_a_given_file_stands_for_its_folder_alone(project):
    found = project({"a/main.tf": BUCKET, "a/b/main.tf": BUCKET})
    assert folders(found, "a/main.tf") == ["a"]


def test_roots_of_roots_are_the_same_roots(project):
    found = project(
        {"a/main.tf": 'module "m" { source = "../m" }', "m/main.tf": BUCKET, "b/c/main.tf": BUCKET, "b/main.tf": BUCKET}
    )
    first = discover([found.folder])
    assert [root.folder for root in discover([root.folder for root in first])] == [root.folder for root in first]


def test_hidden_folders_and_downloads_are_left_out(project):
    found = project({"main.tf": BUCKET, ".terraform/modules/x/main.tf": BUCKET, ".git/main.tf": BUCKET})
    assert folders(found) == ["."]


def test_symbolic_links_to_folders_are_not_followed(project, tmp_path):
    found = project({"a/main.tf": BUCKET})
    (found.folder / "a" / "loop").symlink_to(found.folder)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "main.tf").write_text(BUCKET)
    (found.folder / "out").symlink_to(outside)
    assert folders(found) == ["a"]


def test_folders_that_only_call_each_other_are_judged_once(project):
    found = project(
        {
            "x/a/main.tf": 'module "b" { source = "../b" }',
            "x/b/main.tf": 'module "a" { source = "../a" }',
        }
    )
    assert folders(found) == ["x/a"]


def test_no_source_no_roots(project):
    found = project({"readme.md": "", "prod.tfvars": "a = 1"})
    assert folders(found) == []
    assert folders(found, "prod.tfvars", "not-there.tf", "nor/here") == []


def test_a_root_that_is_named_in_two_ways_is_read_once(project):
    found = project({"a/main.tf": BUCKET})
    assert len(found.read(".", "a", "a/main.tf").resources) == 1
    roots = [*discover([found.folder]), *discover([found.folder / "a"])]
    assert len(read_source(roots, SourceOptions(base=found.folder)).resources) == 1


def test_folders_that_terragrunt_runs_are_named(project):
    found = project({"modules/m/main.tf": BUCKET, "live/terragrunt.hcl": "", "live/prod/m/terragrunt.hcl": ""})
    assert found.read().notes == [
        "live: terragrunt.hcl is not read, and no source stands beside it",
        "live/prod/m: terragrunt.hcl is not read, and no source stands beside it",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '# module "b" { source = "./b" }\n',
        '// module "b" { source = "./b" }\n',
        '/* module "b" {\n source = "./b"\n} */\n',
        'locals {\n  x = <<EOT\nmodule "b" {\n  source = "./b"\n}\nEOT\n}\n',
        'resource "aws_s3_object" "module" {\n  source = "./b"\n}\n',
        'module "c" {\n  source = "x/y/z"\n  inputs = { source = "./b" }\n}\n',
        '{"module": {"c": {"source": "x/y/z", "inputs": {"source": "./b"}}}}',
    ],
)
def test_what_only_looks_like_a_call_is_none(project, text):
    name = "main.tf.json" if text.startswith("{") else "main.tf"
    assert folders(project({f"a/{name}": text, "a/b/main.tf": BUCKET})) == ["a", "a/b"]


@pytest.mark.parametrize(
    "text",
    [
        'module "b" { source = "./b" }',
        'module "x" {\n  # a comment }\n  for_each = { "}" = "{" }\n  source   = "./b"\n}\n',
        'locals { x = "module { ${lower("a")}" }\nmodule b {\r\n  source = "./b"\r\n}\r\n',
        'module "b" {\n  source = "./../a/./b/"\n}',
    ],
)
def test_calls_are_found_however_they_are_written(project, text):
    assert folders(project({"a/main.tf": text, "a/b/main.tf": BUCKET})) == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        '{"module": {"b": {"source": "./b"}}}',
        '{"module": [{"b": [{"source": "./b"}]}]}',
        '[{"module": {"b": {"source": "./b"}}}]',
    ],
)
def test_calls_in_json_are_found(project, text):
    assert folders(project({"a/main.tf.json": text, "a/b/main.tf": BUCKET})) == ["a"]
