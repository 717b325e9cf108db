"""Terraform's files to trees: by the endings of their names, from the cache where it has them."""

from collections.abc import Mapping

from terraform_lint.source.syntax.cache import Cache, encode
from terraform_lint.source.syntax.faults import TemplateError, WrongTextError
from terraform_lint.source.syntax.tree import Body, Expression, ParsedFile, SyntaxProblem

__all__ = ["TemplateError", "parse", "parse_files", "parse_template"]

_ENDINGS = {".tfvars.json": "values", ".tf.json": "json", ".tofu.json": "json"}


def parse(content: bytes, name: str) -> ParsedFile:
    """The tree of a file; what is wrong with it is its ``problem``.

    ``name`` tells JSON from HCL by its ending, and nothing else.
    """
    return _parse_as(content, _kind(name))


def parse_files(files: Mapping[str, bytes], cache: Cache | None) -> dict[str, ParsedFile]:
    """The trees of many files by name, each from the cache where it is there, in the order given."""
    cache = cache or Cache(None)
    found = {name: cache.find(content, _kind(name)) for name, content in files.items()}
    missing = [(content, _kind(name)) for name, content in files.items() if found[name] is None]
    parsed = iter(_parse_all(missing, cache))
    return {name: tree if tree is not None else next(parsed) for name, tree in found.items()}


def parse_template(text: str) -> Expression:
    """The template that ``text``, a file for ``templatefile()``, is.

    Raises :class:`TemplateError` where it is none. Lines count from 1; spans from the start of ``text``.
    """
    from terraform_lint.source.syntax import native

    try:
        return native.parse_template(text)
    except WrongTextError as fault:
        raise TemplateError(fault.line, fault.message) from None


def _kind(name: str) -> str:
    return next((kind for ending, kind in _ENDINGS.items() if name.endswith(ending)), "native")


def _parse_as(content: bytes, kind: str) -> ParsedFile:
    try:
        source = _utf8(content)
        if kind == "native":
            from terraform_lint.source.syntax import native

            return native.parse(source)
        from terraform_lint.source.syntax import json_syntax

        return ParsedFile(json_syntax.parse(source.decode(), values=kind == "values"), (), None)
    except WrongTextError as fault:
        return ParsedFile(Body((), ()), (), SyntaxProblem(fault.line, fault.message))


def _utf8(content: bytes) -> bytes:
    """UTF-8 without a byte order mark, ending with a newline. Raises :class:`WrongTextError` for anything else."""
    source = content.removeprefix(b"\xef\xbb\xbf")
    try:
        source.decode()
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise WrongTextError(line, "not UTF-8 text: save the file as UTF-8") from error
    return source if source.endswith(b"\n") else source + b"\n"


def _parse_all(files: list[tuple[bytes, str]], cache: Cache) -> list[ParsedFile]:
    trees = []
    for content, kind in files:
        tree = _parse_as(content, kind)
        cache.keep(content, kind, encode(tree))
        trees.append(tree)
    cache.prune()
    return trees
