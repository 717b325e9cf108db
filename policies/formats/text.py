"""The report as a compiler would tell it: what is wrong, where, the line itself, and what to paste."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from policies.finding import Finding, Report, Unread
from policies.formats import wording
from policies.formats.excerpt import Marked, excerpt, whole_line
from policies.formats.printable import many_lines, one_line
from policies.formats.shared_fixes import grouped, template
from policies.formats.source import SourceLines

_FEW = 3
_WIDEST = 110
_STYLES = {"error": "1;31", "warning": "1;33", "note": "2", "frame": "34", "bold": "1"}


def as_text(report: Report, source: SourceLines, *, color: bool, all_findings: bool) -> str:
    """Inputs not read first, then the findings in their order, notes, and one line that counts everything.

    Findings that do not count, and more than three addresses of a warning that repeats, only with ``all_findings``;
    whatever blocks is always named.
    """
    told = _Text(source, color=color, all_findings=all_findings)
    for unread in report.unread:
        told.unread(unread)
    shown = (finding for finding in report.findings if all_findings or finding.verdict in wording.COUNTED)
    for group in grouped(shown):
        told.findings(group)
    for note in report.notes:
        told.note(note)
    told.summary(report)
    return "\n".join(told.lines) + "\n"


class _Text:
    """Lines under way."""

    def __init__(self, source: SourceLines, *, color: bool, all_findings: bool) -> None:
        self.lines: list[str] = []
        self._source = source
        self._color = color
        self._all = all_findings

    def unread(self, unread: Unread) -> None:
        self._headline("error", "unread", wording.unread_headline(unread))
        marked = whole_line(self._source, unread.file, unread.line)
        self._located("error", wording.place(unread.file, unread.line), marked)
        self._aside("help", many_lines(unread.mend) if unread.mend else [], marked)
        self._end(marked)

    def findings(self, group: Sequence[Finding]) -> None:
        first = group[0]
        weight = wording.severity(first)
        label = weight if first.verdict in wording.COUNTED else first.verdict
        self._headline(weight, first.rule, wording.headline(first), label)
        marked = excerpt(self._source, first)
        action = f" ({one_line(first.action)})" if first.action and first.action != "declared" else ""
        self._located(weight, wording.place(first.file, first.line) + action, marked)
        self._aside("note", [why] if (why := wording.reason(first)) else [], marked)
        if cost := wording.cost(group):
            together = "together these cost" if len(group) > 1 else "costs"
            self._aside("note", [f"{together} {cost} that nobody can be charged for"], marked)
        self._aside("help", many_lines(first.fix) if first.fix else [], marked)
        self._also(group, marked)
        self._end(marked)

    def note(self, note: str) -> None:
        self.lines.append(f"{self._styled('bold', 'note:')} {one_line(note)}")

    def summary(self, report: Report) -> None:
        if report.notes:
            self.lines.append("")
        weight = "error" if report.exit_code else "bold"
        self.lines.append(self._styled(weight, wording.summary_line(report)))

    def _headline(self, weight: str, rule: str, said: str, label: str = "") -> None:
        self.lines.append(
            self._styled(weight, f"{label or weight}[{one_line(rule)}]") + self._styled("bold", f": {said}")
        )

    def _located(self, weight: str, where: str, marked: Sequence[Marked]) -> None:
        if not where:
            return
        margin = _margin(marked)
        self.lines.append(f"{margin}{self._styled('frame', '-->')} {where}")
        if not marked:
            return
        bar = self._bar(marked)
        self.lines.append(bar)
        before = marked[0].number
        for line in marked:
            if line.number > before + 1:
                self.lines.append(self._styled("frame", "..."))
            before = line.number
            number = self._styled("frame", f"{line.number:>{len(margin)}} |")
            self.lines.append(f"{number} {line.text}".rstrip())
            if line.width:
                self.lines.append(f"{bar} {' ' * line.start}{self._styled(weight, '^' * line.width)}")
        self.lines.append(bar)

    def _bar(self, marked: Sequence[Marked]) -> str:
        return self._styled("frame", f"{_margin(marked)} |")

    def _end(self, marked: Sequence[Marked]) -> None:
        """An empty line; a bar below which nothing came goes."""
        if marked and self.lines[-1] == self._bar(marked):
            self.lines.pop()
        self.lines.append("")

    def _aside(self, word: str, lines: Sequence[str], marked: Sequence[Marked], said: str = "") -> None:
        """``= help:`` and its text: behind it where it is one line, else below it, indented as it is to be pasted."""
        if not lines:
            return
        margin = _margin(marked)
        start = f"{margin} {self._styled('frame', '=')} {self._styled('bold', f'{word}:')}"
        if len(lines) == 1 and not said:
            self.lines.append(f"{start} {lines[0]}")
            return
        self.lines.append(f"{start} {said}".rstrip())
        self.lines += [f"{margin}     {line}".rstrip() for line in lines]

    def _also(self, group: Sequence[Finding], marked: Sequence[Marked]) -> None:
        """The rest of a group by place: all that block, a few of the others."""
        first, *rest = group
        if not rest:
            return
        shown = rest if first.blocks or self._all else rest[:_FEW]
        lines: list[str] = []
        for (file, line), here in groupby(shown, key=lambda finding: (finding.file, finding.line)):
            known = line is None and file == first.file
            where = "" if known else f"{wording.place(file, line)}  "
            alike, others = _told_alike(here, first)
            lines += _wrapped(where, alike)
            lines += [f"{where}{wording.headline(finding)}" for finding in others]
        if left := len(rest) - len(shown):
            lines.append(f"and {left:,} more (--all lists them)")
        same = "fix" if first.fix else "reason" if first.reason else "finding"
        self._aside("also", lines, marked, f"{len(rest):,} more with the same {same}")

    def _styled(self, style: str, text: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._color else text


def _margin(marked: Sequence[Marked]) -> str:
    return " " * max((len(str(line.number)) for line in marked), default=1)


def _told_alike(findings: Iterable[Finding], first: Finding) -> tuple[list[str], list[Finding]]:
    """The addresses of those that say what the first one says, and those that say something else."""
    same: list[str] = []
    others: list[Finding] = []
    for finding in findings:
        if template(finding) != template(first):
            others.append(finding)
        else:
            part = f" ({one_line(finding.part)})" if finding.part and finding.part != first.part else ""
            same.append(one_line(finding.address) + part)
    return same, others


def _wrapped(start: str, names: Sequence[str]) -> list[str]:
    """``main.tf:12  a, b, c``, broken between names and indented below the first; no line for no name."""
    lines, line = [], start
    for name in names:
        if line != start and len(line) + len(name) + 2 > _WIDEST:
            lines.append(f"{line},")
            line = start = " " * len(start)
        line += name if line == start else f", {name}"
    return [*lines, line] if names else []
