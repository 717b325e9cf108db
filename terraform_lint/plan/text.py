"""From the bytes of a file to the JSON document in it, or to a sentence that says what the file is instead."""

import re

SHOW = "run `terraform plan -out=FILE`, then `terraform show -json FILE > plan.json`, and check plan.json"
ENCODING = 'write the file as UTF-8: in PowerShell 7, or with `cmd /c "terraform show -json FILE > plan.json"`'
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_PLAN_START = re.compile(rb'\{\s*"(?:format_version|terraform_version|resource_changes)"')
_OBJECT_LINE = re.compile(rb"^(?:\x1b\[[0-9;]{0,9}m|[ \t]){0,99}(?=\{)", re.MULTILINE)  # bounded: time stays linear
_FOR_PEOPLE = re.compile(rb"(?:Terraform|OpenTofu) (?:will perform|used the selected)|# \S+ will be ")
_HEAD = 4096
_FOR_PEOPLE_WITHIN = 1 << 20


class NotAPlanError(Exception):
    """The file is no plan, or a damaged one. ``line``: where, 1-based; ``mend``: what to do."""

    def __init__(self, message: str, mend: str = SHOW, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.mend, self.line = message, mend, line


def document(content: bytes) -> memoryview:
    """The text from the first brace on, as UTF-8, without a copy where it is UTF-8 already.

    What CI prints before the document is left out; what comes after it is still there. Raises ``NotAPlanError``.
    """
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise NotAPlanError(
            "this is the binary plan file, which only Terraform can read", "run `terraform show -json FILE > plan.json`"
        )
    if content.startswith(_COMPRESSED):
        raise NotAPlanError("the file is compressed", "unpack it first")
    text = _as_utf8(content)
    if b"\0" in text[:_HEAD]:
        raise NotAPlanError("this is a binary file, no JSON")
    start = _start(text)
    if start is None:
        raise NotAPlanError(_what_it_is(text))
    return memoryview(text)[start:]


def looks_like_plan(content: bytes) -> bool:
    """Whether a JSON file is worth reading as a plan; state, logs and other JSON are not."""
    names = (b'"resource_changes"', b'"planned_values"')
    if content[:_HEAD].count(b"\0") > len(content[:_HEAD]) // 3:
        codec = "utf-16-le" if content[1:2] == b"\0" or content.startswith(b"\xff\xfe") else "utf-16-be"
        names = (names[0].decode().encode(codec), names[1].decode().encode(codec))
    elif _start(content) is None:
        return False
    return any(name in content for name in names)


def holds_a_plan(text: bytes) -> bool:
    """Whether a plan begins somewhere in a text."""
    return _PLAN_START.search(text) is not None


def _as_utf8(content: bytes) -> bytes:
    codec = _codec(content)
    if codec is None:
        return content
    try:
        return content.decode(codec).encode()
    except UnicodeError:
        raise NotAPlanError(f"the file looks like {codec.upper()} text, but is damaged", ENCODING) from None


def _codec(content: bytes) -> str | None:
    """None for UTF-8. Without a mark, UTF-16 shows by the zero bytes of its ASCII characters."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = content[:_HEAD]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > len(head) // 3 and odd > 2 * even:
        return "utf-16-le"
    if even > len(head) // 3 and even > 2 * odd:
        return "utf-16-be"
    return None


def _start(text: bytes) -> int | None:
    """Where the document begins: at once, or after lines of a log; None where there is no document."""
    head = text[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{"):
        return text.index(b"{")
    if head.startswith((b"<", b'"')):
        return None
    if found := _PLAN_START.search(text):
        return found.start()
    found = _OBJECT_LINE.search(text)
    return found.end() if found else None


def _what_it_is(text: bytes) -> str:
    head = text[:_HEAD].removeprefix(b"\xef\xbb\xbf").strip()
    if not head:
        return "the file is empty"
    if head.startswith(b"<"):
        return "this is HTML or XML, no plan: a page that asks to sign in, perhaps"
    if _FOR_PEOPLE.search(text, 0, _FOR_PEOPLE_WITHIN):
        return "this is the plan as text for people"
    if head[:1] in b'["0123456789-tfn':
        return "this is JSON, but no plan"
    return "this is no JSON"
