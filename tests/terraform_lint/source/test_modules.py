"""Module calls: local, downloaded, absent, repeated, and calling themselves."""

import json

import pytest

CHILD = """
variable "tags" { default = {} }
resource "aws_s3_bucket" "b" { tags = var.tags }
output "tags" { value = aws_s3_bucket.b.tags }
"""


def test_inputs_outputs_and_addresses_of_nested_modules(project, known, by_address):
    gathered = project(
        {
            "main.tf": """
module "a" {
  source = "./modules/outer"
  tags   = { tenant = "acme" }
}
resource "azurerm_resource_group" "rg" { tags = module.a.inner_tags }
""",
            "modules/outer/main.tf": """
variable "tags" {}
module "inner" {
  source = "../inner"
  tags   = merge(var.tags, { level = "inner" })
}
output "inner_tags" { value = module.inner.tags }
""",
            "modules/inner/main.tf": CHILD,
        }
    ).read()
    both = {"tenant": "acme", "level": "inner"}
    assert known(gathered) == {
        "azurerm_resource_group.rg": both,
        "module.a.module.inner.aws_s3_bucket.b": both,
    }
    inner = by_address(gathered)["module.a.module.inner.aws_s3_bucket.b"]
    assert (inner.module, inner.file, inner.line, inner.path) == (
        "module.a.module.inner",
        "modules/inner/main.tf",
        3,
        ".",
    )


def test_names_are_relative_to_where_the_check_runs(project, by_address):
    found = project({"envs/prod/main.tf": 'module "m" { source = "../../m" }', "m/main.tf": CHILD})
    resource = by_address(found.read("envs/prod"))["module.m.aws_s3_bucket.b"]
    assert (resource.path, resource.file) == ("envs/prod", "m/main.tf")
    resource = by_address(found.read("envs/prod", base=found.folder / "envs"))["module.m.aws_s3_bucket.b"]
    assert (resource.path, resource.file) == ("prod", "../m/main.tf")


def test_repeated_modules_have_their_keys_and_values(project, known):
    gathered = project(
        {
            "main.tf": """
module "c" {
  count  = 2
  source = "./m"
  tags   = { n = count.index }
}
module "f" {
  for_each = { "x y" = "one", z = "two" }
  source   = "./m"
  tags     = { k = each.key, v = each.value }
}
module "none" {
  count  = 0
  source = "./m"
}
resource "azurerm_resource_group" "rg" {
  tags = { c = module.c[1].tags.n, f = module.f["z"].tags.v, all = join(",", module.c[*].tags.n) }
}
""",
            "m/main.tf": CHILD,
        }
    ).read()
    assert known(gathered) == {
        "azurerm_resource_group.rg": {"c": "1", "f": "two", "all": "0,1"},
        "module.c[0].aws_s3_bucket.b": {"n": "0"},
        "module.c[1].aws_s3_bucket.b": {"n": "1"},
        'module.f["x y"].aws_s3_bucket.b': {"k": "x y", "v": "one"},
        'module.f["z"].aws_s3_bucket.b': {"k": "z", "v": "two"},
    }


def test_an_unknown_repetition_is_judged_once_without_key(project, tags):
    gathered = project(
        {
            "main.tf": """
variable "names" {}
module "f" {
  for_each = var.names
  source   = "./m"
  tags     = { k = each.key, fix = "ed" }
}
""",
            "m/main.tf": CHILD,
        }
    ).read()
    found = tags(gathered, "module.f.aws_s3_bucket.b")
    assert dict(found.known) == {"fix": "ed"}
    assert found.unknown == {"k": "for_each is not known: var.names has no default and no value is given"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("terraform-aws-modules/vpc/aws", "registry module not downloaded"),
        ("git::https://example.com/vpc.git?ref=v1", "git module not downloaded"),
        ("github.com/example/vpc", "git module not downloaded"),
        ("https://example.com/vpc.zip", "module not downloaded"),
        ("./missing", "no Terraform source stands in missing"),
        ("/etc", "module not downloaded"),
    ],
)
def test_a_module_that_is_not_there_is_external(project, tags, source, reason):
    gathered = project(
        {
            "main.tf": f'\nmodule "vpc" {{\n  source = "{source}"\n}}\n'
            'resource "aws_s3_bucket" "b" { tags = { a = module.vpc.name, b = "c" } }\n'
        }
    ).read()
    (external,) = gathered.externals
    assert (external.address, external.source, external.file, external.line) == ("module.vpc", source, "main.tf", 2)
    assert external.reason == reason
    assert external.mend
    found = tags(gathered, "aws_s3_bucket.b")
    assert dict(found.known) == {"b": "c"}
    assert found.unknown == {"a": f"module.vpc is not there to be read ({reason})"}


def test_an_absent_module_that_is_called_no_time_is_nothing(project):
    gathered = project({"main.tf": 'module "vpc" {\n  count  = 0\n  source = "a/b/c"\n}\n'}).read()
    assert gathered.externals == []


def modules_json(**folders):
    listed = [{"Key": key, "Source": "registry.terraform.io/x/y/z", "Dir": folder} for key, folder in folders.items()]
    return json.dumps({"Modules": [{"Key": "", "Source": "", "Dir": "."}, *listed]})


def test_downloaded_modules_are_read_where_terraform_put_them(project, known, by_address):
    gathered = project(
        {
            "main.tf": 'module "a" {\n  source = "x/y/z"\n  tags = { tenant = "acme" }\n}\n',
            ".terraform/modules/modules.json": modules_json(
                a=".terraform/modules/a", **{"a.deep": ".terraform/modules/a.deep"}
            ),
            ".terraform/modules/a/main.tf": CHILD
            + 'module "deep" {\n  source = "x/deep/z"\n  tags = { at = path.module }\n}\n',
            ".terraform/modules/a.deep/main.tf": CHILD,
        }
    ).read()
    assert known(gathered) == {
        "module.a.aws_s3_bucket.b": {"tenant": "acme"},
        "module.a.module.deep.aws_s3_bucket.b": {"at": ".terraform/modules/a"},
    }
    for address, declared in (
        ("module.a.aws_s3_bucket.b", ".terraform/modules/a/main.tf"),
        ("module.a.module.deep.aws_s3_bucket.b", ".terraform/modules/a.deep/main.tf"),
    ):
        found = by_address(gathered)[address]
        assert found.downloaded.startswith(f"{declared}:")
        assert (found.file, found.line) == ("main.tf", 1), "what a person can change is the call"
        assert [(carrier.file, carrier.line) for carrier in found.carriers] == [("", None)]
    assert gathered.externals == []


@pytest.mark.parametrize("folder", ["../../outside", "/etc", ".terraform/modules/link"])
def test_a_download_outside_the_checked_folders_is_not_read(project, tmp_path, folder):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "main.tf").write_text(CHILD)
    found = project(
        {"r/main.tf": 'module "a" { source = "x/y/z" }', "r/.terraform/modules/modules.json": modules_json(a=folder)}
    )
    (found.folder / "r/.terraform/modules/link").symlink_to(tmp_path / "outside")
    gathered = found.read("r")
    assert gathered.resources == []
    assert gathered.externals[0].reason == "the module was downloaded to a folder outside the checked ones"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"Modules": [{"Key": 1}]}', '{"Modules": null}', "{", "[" * 100_000])
def test_a_damaged_list_of_downloads_is_told(project, text):
    gathered = project({"main.tf": 'module "a" { source = "x/y/z" }', ".terraform/modules/modules.json": text}).read()
    assert gathered.notes == [".: modules.json is not what terraform init writes"]
    assert len(gathered.externals) == 1


@pytest.mark.parametrize(
    "files",
    [
        {"main.tf": 'module "m" { source = "./" }'},
        {"main.tf": 'module "a" { source = "./a" }', "a/main.tf": 'module "m" {\n  source = "../b"\n  count = 3\n}\n',
         "b/main.tf": 'module "m" { source = "../a" }'},
    ],
)  # fmt: skip
def test_a_module_that_leads_back_to_itself_is_told_once(project, files):
    gathered = project(files).read()
    (unread,) = gathered.unread
    assert "calls itself" in unread.message
    assert unread.line == 1


def test_modules_that_double_at_each_level_come_to_an_end(project):
    files = {"main.tf": 'module "a" { source = "./m0" }\nmodule "b" { source = "./m0" }\n'}
    for level in range(30):
        files[f"m{level}/main.tf"] = (
            f'module "a" {{ source = "../m{level + 1}" }}\nmodule "b" {{ source = "../m{level + 1}" }}\n'
        )
    files["m30/main.tf"] = CHILD
    gathered = project(files).read(".")
    assert any("too many modules" in each.message for each in gathered.unread)


def test_an_input_that_is_not_set_is_unknown(project, tags):
    gathered = project(
        {"main.tf": 'module "m" { source = "./m" }', "m/main.tf": CHILD.replace("default = {}", "type = map(string)")}
    ).read()
    assert tags(gathered, "module.m.aws_s3_bucket.b").rest == "var.tags has no default and module.m does not set it"


def test_null_as_input_is_the_default_only_where_null_is_not_allowed(project, known):
    child = 'variable "t" {\n  default = "d"\n  nullable = NULLABLE\n}\n' + CHILD.replace("var.tags", "{ t = var.t }")
    gathered = project(
        {
            "main.tf": 'module "y" {\n  source = "./y"\n  t = null\n}\nmodule "n" {\n  source = "./n"\n  t = null\n}\n',
            "y/main.tf": child.replace("NULLABLE", "true"),
            "n/main.tf": child.replace("NULLABLE", "false"),
        }
    ).read()
    assert known(gathered) == {"module.y.aws_s3_bucket.b": {"t": None}, "module.n.aws_s3_bucket.b": {"t": "d"}}


def test_outputs_keep_what_is_unknown_and_what_is_sensitive(project, tags):
    gathered = project(
        {
            "main.tf": 'module "m" { source = "./m" }\nresource "aws_s3_bucket" "b" { tags = module.m.all }\n',
            "m/main.tf": """
resource "random_pet" "p" {}
output "all" {
  sensitive = true
  value     = { pet = random_pet.p.id, tenant = "acme" }
}
""",
        }
    ).read()
    found = tags(gathered, "aws_s3_bucket.b")
    assert found.sensitive
    assert dict(found.known) == {"tenant": "acme"}
    assert found.unknown == {"pet": "module.m.random_pet.p.id is known only after apply"}


def test_an_output_that_is_not_there_is_unknown(project, tags):
    gathered = project(
        {
            "main.tf": 'module "m" { source = "./m" }\nresource "aws_s3_bucket" "b" { tags = { a = module.m.no } }\n',
            "m/main.tf": "",
        }
    ).read()
    assert tags(gathered, "aws_s3_bucket.b").unknown == {"a": "module.m.no is not declared"}


@pytest.mark.parametrize("argument", ["for_each = module.m.tags", "count = length(module.m)", "for_each = local.m"])
def test_a_call_that_is_repeated_by_its_own_outputs_is_judged_once(project, tags, argument):
    text = f'module "m" {{\n  source = "./m"\n  {argument}\n}}\nlocals {{ m = module.m }}\n'
    text += 'resource "aws_s3_bucket" "it" { tags = { a = join(",", keys(module.m)) } }\n'
    gathered = project({"main.tf": text, "m/main.tf": CHILD}).read(".")
    assert sorted(each.address for each in gathered.resources) == ["aws_s3_bucket.it", "module.m.aws_s3_bucket.b"]
    assert "a" in tags(gathered, "aws_s3_bucket.it").unknown


def test_a_source_that_is_computed_is_followed(project, known):
    gathered = project(
        {"main.tf": 'locals { where = "./m" }\nmodule "m" { source = local.where }\n', "m/main.tf": CHILD}
    ).read(".")
    assert "module.m.aws_s3_bucket.b" in known(gathered)
