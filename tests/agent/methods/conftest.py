"""The company whose months are closed."""

from tests.books import books

__all__ = ["books"]
