"""Terraform's files to trees: by the endings of their names, from the cache where it has them."""

from collections.abc import Mapping

from terraform_lint.source.syntax.cache import Cache, decode
from terraform_lint.source.syntax.faults import TemplateError, WrongTextError
from terraform_lint.source.syntax.processes import parse_text, parse_texts
from terraform_lint.source.syntax.tree import Expression, ParsedFile

__all__ = ["TemplateError", "parse", "parse_files", "parse_template"]

_ENDINGS = {".tfvars.json": "values", ".tf.json": "json", ".tofu.json": "json"}


def parse(content: bytes, name: str) -> ParsedFile:
    """The tree of a file; what is wrong with it is its ``problem``.

    ``name`` tells JSON from HCL by its ending, and nothing else.
    """
    return parse_text(content, _kind(name))


def parse_files(files: Mapping[str, bytes], cache: Cache | None) -> dict[str, ParsedFile]:
    """The trees of many files by name, each from the cache where it is there, in the order given."""
    cache = cache or Cache(None)
    found = {name: cache.find(content, _kind(name)) for name, content in files.items()}
    missing = [name for name, tree in found.items() if tree is None]
    entries = parse_texts([(files[name], _kind(name)) for name in missing])
    for name, entry in zip(missing, entries, strict=True):
        cache.keep(files[name], _kind(name), entry)
    cache.prune()
    parsed = dict(zip(missing, map(decode, entries), strict=True))
    return {name: tree or parsed[name] for name, tree in found.items()}


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
