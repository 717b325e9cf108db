"""A folder that looks like a CI job's checkout: ours is the real ``apportion``; terraform and pip are stand-ins."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.ci.recipes import ROOT

POLICY = """\
version: 1
tags:
  - key: tenant
    values: {pattern: "^[a-z0-9-]+$"}
    mode: block
"""
SOURCE = """\
provider "aws" {{}}

resource "aws_s3_bucket" "logs" {{
  bucket = "logs"
  tags   = {tags}
}}
"""

TERRAFORM = """\
#!/bin/sh
case "$1" in
  init) ;;
  plan) : > tfplan ;;
  show) [ "$2" = -json ] && [ -e "$3" ] && exec cat "$CANNED_PLAN"; exit 1 ;;
  *) exit 64 ;;
esac
"""
PIP = """\
#!/bin/sh
for last; do :; done
[ -n "$last" ] && [ "$1" = install ] && echo "$last" >> "$INSTALLED"
"""
PYTHON = """\
#!/bin/sh
case "$*" in
  "-m venv "*) mkdir -p "$3/bin" && cp {bin}/python3 "$3/bin/python" && cp {bin}/apportion "$3/bin/" ;;
  "-m pip "*) shift 2; exec {bin}/pip "$@" ;;
  *) exec {real} "$@" ;;
esac
"""
APPORTION = """\
#!/bin/sh
PYTHONPATH={root} exec {real} -c 'import sys; from agent.cli import main; sys.exit(main())' "$@"
"""


def plan(tags: dict[str, str] | None) -> dict[str, Any]:
    change = {"actions": ["create"], "before": None, "after_unknown": {"id": True}}
    after = {"bucket": "logs", "tags": tags, "tags_all": tags or {}}
    bucket = {
        "address": "aws_s3_bucket.logs",
        "mode": "managed",
        "type": "aws_s3_bucket",
        "name": "logs",
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {**change, "after": after},
    }
    return {"format_version": "1.2", "terraform_version": "1.14.0", "resource_changes": [bucket], "configuration": {}}


class Sandbox:
    """``root`` is the checkout. ``tagged`` False: the one bucket, in plan and source, has no tenant."""

    def __init__(self, folder: Path, *, tagged: bool) -> None:
        self.root, self.bin, self.temp = folder / "checkout", folder / "bin", folder / "temp"
        for each in (self.root, self.bin, self.temp, self.root / "infra"):
            each.mkdir()
        tags = {"tenant": "acme"} if tagged else None
        (folder / "plan.json").write_text(json.dumps(plan(tags)))
        (self.root / "policy.yaml").write_text(POLICY)
        source = SOURCE.format(tags='{ tenant = "acme" }' if tagged else "{}")
        (self.root / "main.tf").write_text(source)
        (self.root / "infra" / "main.tf").write_text(source)
        where = {"bin": shlex.quote(str(self.bin)), "real": shlex.quote(sys.executable), "root": shlex.quote(str(ROOT))}
        self.program("terraform", TERRAFORM)
        self.program("pip", PIP)
        self.program("python3", PYTHON.format(**where))
        self.program("apportion", APPORTION.format(**where))
        self.environment = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": str(self.temp),
            "LANG": "C.UTF-8",
            "CANNED_PLAN": str(folder / "plan.json"),
            "INSTALLED": str(folder / "installed"),
            "PLANFILE": str(self.temp / "default.tfplan"),
            "APPORTION": "apportion",
            "NO_PROXY": "127.0.0.1",
        }
        Path(self.environment["PLANFILE"]).touch()

    def program(self, name: str, text: str) -> None:
        file = self.bin / name
        file.write_text(text)
        file.chmod(0o755)

    @property
    def installed(self) -> list[str]:
        file = Path(self.environment["INSTALLED"])
        return file.read_text().splitlines() if file.exists() else []

    def shell(self, script: str, *, options: str = "-eo pipefail", **environment: str) -> subprocess.CompletedProcess:
        """Runs a script as GitHub does."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", *options.split(), "-c", script],
            cwd=self.root,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
