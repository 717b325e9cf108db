"""Many texts to trees, in several processes where that pays."""

import os
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from terraform_lint.source.syntax.cache import encode
from terraform_lint.source.syntax.faults import WrongTextError
from terraform_lint.source.syntax.tree import Body, ParsedFile, SyntaxProblem

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

Text: TypeAlias = tuple[bytes, str]
"""A file's content and how it is read: native, json or values."""

MOST_PROCESSES = 4
PAYS_FORKED = 200_000
"""Bytes above which a forked process is worth its start of some 15 ms."""
PAYS_SPAWNED = 800_000
"""Bytes above which a fresh process is, which starts Python and imports the parsers in some 170 ms."""


def parse_text(content: bytes, kind: str) -> ParsedFile:
    """The tree of one text; what is wrong with it is its ``problem``."""
    try:
        source = _utf8(content)
        if kind == "native":
            from terraform_lint.source.syntax import native

            return native.parse(source)
        from terraform_lint.source.syntax import json_syntax

        return ParsedFile(json_syntax.parse(source.decode(), values=kind == "values"), (), None)
    except WrongTextError as fault:
        return ParsedFile(Body((), ()), (), SyntaxProblem(fault.line, fault.message))


def parse_texts(texts: Sequence[Text]) -> list[bytes]:
    """The encoded trees of ``texts``, in their order. No process outlives the call."""
    size = sum(len(content) for content, _ in texts)
    forked = sys.platform == "linux" and threading.active_count() == 1
    count = min(len(texts), _processors(), MOST_PROCESSES, 1 + size // (PAYS_FORKED if forked else PAYS_SPAWNED))
    if count < 2:
        return _encoded(texts)
    import multiprocessing

    shares = _shares(texts, count)
    try:
        context = multiprocessing.get_context("fork" if forked else "spawn")
        done = _in_processes([[texts[at] for at in share] for share in shares], context)
    except (OSError, RuntimeError, EOFError):
        return _encoded(texts)
    entries = [b""] * len(texts)
    for share, encoded in zip(shares, done, strict=True):
        for at, entry in zip(share, encoded, strict=True):
            entries[at] = entry
    return entries


def _encoded(texts: Sequence[Text]) -> list[bytes]:
    return [encode(parse_text(content, kind)) for content, kind in texts]


def _in_processes(shares: Sequence[Sequence[Text]], context: "BaseContext") -> list[list[bytes]]:
    """The first share is done here, meanwhile."""
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(len(shares) - 1, mp_context=context) as pool:
        others = [pool.submit(_encoded, share) for share in shares[1:]]
        return [_encoded(shares[0]), *(other.result() for other in others)]


def _shares(texts: Sequence[Text], count: int) -> list[list[int]]:
    """Positions in ``texts`` in ``count`` shares of about the same size."""
    shares: list[list[int]] = [[] for _ in range(count)]
    sizes = [0] * count
    for at in sorted(range(len(texts)), key=lambda at: -len(texts[at][0])):
        smallest = sizes.index(min(sizes))
        shares[smallest].append(at)
        sizes[smallest] += len(texts[at][0])
    return shares


def _processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _utf8(content: bytes) -> bytes:
    """UTF-8 without a byte order mark, ending with a newline. Raises :class:`WrongTextError` for anything else."""
    source = content.removeprefix(b"\xef\xbb\xbf")
    try:
        source.decode()
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise WrongTextError(line, "not UTF-8 text: save the file as UTF-8") from error
    return source if source.endswith(b"\n") else source + b"\n"
