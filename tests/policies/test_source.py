"""YAML a person wrote: read as text, and every mistake told at once with its line."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

from policies.faults import FaultsError
from policies.policy import PolicyFile
from policies.source import load, validate
from policies.strict import Mistakes, Steps, Strict
from policies.yaml_tree import read_yaml


class Inner(Strict):
    name: str
    size: int = Field(default=1, ge=1, le=9)


class Cat(Strict):
    kind: Literal["cat"]
    lives: int = 9


class Dog(Strict):
    kind: Literal["dog"]
    tricks: Literal["all"] | list[str] = "all"


class File(Strict):
    title: str | None = None
    colour: Literal["red", "green"] = "red"
    ratio: Decimal | None = Field(default=None, gt=0, lt=10)
    code: str = Field(default="a", pattern="^[a-z]$")
    names: list[str] = Field(default_factory=list)
    inner: Inner | None = None
    items: list[Inner] = Field(default_factory=list)
    either: list[str | Inner] = Field(default_factory=list)
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = Field(default_factory=list)
    table: dict[str, int] = Field(default_factory=dict)
    from_: str = Field(default="", alias="from")

    @model_validator(mode="after")
    def _names_once(self) -> "File":
        found: list[tuple[Steps, str]] = [
            (("names", at), f"{name!r} again") for at, name in enumerate(self.names) if name in self.names[:at]
        ]
        if found:
            raise Mistakes(found)
        if self.title == "bad":
            raise ValueError("no bad titles")
        return self


def read(tmp_path: Path, text: str) -> File:
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, File)


def faults(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    with pytest.raises(FaultsError) as caught:
        read(tmp_path, text)
    assert {fault.file for fault in caught.value.faults} == {str(tmp_path / "file.yaml")}
    return [(fault.line, fault.message) for fault in caught.value.faults]


@pytest.mark.parametrize(
    "word",
    ["NO", "on", "012", "1.10", "2026-10-01", "1e3", "0x1F", "1_000", "True", "12:30", "~x", '"true"', "'null'", '""'],
)
def test_scalars_stay_text(tmp_path: Path, word: str) -> None:
    assert read(tmp_path, f"title: {word}").title == word.strip("\"'")


@pytest.mark.parametrize("word", ["null", "~", ""])
def test_null_and_nothing_are_no_value(tmp_path: Path, word: str) -> None:
    assert read(tmp_path, f"title: {word}").title is None


def test_an_empty_file_is_an_empty_mapping(tmp_path: Path) -> None:
    assert read(tmp_path, "# nothing\n") == File()


def test_a_byte_order_mark_and_anchors_are_fine(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeffnames: [&a x, y]\ntitle: *a").title == "x"


def test_five_mistakes_are_told_with_their_lines(tmp_path: Path) -> None:
    text = "colour: gren\ntitel: x\nratio: much\nitems:\n  - {name: a}\n  - size: 12\n"
    assert faults(tmp_path, text) == [
        (1, "colour: expected 'red' or 'green', found 'gren'; did you mean 'green'?"),
        (2, "unknown key 'titel'; did you mean 'title'?"),
        (3, "ratio: expected a number, found 'much'"),
        (6, "items[1].name is missing"),
        (6, "items[1].size: expected 9 or less, found '12'"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("title: true", 1, "title: expected text, found the word true; put it in quotes if it is meant as text"),
        ("title: [a]", 1, "title: expected text, found a list"),
        ("title: {a: b}", 1, "title: expected text, found a mapping"),
        ("names:\n", 1, "names: expected a list, found nothing"),
        ("names: x", 1, "names: expected a list, found 'x'"),
        ("inner: x", 1, "inner: expected a mapping (key: value), found 'x'"),
        ("table: x", 1, "table: expected a mapping (key: value), found 'x'"),
        ("table:\n  a: 1\n  b: x", 3, "table.b: expected a whole number, found 'x'"),
        ("ratio: 0", 1, "ratio: expected more than 0, found '0'"),
        ("ratio: 10", 1, "ratio: expected less than 10, found '10'"),
        ("ratio: NaN", 1, "ratio: expected a number, found 'NaN'"),
        ("inner: {name: x, size: 0}", 1, "inner.size: expected 1 or more, found '0'"),
        ("code: AB", 1, "code: expected text that matches ^[a-z]$, found 'AB'"),
        ("inner:\n  name: a\n  nmae: b", 3, "unknown key 'nmae' in inner; did you mean 'name'?"),
        ("inner:\n  name: a\n  zzz: b", 3, "unknown key 'zzz' in inner; allowed: name, size"),
        ("either:\n  - x\n  - {name: y, size: big}", 3, "either[1].size: expected a whole number, found 'big'"),
        ("either:\n  - [x]", 2, "either[0]: expected text or a mapping (key: value), found a list"),
        ("either:\n  - {size: 1}", 2, "either[0].name is missing"),
        ("either:\n  - {nam: x, name: y}", 2, "unknown key 'nam' in either[0]; did you mean 'name'?"),
        ("pets:\n  - {kind: cow}", 2, "pets[0].kind: expected 'cat', 'dog', found 'cow'"),
        ("pets:\n  - {lives: 3}", 2, "pets[0].kind is missing"),
        ("pets:\n  - {kind: dog, tricks: one}", 2, "pets[0].tricks: expected 'all' or a list, found 'one'"),
        ("pets:\n  - {kind: dog, tricks: [[]]}", 2, "pets[0].tricks[0]: expected text, found a list"),
        ("pets:\n  - {kind: cat, live: 3}", 2, "unknown key 'live' in pets[0]; did you mean 'lives'?"),
        ("form: x", 1, "unknown key 'form'; did you mean 'from'?"),
        ("title: bad", 1, "no bad titles"),
        ("names:\n  - a\n  - b\n  - a", 4, "names[2]: 'a' again"),
        ("title: a\nnames: []\ntitle: b", 3, "key 'title' is there twice, first on line 1"),
        ("? [a]\n: b", 1, "a key is a word, not a list or a mapping"),
        ("- a", 1, "the file: expected a mapping (key: value), found a list"),
        ("names: &a [*a]", 1, "an alias holds itself"),
        ("title: 'open", 1, "not YAML: while scanning a quoted scalar, found unexpected end of stream"),
        ("title: a: b", 1, "not YAML: mapping values are not allowed in this context"),
        ("a: b\n---\na: b", 2, "not YAML: expected a single document in the stream, but found another document"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_stands(tmp_path: Path, text: str, line: int, message: str) -> None:
    assert faults(tmp_path, text) == [(line, message)]


def test_a_duplicate_key_is_told_beside_the_other_mistakes(tmp_path: Path) -> None:
    assert [line for line, _ in faults(tmp_path, "title: a\ntitle: b\ncolour: blue")] == [2, 3]


def test_aliases_that_grow_without_bound_are_refused(tmp_path: Path) -> None:
    levels = [f"l{n}: &l{n} [{','.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 8)]
    text = "\n".join(["l0: &l0 [x,x,x,x,x,x,x,x,x,x]", *levels])
    assert faults(tmp_path, text)[0][1] == "the aliases of this file grow too large"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"title: \xff", "not UTF-8; save the file as UTF-8"),
        (b"title: \x00", "not YAML"),
    ],
)
def test_bytes_that_are_no_text(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    with pytest.raises(FaultsError, match=message):
        load(path, File)


def test_a_file_that_is_not_there_or_no_file(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match="there is no such file"):
        load(tmp_path / "none.yaml", File)
    with pytest.raises(FaultsError, match="cannot be read"):
        load(tmp_path, File)


def test_a_document_knows_the_line_of_any_value(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("title: x\nitems:\n  - name: a\n    size: 2\n", encoding="utf-8")
    document = validate(read_yaml(path), File)
    assert document.fault("m", "items", 0, "size").line == 4
    assert document.fault("m", "items", 7, "size").line == 2
    assert document.fault("m").line == 1
    assert document.default(File(), "else.yaml").fault("m", "title").line == 0


POLICY = """version: 1
tags:
  - key: tenant
    aliases: [customer]
  - key: owner
    aliases: [CUSTOMER]
exemptions:
  - match: {type: aws_iam_*}
    keys: [owner, team]
    reason: r
    owner: o
    until: 2027-3-31
"""


def test_a_policys_keys_mean_one_thing_each(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY.replace("2027-3-31", "2027-03-31"), encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        load(path, PolicyFile)
    assert [(fault.line, fault.message) for fault in caught.value.faults] == [
        (6, "tags[1].aliases[0]: 'CUSTOMER' is already a spelling of 'tenant'"),
        (9, "exemptions[0].keys[1]: 'team' is not a key of tags"),
    ]


def test_an_exemption_ends_on_a_day(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY, encoding="utf-8")
    with pytest.raises(FaultsError, match=r"12: exemptions\[0\]\.until: '2027-3-31' is not a date"):
        load(path, PolicyFile)
