"""How often the check and its peers are right over the trap cases: ``python -m benchmarks.verdicts``.

A row is one resource of one case in one mode. Left out are cases that ask in the language of apportion (a policy of
their own, its comments) and inputs that are broken on purpose. How a row counts:

- wrong is expected: **right** when the tool fails the resource, **wrong** when it passes it, **silent** when a tool
  that lists what passes says nothing of it;
- right is expected, or that the resource is none of the check's business (deleted, not taggable): **wrong** when the
  tool fails it, else **right**;
- a third verdict is expected (unknown, external, existing debt): **right** when the tool says so, or neither fails nor
  passes the resource. A tool that lists only failures passes what it does not list, so that it can be right of
  existing debt, which must not fail, but not of what cannot be known.

The last column leaves out what the peers were not asked or cannot say: rows of a third verdict, and what a resource
starts (its volumes, its instances), for which apportion has rules of its own.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.lint_tools import APPORTION, OTHERS, ROOT, Answer, Run, Tool, run

CASES = ROOT / "tests" / "terraform_lint" / "cases"
_THIRD = ("unknown", "external", "existing")
_KINDS = ("right", "wrong", "silent")
_OWN_RULES = ("untagged-volume", "untagged-launch", "not-propagated")
_OWN_READING = ("words-as-tags",)
"""Cases where another reading than apportion's would be as good."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a tool made of one resource."""

    tool: str
    mode: str
    case: str
    address: str
    wanted: str
    counted: str

    @property
    def plain(self) -> bool:
        """Whether every tool was asked, and can say it: a tag of the resource itself is right or wrong."""
        return _kind(self.wanted) not in _THIRD and not any(rule in self.wanted for rule in _OWN_RULES)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verdicts", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="*", help="names of tools")
    parser.add_argument("--cases", nargs="*", help="names of cases")
    parser.add_argument("--rows", action="store_true", help="print every row that is not right")
    options = parser.parse_args()
    tools = [tool for tool in (APPORTION, *OTHERS) if options.only is None or tool.name in options.only]
    missing = [tool.name for tool in tools if not tool.there]
    for name in missing:
        print(f"{name} is not installed: `make bench-peers`", file=sys.stderr)
    rows = [row for tool in tools if tool.there for row in _rows(tool, options.cases)]
    if options.rows:
        for row in rows:
            if row.counted != "right":
                print(f"{row.tool} {row.mode} {row.case} {row.address}: {row.counted}, wanted {row.wanted}")
    print(table(rows))
    return 0


def _rows(tool: Tool, names: list[str] | None) -> Iterator[Row]:
    for file in sorted(CASES.glob("*/expected.json")):
        case = file.parent
        expected = json.loads(file.read_text("utf-8"))
        if _is_ours_alone(case, expected) or (names is not None and case.name not in names):
            continue
        print(f"{tool.name}: {case.name}", file=sys.stderr, flush=True)
        for mode, make in (("source", tool.source), ("plan", tool.plan)):
            if make is not None and expected.get(mode):
                answer = tool.read(_asked(tool, case, mode, expected))
                for address, wanted in expected[mode].items():
                    if not (address.endswith("*") or _is_loose(wanted)):
                        yield Row(tool.name, mode, case.name, address, wanted, _counted(answer, address, wanted))


def _is_ours_alone(case: Path, expected: dict[str, object]) -> bool:
    own = (case / "policy.yaml").exists() or case.name in _OWN_READING
    return own or "unread" in expected or "ignored" in json.dumps(expected.get("source", {}))


def _is_loose(wanted: str) -> bool:
    """Several verdicts are right, or it is a warning about something other than a tag."""
    return wanted in ("ok|unknown", "violation:ignored-changes")


def _asked(tool: Tool, case: Path, mode: str, expected: dict[str, object]) -> Run:
    """On a copy, for tools that write where they read; a plan in one line, as Terraform prints it."""
    with tempfile.TemporaryDirectory() as folder:
        if mode == "source":
            path = Path(folder) / "source"
            shutil.copytree(case / "source", path)
            make = tool.source
        else:
            path = Path(folder) / "plan.json"
            path.write_bytes(_in_one_line((case / "plan.json").read_bytes()))
            make = tool.plan
        assert make is not None
        return run([*make(path), *_workspace(tool, mode, expected)], 120)


def _in_one_line(content: bytes) -> bytes:
    try:
        return json.dumps(json.loads(content.decode()), separators=(",", ":")).encode()
    except ValueError:  # an oddity that the case is about
        return content


def _workspace(tool: Tool, mode: str, expected: dict[str, object]) -> list[str]:
    option = {"apportion": "--workspace", "c7n-left": "--terraform-workspace"}.get(tool.name)
    named = expected.get("workspace")
    return [option, str(named)] if mode == "source" and named and option else []


def _kind(wanted: str) -> str:
    return wanted.partition(":")[0]


def _counted(answer: Answer, address: str, wanted: str) -> str:
    kind = _kind(wanted)
    failed = address in answer.failed or _by_module(answer, address)
    passed = address in answer.passed or not (answer.lists_passes or failed or address in answer.unknown)
    if kind == "violation":
        return "right" if failed else "wrong" if passed else "silent"
    if kind in ("unknown", "external"):
        return "wrong" if failed or passed else "right"
    return "wrong" if failed else "right"


def _by_module(answer: Answer, address: str) -> bool:
    """A finding that names a module call and a type is taken to mean every resource of that type in it."""
    return any(address.startswith(f"{module}.") and f".{kind}." in address for module, kind in answer.modules)


def table(rows: list[Row]) -> str:
    """Tool and mode by right, wrong and silent, with and without the rows that need a third verdict."""
    lines = [
        "| mode | tool | right | wrong | silent | right of the plain rows |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for mode in ("source", "plan"):
        for tool in dict.fromkeys(row.tool for row in rows):
            of = [row for row in rows if row.tool == tool and row.mode == mode]
            if of:
                counts = Counter(row.counted for row in of)
                plain = [row.counted == "right" for row in of if row.plain]
                shown = " | ".join(str(counts[kind]) for kind in _KINDS)
                lines.append(f"| {mode} | {tool} | {shown} | {sum(plain)} of {len(plain)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
