"""The addresses that a resource had, as blocks ``moved`` tell."""

import pytest

BUCKETS = 'resource "aws_s3_bucket" "b" {\n  tags = {}\n}\n'


def moved(source: str, target: str) -> str:
    return f"moved {{\n  from = {source}\n  to = {target}\n}}\n"


@pytest.mark.parametrize(
    ("text", "address", "previous"),
    [
        (BUCKETS, "aws_s3_bucket.b", ()),
        (BUCKETS + moved("aws_s3_bucket.a", "aws_s3_bucket.b"), "aws_s3_bucket.b", ("aws_s3_bucket.a",)),
        (BUCKETS + moved("aws_s3_bucket.a", "aws_s3_bucket.bb"), "aws_s3_bucket.b", ()),
        (
            BUCKETS.replace("tags", "count = 1\n  tags") + moved("aws_s3_bucket.b", "aws_s3_bucket.b[0]"),
            "aws_s3_bucket.b[0]",
            ("aws_s3_bucket.b",),
        ),
        (
            BUCKETS.replace("tags", 'for_each = toset(["x"])\n  tags')
            + moved("aws_s3_bucket.a", "aws_s3_bucket.b")
            + moved('aws_s3_bucket.a["w"]', 'aws_s3_bucket.a["x"]'),
            'aws_s3_bucket.b["x"]',
            ('aws_s3_bucket.a["x"]', 'aws_s3_bucket.a["w"]'),
        ),
        (
            BUCKETS + moved("module.old.aws_s3_bucket.b", "aws_s3_bucket.b"),
            "aws_s3_bucket.b",
            ("module.old.aws_s3_bucket.b",),
        ),
        (
            BUCKETS + moved("aws_s3_bucket.a", "aws_s3_bucket.b") + moved("aws_s3_bucket.b", "aws_s3_bucket.a"),
            "aws_s3_bucket.b",
            ("aws_s3_bucket.a",),
        ),
        (BUCKETS + "moved {\n  to = aws_s3_bucket.b\n}\n", "aws_s3_bucket.b", ()),
    ],
)
def test_a_resource_knows_where_it_was(project, by_address, text, address, previous):
    assert by_address(project({"main.tf": text}).read("."))[address].previous == previous


def test_a_module_that_moved_takes_its_resources_along(project, by_address):
    found = project(
        {
            "main.tf": 'module "n" {\n  source = "./m"\n  count = 1\n}\n' + moved("module.o", "module.n[0]"),
            "m/main.tf": BUCKETS + moved("aws_s3_bucket.a", "aws_s3_bucket.b"),
        }
    ).read(".")
    assert by_address(found)["module.n[0].aws_s3_bucket.b"].previous == (
        "module.n[0].aws_s3_bucket.a",
        "module.o.aws_s3_bucket.b",
        "module.o.aws_s3_bucket.a",
    )
