"""Cells of any CSV -> amounts, moments, tags and terms, as its column map says; all of it on distinct values."""
