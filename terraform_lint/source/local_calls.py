"""Which folders a file's module blocks name, found without parsing it: enough to know what there is to parse."""

import json
import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(
    rb"""(?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
    |(?P<heredoc><<-?[ \t]*(?P<mark>[A-Za-z_][\w-]*)[ \t]*\r?\n.*?^[ \t]*(?P=mark)[ \t]*\r?$)
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<open>\{)|(?P<close>\})
    |(?P<word>[A-Za-z_][\w-]*)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_LOCAL = ("./", "../", ".\\", "..\\")


def is_local(source: str) -> bool:
    """Whether a module's source is a folder beside the caller."""
    return (source.startswith(_LOCAL) or source in (".", "..")) and "\0" not in source


def local_sources(content: bytes, name: str) -> list[str]:
    """The local sources of the module blocks in a file, as written. A file that makes no sense has none."""
    if b"module" not in content or b'".' not in content:
        return []
    found = _json_sources(content) if name.endswith(".json") else _hcl_sources(content)
    return [source for source in found if is_local(source)]


def _hcl_sources(content: bytes) -> Iterator[str]:
    """``source = "…"`` directly inside a block that starts with the word ``module`` at the outermost level."""
    depth, block, word = 0, b"", b""
    for token in _TOKEN.finditer(content):
        kind = token.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
            block = block if depth else b""
        elif kind == "word":
            word = token[0]
            block = block or word
        elif kind == "string" and depth == 1 and block == b"module" and word == b"source":
            yield token[0][1:-1].decode("utf-8", "replace")
            word = b""


def _json_sources(content: bytes) -> Iterator[str]:
    try:
        tree = json.loads(content.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return
    for top in _objects(tree):
        for calls in _objects(top.get("module")):
            for named in calls.values():
                for call in _objects(named):
                    if isinstance(call.get("source"), str):
                        yield call["source"]


def _objects(value: Any) -> list[dict[str, Any]]:
    """A JSON block: one object, or a list of them."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]
