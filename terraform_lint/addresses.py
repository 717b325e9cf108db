"""Addresses as Terraform prints them."""

import re

_KEY = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')
"""An instance key."""


def without_keys(address: str) -> str:
    """The address of the block that declares a resource: no instance keys, of modules or of the resource."""
    return _KEY.sub("", address) if "[" in address else address
