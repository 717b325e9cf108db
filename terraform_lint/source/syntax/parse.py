"""Terraform's text to a tree: the fast parser first, the reference where that is unsure."""

import re
from collections.abc import Mapping

from terraform_lint.source.syntax.cache import Cache
from terraform_lint.source.syntax.faults import TemplateError, UnsureError, WrongTextError
from terraform_lint.source.syntax.tree import Body, Comment, Expression, ParsedFile, SyntaxProblem

JSON_ENDINGS = (".tf.json", ".tofu.json", ".tfvars.json")


def parse(content: bytes, name: str) -> ParsedFile:
    """The tree of a file; what is wrong with it is its ``problem``.

    ``name`` tells JSON from HCL by its ending, and nothing else.
    """
    try:
        source = _utf8(content)
        body = _hcl(source)
    except WrongTextError as fault:
        return ParsedFile(Body((), ()), (), SyntaxProblem(fault.line, fault.message))
    return ParsedFile(body, (), None)


def _utf8(content: bytes) -> bytes:
    source = content.removeprefix(b"\xef\xbb\xbf")
    try:
        source.decode()
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise WrongTextError(line, "not UTF-8 text: save the file as UTF-8") from error
    return source if source.endswith(b"\n") else source + b"\n"


def _hcl(source: bytes) -> Body:
    from terraform_lint.source.syntax import fast

    try:
        return fast.parse(source)
    except UnsureError:
        raise WrongTextError(fast.first_error(source), "this is not HCL") from None


def parse_files(files: Mapping[str, bytes], cache: Cache | None) -> dict[str, ParsedFile]:
    """The trees of many files by name, each from the cache where it is there."""
    return {name: parse(content, name) for name, content in files.items()}


def parse_template(text: str) -> Expression:
    """The template that ``text``, a file for ``templatefile()``, is.

    Raises :class:`TemplateError` where it is none. Lines count from 1; spans from the start of ``text``.
    """
    from terraform_lint.source.syntax import fast

    try:
        return fast.parse_template(text, line=1, one_line=False)
    except UnsureError:
        raise TemplateError(1, "this is not a template") from None
    except WrongTextError as fault:
        raise TemplateError(fault.line, fault.message) from None
