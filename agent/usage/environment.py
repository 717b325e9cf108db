"""Secrets of drivers, by the environment variable that holds them. No message ever shows one."""

import os

from agent.errors import Unreachable


def secret(variable: str, of: str) -> str:
    """What the variable holds, trimmed. Raises ``Unreachable`` naming the variable where it is not set or no secret.

    ``of`` says in messages whose it is, such as ``usage db_seconds``.
    """
    found = os.environ.get(variable, "").strip()
    if not found or not found.isprintable():
        raise Unreachable(
            f"{of}: {variable} {'holds no secret' if found else 'is not set'}",
            mend=f"put it into the environment variable {variable}",
        )
    return found
