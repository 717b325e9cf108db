"""Reports as the checks make them, for the tests of all formats."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.finding import Finding, Report, Summary, Unread

PROVIDER_FIX = """\
provider "aws" {
  default_tags {
    tags = {
      tenant = "<customer id>"
    }
  }
}"""

MAIN_TF = """\
provider "aws" {
  region = "eu-west-1"
}

resource "aws_s3_bucket" "logs" {
  bucket = "acme-logs"
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
  tags = {
    env    = "prod"
    tenant = "Acme Corp"
  }
}

resource "aws_instance" "web" {
  ami  = var.ami
  tags = merge(local.common, { tenant = var.tenant })
  root_block_device {
    volume_size = 100
  }
}
"""


@dataclass(frozen=True)
class Lines:
    """Source lines from a mapping of file to text."""

    files: Mapping[str, str]

    def line(self, file: str, number: int) -> str | None:
        lines = self.files.get(file, "").split("\n")
        return lines[number - 1] if file in self.files and number <= len(lines) else None


SOURCE = Lines({"infra/main.tf": MAIN_TF})
NO_SOURCE = Lines({})


def finding(address: str = "aws_s3_bucket.logs", **more: Any) -> Finding:
    """A bucket without a tenant tag, unless said otherwise."""
    said = {
        "rule": "missing-tag",
        "key": "tenant",
        "verdict": "violation",
        "mode": "block",
        "provider": "aws",
        "type": address.split("[")[0].split(".")[-2] if "." in address else "",
        "address": address,
        "action": "create",
        "message": f"{address} has no tag tenant",
        "file": "plan.json",
    }
    return Finding(**(said | more))


def report(
    findings: Sequence[Finding], *, unread: Sequence[Unread] = (), notes: Sequence[str] = (), **counts: int
) -> Report:
    """A report whose summary counts the findings; ``counts`` are its other numbers."""
    verdicts = Counter(item.verdict for item in findings)
    summary = Summary(
        violations=verdicts["violation"],
        blocking=sum(item.blocks for item in findings),
        unknown=verdicts["unknown"],
        external=verdicts["external"],
        existing=verdicts["existing"],
        exempt=verdicts["exempt"],
        ignored=verdicts["ignored"],
        **counts,
    )
    return Report(tuple(findings), summary, tuple(unread), tuple(notes))


CLEAN = report([], checked=12, not_taggable=5)
EMPTY = report([])

SOURCE_TREE = report(
    [
        finding(action="declared", file="infra/main.tf", line=5, fix=PROVIDER_FIX, cost="411.7200", currency="USD"),
        finding(
            "aws_sqs_queue.jobs",
            rule="invalid-value",
            action="declared",
            file="infra/main.tf",
            line=11,
            value="Acme Corp",
            message="aws_sqs_queue.jobs has tenant 'Acme Corp', which is no customer; did you mean 'acme-corp'?",
            fix='tenant = "acme-corp"',
        ),
        finding(
            "aws_instance.web",
            rule="missing-tag",
            verdict="unknown",
            mode="warn",
            action="declared",
            file="infra/main.tf",
            line=19,
            message="aws_instance.web: the value of tag tenant is not known",
            reason="var.tenant has no default",
        ),
        finding(
            "aws_instance.web",
            rule="untagged-volume",
            mode="warn",
            action="declared",
            file="infra/main.tf",
            line=20,
            part="root_block_device[0]",
            message="the root volume of aws_instance.web has no tag tenant",
            fix='tags = { tenant = "<customer id>" }',
        ),
        finding(
            "module.network",
            rule="external-module",
            key="",
            verdict="external",
            mode="warn",
            action="declared",
            file="infra/network.tf",
            line=3,
            message="module.network is not there to be read: terraform-aws-modules/vpc/aws",
            reason="it comes from a registry and `terraform init` has not run",
            fix="terraform init",
        ),
    ],
    checked=9,
    not_taggable=5,
)

PLAN = report(
    [
        *(finding(f'aws_s3_bucket.data["{name}"]', fix=PROVIDER_FIX) for name in ("eu", "us", "ap")),
        finding(
            "module.jobs.aws_sqs_queue.jobs",
            rule="unknown-customer",
            action="update",
            value="acme-crop",
            message="module.jobs.aws_sqs_queue.jobs has tenant 'acme-crop', no customer; did you mean 'acme-corp'?",
            fix='tenant = "acme-corp"',
        ),
        finding(
            "aws_autoscaling_group.web",
            rule="not-propagated",
            action="replace",
            part="instances",
            message="tag tenant of aws_autoscaling_group.web does not reach its instances",
            fix="propagate_at_launch = true",
            cost="1204.5",
            currency="USD",
        ),
        finding(
            "aws_lambda_function.api",
            verdict="unknown",
            mode="warn",
            message="the value of tag tenant of aws_lambda_function.api is not known",
            reason="known only after apply",
        ),
        *(finding(f"aws_ebs_volume.old[{at}]", verdict="existing", action="no-op") for at in range(4)),
        finding(
            "aws_iam_role.ci", verdict="exempt", reason="identity is not a cost", owner="platform", until="2027-03-31"
        ),
    ],
    notes=["the exemption of aws_kms_* ended on 2026-10-31"],
    checked=31,
    not_taggable=7,
    skipped=2,
)

UNREAD = report(
    [finding()],
    unread=[
        Unread("plans/prod.json", None, "plans/prod.json is UTF-16 with damaged quotes", "write it with `-out` first"),
        Unread("infra/main.tf", 17, "a block is opened here and never closed"),
    ],
    checked=1,
)

EXAMPLES: dict[str, Report] = {
    "clean": CLEAN,
    "empty": EMPTY,
    "source": SOURCE_TREE,
    "plan": PLAN,
    "unread": UNREAD,
}
