"""Delivered files -> columns of exact values: what every source reads with."""
