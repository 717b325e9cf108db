"""Ratios against plain DuckDB, measured in one run: ``make bench``."""
