"""The bot token: from the environment or a file, and never anywhere else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import UsageError

VARIABLE = "SLACK_BOT_TOKEN"
FILE_VARIABLE = "SLACK_BOT_TOKEN_FILE"
MEND = f"set {VARIABLE} to the app's bot token (it begins with xoxb-), or {FILE_VARIABLE} to a file that holds it"


@dataclass(frozen=True, slots=True)
class Token:
    """A secret that does not show itself."""

    secret: str = field(repr=False)

    def __str__(self) -> str:
        return "Token(***)"


def read_token(environment: Mapping[str, str]) -> Token:
    """``SLACK_BOT_TOKEN``, or the content of the file ``SLACK_BOT_TOKEN_FILE`` names.

    Raises ``UsageError`` when neither is set, the file cannot be read, or there is no token in it.
    """
    if token := environment.get(VARIABLE, "").strip():
        return _checked(token, VARIABLE)
    path = environment.get(FILE_VARIABLE, "").strip()
    if not path:
        raise UsageError("there is no Slack token", where=f"{VARIABLE}, {FILE_VARIABLE}", mend=MEND)
    try:
        content = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"the file of the Slack token cannot be read: {reason}", where=path, mend=MEND) from None
    return _checked(content, path)


def _checked(token: str, where: str) -> Token:
    # NOTE: a line break inside would break the request's header with an error that quotes the token.
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError("this is not a Slack token", where=where, expected="one word on one line", mend=MEND)
    return Token(token)
