"""Terraform's expressions: a tree and a scope in, a value out, with what is not known kept apart from what is."""
