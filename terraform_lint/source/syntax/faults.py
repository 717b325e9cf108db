"""What a reader of text may run into. None of these leaves this folder but :class:`TemplateError`."""

MAX_DEPTH = 128
"""How deep expressions and blocks may stand in one another: far above what people write, and low enough that
neither a parser nor an evaluator, which both call themselves for each level, runs out of stack."""

MAX_DIRECTIVES = 32
"""How deep ``%{ if }`` and ``%{ for }`` may stand in one another."""


class WrongTextError(Exception):
    """The text is not HCL. ``line`` is 1-based; ``message`` is for people."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


class TemplateError(WrongTextError):
    """The text of a template file is no template."""


class UnsureError(Exception):
    """The fast parser met something it may read wrongly: the reference decides."""


def too_deep(line: int) -> WrongTextError:
    """The fault of a text that is nested deeper than :data:`MAX_DEPTH`."""
    return WrongTextError(line, f"nested deeper than {MAX_DEPTH} levels: this is not followed")
