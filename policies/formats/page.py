"""A page of limited size: what does not fit is left out as a whole, from there to the end, and counted."""

from collections.abc import Iterable, Sequence

_KEPT_FREE = 400


class Page:
    """Lines up to ``limit`` bytes of UTF-8, which is never less than the same number of characters.

    Room for the closing tags of what is open, and for one sentence at the end, is kept free.
    """

    def __init__(self, limit: int) -> None:
        self._lines: list[str] = []
        self._left = limit - _KEPT_FREE
        self.full = False

    def add(self, lines: Sequence[str], keep: int = 0) -> bool:
        """Adds all the lines or, where they and ``keep`` more bytes do not fit, none; then the page is full."""
        size = sum(len(line.encode()) + 1 for line in lines)
        self.full = self.full or size + keep > self._left
        if not self.full:
            self._write(lines, size)
        return not self.full

    def section(self, head: Sequence[str], rows: Iterable[str], foot: Sequence[str] = ()) -> int:
        """A head, as many rows as fit, and the foot; how many rows there are. Nothing at all where no row fits."""
        waiting = iter(rows)
        first = next(waiting, None)
        closing = sum(len(line.encode()) + 1 for line in foot)
        if first is None or not self.add([*head, first], closing):
            return 0
        written = 1
        for row in waiting:
            if not self.add([row], closing):
                break
            written += 1
        self._write(foot, closing)
        return written

    def ended(self, *lines: str) -> str:
        """The page with a last sentence, which may use the room kept free."""
        return "\n".join([*self._lines, *lines]) + "\n"

    def _write(self, lines: Sequence[str], size: int) -> None:
        self._lines += lines
        self._left -= size
