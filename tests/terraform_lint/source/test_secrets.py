"""Sensitive values are used and never told: in no tag set that is shown, in no reason, in no address."""

import pytest

SECRET = "hunter2 x"
DECLARED = 'variable "s" { sensitive = true }\nvariable "n" {\n  sensitive = true\n  type = number\n}\n'
EXPRESSIONS = [
    "file(var.s)",
    "fileexists(var.s)",
    "templatefile(var.s, {})",
    "fileset(var.s, var.s)",
    "tonumber(var.s)",
    "{ a = 1 }[var.s]",
    "[1][var.s]",
    "regex(var.s, 1)",
    'regex("(${var.s}", "x")',
    "formatdate(var.s, var.s)",
    'timeadd(var.s, "1h")',
    'format("%d", var.s)',
    "cidrhost(var.s, 1)",
    "parseint(var.s, 10)",
    "parseint(upper(var.s), 10)",
    "lookup({}, var.s)",
    "sum(local.list)",
    "-var.s",
    "var.s + 1",
    "tobool(var.s) ? 1 : 2",
    "var.s ? 1 : 2",
    "var.s && true",
    "{ for k in [1, 2] : var.s => 1 }",
    'jsondecode("{${var.s}")',
    'yamldecode("[${var.s}")',
    "local.inner",
    "var.n",
    "var.n + 1",
    'var.s == "hunter2 x" ? tonumber("no") : 1',
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_no_reason_tells_a_sensitive_value(project, expression):
    text = f"""{DECLARED}
locals {{
  list  = [var.s]
  inner = tonumber(var.s)
}}
resource "aws_s3_bucket" "b" {{
  tags = {{ tenant = {expression} }}
}}
resource "aws_s3_bucket" "c" {{
  tags = {expression}
}}
"""
    gathered = project({"main.tf": text}).read(environment={"TF_VAR_s": SECRET, "TF_VAR_n": SECRET})
    for resource in gathered.resources:
        for carrier in resource.carriers:
            told = f"{carrier.tags.unknown} {carrier.tags.rest} {'' if carrier.tags.sensitive else carrier.tags.known}"
            assert "hunter2" not in told.casefold()
    assert "hunter2" not in f"{gathered.notes} {gathered.unread}"


@pytest.mark.parametrize(
    ("type_name", "body"),
    [
        ("aws_autoscaling_group", 'tag {\n key = "tenant"\n value = var.s\n propagate_at_launch = true\n}'),
        ("aws_autoscaling_group", 'tags = [{ key = "tenant", value = var.s }]'),
        ("aws_autoscaling_group", 'tags = sensitive([{ key = "tenant", value = "hunter2" }])'),
        ("aws_instance", "volume_tags = { tenant = var.s }"),
        ("aws_launch_template", 'tag_specifications {\n resource_type = "volume"\n tags = { tenant = var.s }\n}'),
        ("google_sql_database_instance", "settings {\n user_labels = { tenant = var.s }\n}"),
        ("digitalocean_droplet", 'tags = ["tenant:${var.s}"]'),
        ("azapi_resource", 'body = sensitive({ tags = { tenant = "hunter2" } })'),
    ],
)
def test_a_sensitive_tag_is_marked_wherever_it_stands(project, type_name, body):
    text = f'{DECLARED}resource "{type_name}" "r" {{\n{body}\n}}\n'
    gathered = project({"main.tf": text}).read(environment={"TF_VAR_s": SECRET, "TF_VAR_n": "1"})
    [resource] = gathered.resources
    telling = [carrier for carrier in resource.carriers if "hunter2" in str(carrier.tags.known)]
    assert telling
    assert all(carrier.tags.sensitive for carrier in telling)
