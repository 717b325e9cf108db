"""What the allocation needs of an engine: named tables in, SQL bodies run in order, Arrow out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import pyarrow as pa


class Engine(ABC):
    """One private workspace of named tables. Bodies read and make tables by fixed names; values are tables too."""

    @abstractmethod
    def load(self, name: str, table: pa.Table) -> None:
        """Makes (or replaces) table ``name`` from Arrow."""

    @abstractmethod
    def scan(self, name: str, label: str, parts: Mapping[str, Sequence[Path]]) -> None:
        """Makes view ``name`` over Parquet files of one schema, read in place.

        ``parts`` maps a text to its files; the view has it in a VARCHAR column ``label`` beside the files' own.
        """

    @abstractmethod
    def run(self, name: str, body: str, reads: Mapping[str, str] | None = None) -> None:
        """Makes table ``name`` from one SELECT statement; raises ``EngineError`` naming it.

        ``reads`` points the fixed names that a shared body reads at tables of this workspace.
        """

    @abstractmethod
    def define(self, name: str, body: str) -> None:
        """Makes view ``name`` of one SELECT statement, for rows that are read once; raises ``EngineError``."""

    @abstractmethod
    def fetch(self, body: str) -> pa.Table:
        """The rows of one SELECT statement."""

    @abstractmethod
    def close(self) -> None:
        """Frees the workspace."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
