"""``apportion infer``: whose the untagged resources probably are."""

from argparse import Namespace
from pathlib import Path

from agent.commands.interface import Answer
from agent.commands.project import month, opened
from agent.config.loading import Settings
from agent.errors import UsageError
from agent.inference import Month, Written, accept, infer, read_month
from agent.inference.accepting import plan_csv, rules_yaml
from agent.inference.telling import document, proposals_csv, told
from agent.period import Period
from agent.progress import Progress
from agent.store import write_text


def run(arguments: Namespace, progress: Progress) -> Answer:
    """The proposals, or what became of accepted ones; nothing but the files asked for is written."""
    settings = opened(arguments)
    if arguments.accept and arguments.output:
        raise UsageError("--accept reads proposals, --output writes them", expected="one of the two")
    if arguments.accept:
        return _accepted(settings, Path(arguments.accept), month(settings, arguments), progress)
    output = Path(arguments.output) if arguments.output else None
    if output is not None and not output.parent.is_dir():
        raise UsageError(
            f"there is no folder {str(output.parent)!r}", where="--output", mend="make the folder, or name another file"
        )
    inferred = infer(settings, month(settings, arguments), progress)
    text = told(inferred, arguments.top)
    if output is not None:
        write_text(output, proposals_csv(inferred))
        text += f"\n{output}: {len(inferred.proposals):,} proposals; write yes in the column accept of those that hold"
    return Answer(text, document(inferred))


def _accepted(settings: Settings, path: Path, period: Period, progress: Progress) -> Answer:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", where="--accept") from error
    progress.step(f"reading the resources of {period}")
    read = read_month(settings, period, settings.registry())
    return _said(accept(settings, content, path.name, read), read, path)


def _said(done: Written, read: Month, path: Path) -> Answer:
    lines = [f"{len(done.accepted):,} accepted, {done.by_rule:,} of them found by {len(done.rules):,} rules"]
    files = {"rules": str(path.with_suffix(".rules.yaml"))}
    write_text(Path(files["rules"]), rules_yaml(done, read))
    lines.append(f"{files['rules']}: to be pasted into allocation.yaml, which is not touched")
    if done.tag is None:
        lines.append("no tag plan: no customer rule takes the value of a tag as it is")
    else:
        files["plan"] = str(path.with_suffix(".tag-plan.csv"))
        write_text(Path(files["plan"]), plan_csv(done))
        lines.append(f"{files['plan']}: the tags that would say it at the source; none is set")
    document = {
        "period": str(read.period),
        "accepted": len(done.accepted),
        "by_rule": done.by_rule,
        "rules": [dict(rule.rule) for rule in done.rules],
        "files": files,
    }
    return Answer("\n".join(lines), document)
