"""Comments ``apportion:ignore`` that ignore nothing."""

IGNORE = "apportion:ignore[missing-tag]"
WRONG = 'resource "aws_s3_bucket" "b" {\n  count = 2\n  # apportion:ignore[missing-tag]\n}\n'


def test_comments_that_say_nothing_right_are_told(project):
    text = f"""# {IGNORE} alone

resource "aws_s3_bucket" "b" {{
  # apportion:ignore[missing-tag]
  # apportion:ignore[no-such-rule] because
}}
"""
    alone, silent, misnamed = project({"main.tf": text}).read().bad_ignores
    assert [(each.file, each.line, each.address) for each in (alone, silent, misnamed)] == [
        ("main.tf", 1, ""),
        ("main.tf", 4, "aws_s3_bucket.b"),
        ("main.tf", 5, "aws_s3_bucket.b"),
    ]
    assert "stands at no resource" in alone.message
    assert "reason" in silent.message
    assert "no-such-rule" in misnamed.message


def test_a_comment_is_told_once_however_often_its_module_is_called(project):
    call = 'module "m" {\n  count = 2\n  source = "../m"\n}\n'
    found = project({"a/main.tf": call, "b/main.tf": call, "m/main.tf": WRONG}).read("a", "b").bad_ignores
    assert [(each.path, each.file, each.line, each.address) for each in found] == [
        ("a", "m/main.tf", 3, "module.m[0].aws_s3_bucket.b")
    ]


def test_a_comment_at_a_module_call_speaks_about_every_resource_of_the_module(project):
    files = {
        "main.tf": f'# {IGNORE} a sandbox\nmodule "m" {{\n  source = "./m"\n}}\nmodule "n" {{\n  source = "./m"\n}}\n',
        "m/main.tf": 'resource "aws_s3_bucket" "b" {}\nmodule "deeper" {\n  source = "./deeper"\n}\n',
        "m/deeper/main.tf": 'resource "aws_vpc" "v" {}\n',
    }
    gathered = project(files).read(".")
    assert gathered.bad_ignores == []
    assert {each.address: [ignore.reason for ignore in each.ignores] for each in gathered.resources} == {
        "module.m.aws_s3_bucket.b": ["a sandbox"],
        "module.m.module.deeper.aws_vpc.v": ["a sandbox"],
        "module.n.aws_s3_bucket.b": [],
        "module.n.module.deeper.aws_vpc.v": [],
    }
