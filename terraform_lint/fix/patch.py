"""Changed files as a patch that ``git apply`` and ``patch -p1`` take."""

from difflib import unified_diff


def unified(name: str, before: bytes, after: bytes) -> str:
    """The difference of two versions of a file as a unified diff; ``name`` is relative, with ``/``."""
    old, new = _lines(before), _lines(after)
    made = [] if before or not after else [f"diff --git a/{name} b/{name}\n", "new file mode 100644\n"]
    lines = list(unified_diff(old, new, f"a/{name}" if before else "/dev/null", f"b/{name}"))
    return "".join([*made, *(_ended(line) for line in lines)])


def _lines(content: bytes) -> list[str]:
    # NOTE: only "\n" ends a line in a patch; str.splitlines would also break at form feeds and the like
    return [line + "\n" for line in content.decode().split("\n")[:-1]] + (
        [last] if (last := content.decode().rpartition("\n")[2]) else []
    )


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
