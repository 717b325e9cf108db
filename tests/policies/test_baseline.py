"""The baseline: what it takes in, that it only shrinks, and what is no baseline."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policies.baseline import Baseline
from policies.evaluate import judge
from policies.faults import FaultsError
from policies.finding import Unread
from policies.resource import External, Gathered, TagSet
from tests.policies.judging import TENANT, TODAY, advised, bucket, judged, ruleset


def logs(number: int, **given: Any) -> Any:
    return bucket(address=f"aws_s3_bucket.logs{number}", path="infra", **given)


def tagged(number: int) -> Any:
    return replace(logs(number), carriers=bucket({"tenant": "acme"}).carriers)


def test_what_is_in_the_baseline_is_existing(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, TENANT)
    baseline = Baseline.of(judged(rules, logs(1), logs(2)), TODAY)
    report = judged(rules, logs(1), logs(2), logs(3), baseline=baseline)
    assert [each.verdict for each in report.findings] == ["existing", "existing", "violation"]
    assert (report.exit_code, report.notes) == (1, ())


def test_another_mistake_of_the_same_resource_is_new(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, TENANT)
    baseline = Baseline.of(judged(rules, logs(1)), TODAY)
    emptied = replace(logs(1), carriers=bucket({"tenant": ""}).carriers)
    assert judged(rules, emptied, baseline=baseline).exit_code == 1


def test_a_module_that_is_not_there_can_be_accepted(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, TENANT + "external: block\n")
    gathered = Gathered(externals=[External("module.a", "s", "main.tf", 1, "infra", "not downloaded")])
    before = judge(gathered, rules, today=TODAY, advice=advised)
    after = judge(gathered, rules, today=TODAY, advice=advised, baseline=Baseline.of(before, TODAY))
    assert (before.exit_code, after.exit_code, after.summary.existing) == (1, 0, 1)


def test_neither_an_unknown_that_blocks_nobody_nor_the_untouched_go_in(tmp_path: Path) -> None:
    unclear = bucket(TagSet(rest="later"))
    report = judged(ruleset(tmp_path, TENANT), unclear, logs(1, action="no-op"))
    assert Baseline.of(report, TODAY).entries == ()


def test_an_unknown_that_blocks_can_be_accepted_until_it_is_known_to_be_wrong(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, TENANT + "unknown: block\n")
    unclear = logs(1, carriers=bucket(TagSet(rest="later")).carriers)
    before = judged(rules, unclear)
    baseline = Baseline.of(before, TODAY)
    after = judged(rules, unclear, baseline=baseline)
    assert (before.exit_code, after.exit_code, after.gone) == (1, 0, frozenset())
    assert [(each.rule, each.verdict, each.fix) for each in after.findings] == [("unknown-value", "existing", "")]
    known = judged(rules, logs(1), baseline=baseline)
    assert (known.exit_code, len(known.gone)) == (1, 1)


def test_a_resource_that_moved_is_accepted_by_the_address_that_it_had(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, TENANT + "unknown: block\n")
    unclear = {"carriers": bucket(TagSet(rest="later")).carriers}
    for given in ({}, unclear):
        baseline = Baseline.of(judged(rules, logs(1, **given)), TODAY)
        moved = replace(logs(2, **given), previous=("aws_s3_bucket.logs0", "aws_s3_bucket.logs1"))
        report = judged(rules, moved, baseline=baseline)
        assert (report.exit_code, report.gone) == (0, frozenset())
        assert report.notes == (
            "1 of 1 baseline entry is of a resource that has moved: renew it with --write-baseline",
        )
        renewed = baseline.shrunk(report)
        assert [entry.address for entry in renewed.entries] == ["aws_s3_bucket.logs2"]
        later = judged(rules, logs(2, **given), baseline=renewed)
        assert (later.exit_code, later.notes) == (0, ())


def test_the_entry_of_a_moved_resource_stays_while_it_is_untouched_or_unknown(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, TENANT)
    baseline = Baseline.of(judged(rules, logs(1)), TODAY)
    moved = replace(logs(2), previous=("aws_s3_bucket.logs1",))
    unclear = replace(moved, carriers=bucket(TagSet(rest="later")).carriers)
    for resource in (replace(moved, action="no-op"), unclear):
        assert judged(rules, resource, baseline=baseline).gone == frozenset()
    mended = replace(moved, carriers=bucket({"tenant": "acme"}).carriers)
    assert len(judged(rules, mended, baseline=baseline).gone) == 1


def test_it_shrinks_by_what_is_gone_and_never_grows(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, TENANT)
    baseline = Baseline.of(judged(rules, logs(1), logs(2), logs(3)), date(2026, 1, 1))
    report = judged(rules, tagged(1), logs(3), logs(4), baseline=baseline)
    assert report.notes == ("2 of 3 baseline entries are gone: shrink it with --write-baseline",)
    shrunk = baseline.shrunk(report)
    assert [entry.address for entry in shrunk.entries] == ["aws_s3_bucket.logs3"]
    assert shrunk.created == date(2026, 1, 1)


def test_an_entry_stays_while_nobody_can_say_that_it_is_gone(tmp_path: Path) -> None:
    baseline = Baseline.of(judged(ruleset(tmp_path, TENANT), logs(1)), TODAY)
    unclear = replace(logs(1), carriers=bucket(TagSet(rest="later")).carriers)
    elsewhere = replace(tagged(1), path="other")
    for policy in (TENANT, TENANT + "unknown: ignore\n"):
        assert judged(ruleset(tmp_path, policy), unclear, baseline=baseline).gone == frozenset()
    rules = ruleset(tmp_path, TENANT)
    assert judged(rules, elsewhere, baseline=baseline).gone == frozenset()
    broken = Gathered([tagged(1)], unread=[Unread("infra/a.tf", 1, "broken")])
    assert judge(broken, rules, today=TODAY, advice=advised, baseline=baseline).gone == frozenset()
    assert len(judged(rules, tagged(1), baseline=baseline).gone) == 1


def test_it_is_written_one_entry_a_line_and_read_back(tmp_path: Path) -> None:
    baseline = Baseline.of(judged(ruleset(tmp_path, TENANT), logs(2), logs(1)), TODAY)
    file = tmp_path / "baseline.json"
    baseline.write(file)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines) if "aws_s3_bucket.logs" in line] == [3, 4]
    assert Baseline.read(file) == baseline
    content = json.loads(file.read_text(encoding="utf-8"))
    assert (content["version"], content["created"], sorted(content["findings"][0])) == (
        1,
        "2026-11-21",
        ["address", "fingerprint", "key", "path", "rule"],
    )
    again = tmp_path / "again.json"
    Baseline.read(file).write(again)
    assert again.read_bytes() == file.read_bytes()


def test_an_empty_one_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    Baseline(TODAY, ()).write(file)
    assert Baseline.read(file) == Baseline(TODAY, ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "baseline.json:1: not JSON"),
        (b'{"version": 1,\n<<<<<<< HEAD\n', "baseline.json:2: not JSON"),
        (b"\xff\xfe\x00", "not a baseline"),
        (b"[" * 100_000, "not"),
        (b"[]", "expected an object"),
        (b'{"version": 2}', "expected version 1, found 2"),
        (b'{"version": 1, "created": "soon"}', "created is no date"),
        (b'{"version": 1, "created": "2026-01-01"}', "findings is no list"),
        (b'{"version": 1, "created": "2026-01-01", "findings": [1]}', "findings[0] is no object"),
        (b'{"version": 1, "created": "2026-01-01", "findings": [{"fingerprint": 1}]}', "no text 'fingerprint'"),
    ],
)
def test_what_is_no_baseline_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "baseline.json"
    file.write_bytes(content)
    with pytest.raises(FaultsError) as caught:
        Baseline.read(file)
    assert message in str(caught.value)


def test_a_baseline_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match="there is no such file"):
        Baseline.read(tmp_path / "none.json")
    with pytest.raises(FaultsError, match="cannot be read"):
        Baseline.read(tmp_path)
