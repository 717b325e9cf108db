"""Instance keys as Terraform prints them in addresses."""

from typing import TypeAlias

Key: TypeAlias = int | str | None
"""Of ``count``, of ``for_each``, or of a block with neither."""

_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}


def with_key(address: str, key: Key) -> str:
    """``aws_vpc.a`` with its key: ``aws_vpc.a[0]``, ``aws_vpc.a["x"]``."""
    if key is None:
        return address
    return f"{address}[{key}]" if isinstance(key, int) else f'{address}["{_quoted(key)}"]'


def inside(module: str, name: str) -> str:
    """An address in a module; ``module`` is empty for the root."""
    return f"{module}.{name}" if module else name


def _quoted(key: str) -> str:
    written = []
    for position, character in enumerate(key):
        if character in _ESCAPES:
            written.append(_ESCAPES[character])
        elif character in "$%" and key[position + 1 : position + 2] == "{":
            written.append(character * 2)
        elif character.isprintable():
            written.append(character)
        else:
            code = ord(character)
            written.append(f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}")
    return "".join(written)
