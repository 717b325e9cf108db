"""The cache gives back what was parsed, survives damage, and keeps its size; many files are parsed at once."""

import os
import subprocess
import sys
import time
from multiprocessing import active_children, get_context
from pathlib import Path

import msgspec
import pytest

from terraform_lint.source.syntax import cache as cache_module
from terraform_lint.source.syntax import processes
from terraform_lint.source.syntax.cache import Cache, decode, default_cache_folder, encode
from terraform_lint.source.syntax.parse import parse, parse_files

FILES = {
    "b.tf": b'resource "t" "n" {\n  a = "x-${y}" # apportion:ignore[z]\n}\n',
    "a.tf": b"locals {\n  a = {for k, v in m : k => [v]... if v != null}\n}\n",
    "c.tf.json": b'{"locals": {"a": 1}}',
    "broken.tf": b"a = }",
    "c.tfvars.json": b'{"locals": {"a": 1}}',
}


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("??/*"))


def test_files_come_back_from_the_cache_as_they_were_parsed(tmp_path: Path) -> None:
    cold = parse_files(FILES, Cache(tmp_path))
    assert list(cold) == list(FILES)
    assert cold == {name: parse(content, name) for name, content in FILES.items()}
    assert len(entries(tmp_path)) == len(FILES)
    assert parse_files(FILES, Cache(tmp_path)) == cold


def test_a_cached_file_is_not_parsed_again(tmp_path: Path) -> None:
    parse_files({"a.tf": b"a = 1"}, Cache(tmp_path))
    (entry,) = entries(tmp_path)
    entry.write_bytes(encode(parse(b"a = 2", "a.tf")))
    assert parse_files({"a.tf": b"a = 1"}, Cache(tmp_path))["a.tf"] == parse(b"a = 2", "a.tf")


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\x93",
        b"not msgpack",
        msgspec.msgpack.encode([[[["a", ["Literal", 1, 2.5], 1, [0, 5]]], []], [], None]),
        msgspec.msgpack.encode([[[["a", ["Literal", 1, "b"], 1, [0, 5]]], []], [], None])[:-1],
        b"\x91" * 100_000,
    ],
)
def test_a_damaged_entry_is_ignored_and_written_anew(tmp_path: Path, damage: bytes) -> None:
    files = {"a.tf": b"a = 1"}
    wanted = parse_files(files, Cache(tmp_path))
    (entry,) = entries(tmp_path)
    whole = entry.read_bytes()
    entry.write_bytes(damage)
    assert parse_files(files, Cache(tmp_path)) == wanted
    assert entry.read_bytes() == whole


def test_a_folder_that_cannot_be_used_is_no_cache(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    assert parse_files(FILES, Cache(file / "cache")) == parse_files(FILES, None)


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    parse_files(FILES, Cache(tmp_path))
    assert {path.suffix for path in entries(tmp_path)} == {".mp"}


def test_the_oldest_entries_go_when_there_are_too_many(tmp_path: Path) -> None:
    parse_files(FILES, Cache(tmp_path))
    oldest = entries(tmp_path)[2]
    os.utime(oldest, (1, 1))
    size = sum(path.stat().st_size for path in entries(tmp_path))
    cache_module._drop_oldest(tmp_path, size)
    assert oldest.exists()
    cache_module._drop_oldest(tmp_path, size - 1)
    assert not oldest.exists()
    assert sum(path.stat().st_size for path in entries(tmp_path)) <= size * 3 // 4


def test_the_size_is_looked_at_once_in_a_while(tmp_path: Path) -> None:
    parse_files(FILES, Cache(tmp_path))
    mark = tmp_path / "pruned"
    long_ago = time.time() - 7200
    os.utime(mark, (long_ago, long_ago))
    parse_files(FILES, Cache(tmp_path))
    assert mark.stat().st_mtime == long_ago
    parse_files({"new.tf": b"new = 1"}, Cache(tmp_path))
    assert mark.stat().st_mtime > long_ago


def test_the_folder_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert default_cache_folder() == tmp_path / ".cache" / "apportion" / "hcl"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert default_cache_folder() == tmp_path / "x" / "apportion" / "hcl"
    monkeypatch.setenv("APPORTION_CACHE", str(tmp_path / "y"))
    assert default_cache_folder() == tmp_path / "y"
    monkeypatch.setenv("APPORTION_CACHE", "off")
    assert default_cache_folder() is None


def large(count: int = 300) -> dict[str, bytes]:
    body = "\n".join(f'  a{at} = merge(local.b, {{ c = "d-${{var.e}}", f = [1, 2] }})' for at in range(60))
    return {f"f{at}.tf": f'resource "t" "n{at}" {{\n{body}\n}}\n'.encode() for at in range(count)}


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_shares_are_parsed_in_other_processes(method: str) -> None:
    if method == "fork" and not sys.platform.startswith("linux"):
        pytest.skip("processes are forked on Linux only")
    texts = [(content, "native") for content in large(6).values()]
    done = processes._in_processes([texts[:2], texts[2:4], texts[4:]], get_context(method))
    assert [decode(entry) for share in done for entry in share] == [parse(text, "x.tf") for text, _ in texts]
    assert active_children() == []


def test_shares_hold_every_text_once_and_are_of_like_size() -> None:
    texts = [(b"x" * size, "native") for size in (50, 10, 10, 10, 10, 10)]
    shares = processes._shares(texts, 2)
    assert sorted(at for share in shares for at in share) == list(range(6))
    assert [sum(len(texts[at][0]) for at in share) for share in shares] == [50, 50]


def test_many_files_are_the_same_however_they_are_shared_out() -> None:
    """In a process of its own, whose standard input is a pipe and holds the program."""
    program = (
        "from terraform_lint.source.syntax.parse import parse, parse_files\n"
        f"files = {large()!r}\n"
        "assert sum(map(len, files.values())) > 800_000\n"
        "found = parse_files(files, None)\n"
        "assert found == {name: parse(text, name) for name, text in files.items()}\n"
        "print(len(found))\n"
    )
    done = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, check=True, timeout=120)
    assert (done.stdout, done.stderr) == ("300\n", "")
