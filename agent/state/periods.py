"""Index of published results, for quick answers. ``<data>/results/<period>/proof.json`` stays the truth."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import Engine, delete, insert, select

from agent.state.tables import periods


@dataclass(frozen=True, slots=True)
class Published:
    """One period's published results. ``as_of`` is None for results without usage."""

    period: str
    proof_sha256: str
    as_of: date | None
    published_at: datetime


class Periods:
    """The table ``periods``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, published: Published) -> None:
        """Notes that a period was published, in place of what was noted before."""
        with self._engine.begin() as connection:
            connection.execute(delete(periods).where(periods.c.period == published.period))
            connection.execute(insert(periods).values(**asdict(published)))

    def rebuild(self, published: Iterable[Published]) -> None:
        """Makes the index anew from what lies in the results folder."""
        rows = [asdict(each) for each in published]
        with self._engine.begin() as connection:
            connection.execute(delete(periods))
            if rows:
                connection.execute(insert(periods), rows)

    def all(self) -> list[Published]:
        """Every period of the index, in order of time."""
        with self._engine.begin() as connection:
            return [Published(*row) for row in connection.execute(select(periods).order_by(periods.c.period))]
