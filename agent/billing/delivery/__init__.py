"""Which files an export consists of, wherever it lies."""
