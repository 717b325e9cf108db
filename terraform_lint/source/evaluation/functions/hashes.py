"""Hashes of strings and files, and ids that are made of them."""

from base64 import b64encode
from collections.abc import Callable
from hashlib import md5, sha1, sha256, sha512

from terraform_lint.source.evaluation.conversion import shown
from terraform_lint.source.evaluation.functions.registry import Family, Implementation
from terraform_lint.source.evaluation.values import EvaluationError, Value

HASHES = Family()

DIGESTS: dict[str, Callable[[bytes], str]] = {
    "md5": lambda content: md5(content, usedforsecurity=False).hexdigest(),
    "sha1": lambda content: sha1(content, usedforsecurity=False).hexdigest(),
    "sha256": lambda content: sha256(content).hexdigest(),
    "sha512": lambda content: sha512(content).hexdigest(),
    "base64sha256": lambda content: b64encode(sha256(content).digest()).decode(),
    "base64sha512": lambda content: b64encode(sha512(content).digest()).decode(),
}
"""By the name of the function; ``file`` before it names the function of a file."""


def _of_text(digest: Callable[[bytes], str]) -> Implementation:
    return lambda text: digest(text.encode())


for _name, _digest in DIGESTS.items():
    HASHES(_name, "text")(_of_text(_digest))


@HASHES("uuidv5", "text", "text")
def uuidv5(space: str, name: str) -> Value:
    """The id of a name in a name space: ``dns``, ``url``, ``oid``, ``x500`` or an id."""
    from uuid import NAMESPACE_DNS, NAMESPACE_OID, NAMESPACE_URL, NAMESPACE_X500, UUID, uuid5

    known = {"dns": NAMESPACE_DNS, "url": NAMESPACE_URL, "oid": NAMESPACE_OID, "x500": NAMESPACE_X500}
    try:
        return str(uuid5(known.get(space) or UUID(space), name))
    except ValueError:
        raise EvaluationError(f"uuidv5() takes no name space {shown(space)}") from None
