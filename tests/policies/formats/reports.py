"""Reports as the checks make them, for the tests of all formats."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any, get_args

from hypothesis import strategies as st

from policies.finding import Finding, FindingMode, Report, Summary, Unread, Verdict

PROVIDER_FIX = """\
# once, for every resource of this provider
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
        "type": address.split("[", maxsplit=1)[0].split(".")[-2] if "." in address else "",
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
            rule="unknown-value",
            verdict="unknown",
            mode="warn",
            action="declared",
            file="infra/main.tf",
            line=19,
            message="aws_instance.web has a tag tenant whose value is not known: var.tenant has no default",
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
            message="aws_instance.web: root_block_device[0] has no tag tenant",
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
            message="module.network (acme/vpc/aws) is not there to be read: `terraform init` has not run",
            reason="`terraform init` has not run",
            fix="run `terraform init`",
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
            message="aws_autoscaling_group.web does not propagate its tag tenant to its instances",
            fix="propagate_at_launch = true",
            cost="1204.5",
            currency="USD",
        ),
        finding(
            "aws_lambda_function.api",
            rule="unknown-value",
            verdict="unknown",
            mode="warn",
            message="aws_lambda_function.api has a tag tenant whose value is not known: known only after apply",
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

HOSTILE = st.text(
    st.one_of(
        st.sampled_from(
            "%:,|`<>&\"'\\@#[]()*_~$!-;\n\r\t \x00\x1b\x7f\x85\u200b\u202e\u2066\u2028\ufeff\ud800\uffff{}="
        ),
        st.characters(),
    ),
    max_size=12,
) | st.sampled_from(
    [
        "::error::x",
        "##[error]x",
        "]]>",
        "<script>",
        "--> x",
        "<!-- x",
        "```",
        "\\|",
        "@everyone",
        "# x",
        "1. x",
        "\udd00",
        "https://x.y",
        "{{x}}",
    ]
)
"""Text as an attacker would put it into the name of a resource, a tag, a file."""


def _hostile_report(texts: Sequence[str], verdicts: Sequence[Verdict], line: int | None, mode: FindingMode) -> Report:
    """A report whose every text is one of ``texts``, in turn: building each field on its own would take long."""
    turn = cycle(texts)
    texts_of = ("rule", "key", "provider", "type", "address", "action", "message", "fix", "file", "part", "value",
                "reason", "until", "owner", "cost", "currency", "path")  # fmt: skip
    findings = [
        Finding(**{name: next(turn) for name in texts_of}, verdict=verdict, mode=mode, line=line)
        for verdict in verdicts
    ]
    unread = [Unread(next(turn), line, next(turn), next(turn))] if line is None or line % 2 else []
    return report(findings, unread=unread, notes=[next(turn)], checked=len(findings))


REPORTS = st.builds(
    _hostile_report,
    st.lists(HOSTILE, min_size=1, max_size=5),
    st.lists(st.sampled_from(get_args(Verdict)), max_size=3),
    st.none() | st.integers(1, 10),
    st.sampled_from(get_args(FindingMode)),
)
