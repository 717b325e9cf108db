"""Resources and policies in one line each, for the tests of the verdict."""

import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from policies.baseline import Baseline
from policies.evaluate import judge
from policies.finding import Finding, Report
from policies.policy import PolicyFile
from policies.registry import Registry, read_registry
from policies.resource import Carrier, Gathered, Resource, TagSet
from policies.ruleset import Ruleset
from policies.source import validate
from policies.yaml_tree import read_yaml

TODAY = date(2026, 11, 21)
REGISTRY = read_registry(
    b"id,name,start,end\n"
    b"acme,Acme Corp,,\n"
    b"globex,Globex Inc,2020-01-01,\n"
    b"initech,Initech,2020-01-01,2026-10-31\n"
    b"newco,NewCo,2027-01-01,\n"
    b"Hooli,Hooli XYZ,,\n"
)
TENANT = """
version: 1
tags:
  - key: tenant
    aliases: [customer]
"""


def ruleset(
    tmp_path: Path,
    policy: str,
    *,
    registry: Registry | None = REGISTRY,
    environment: str | None = None,
    account: str = "",
    shared_values: Sequence[str] = (),
) -> Ruleset:
    file = tmp_path / "policy.yaml"
    file.write_text(textwrap.dedent(policy), encoding="utf-8")
    document = validate(read_yaml(file), PolicyFile)
    return Ruleset.build(document, registry, environment, account=account, shared_values=shared_values)


def bucket(tags: Mapping[str, str | None] | TagSet | None = None, **given: Any) -> Resource:
    tag_set = tags if isinstance(tags, TagSet) else TagSet(known=tags or {})
    settings: dict[str, Any] = {
        "provider": "aws",
        "type": "aws_s3_bucket",
        "address": "aws_s3_bucket.logs",
        "action": "create",
        "carriers": (Carrier(tag_set),),
        "file": "main.tf",
        "line": 3,
    }
    return Resource(**(settings | given))


def advised(resource: Resource, carrier: Carrier, key: str, value: str | None, rule: str, spelling: str) -> str:
    return f"{key} = {value}"


def judged(rules: Ruleset, *resources: Resource, baseline: Baseline | None = None, today: date = TODAY) -> Report:
    return judge(Gathered(list(resources)), rules, today=today, advice=advised, baseline=baseline)


def only(report: Report) -> Finding:
    (found,) = report.findings
    return found
