"""Terraform source: files, their syntax, an evaluator, and the resources they declare."""
