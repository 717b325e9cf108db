"""The comments of one pull or merge request, and which of them is ours."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from terraform_lint.comments.rest import Refused

_MARKER = "<!-- apportion:lint -->"
_COMMAND = re.compile(r"^([ \t]*)/(?=[A-Za-z])", re.MULTILINE)
_NO_NAME = re.compile(r"[^\w./]+")


class Absent(Exception):
    """There is nothing to comment on, or no means to: a clause that says what is missing."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as the server has it. ``own``: written with our token, as far as can be told."""

    id: int
    body: str
    own: bool


class Conversation(Protocol):
    """One pull or merge request. ``name`` is for people; ``longest`` is the most characters a comment may have."""

    name: str
    longest: int

    def comments(self) -> Iterable[Comment]:
        """All comments, oldest first."""

    def create(self, body: str) -> str:
        """Writes a comment; its address, or the request's name."""

    def update(self, comment: Comment, body: str) -> str:
        """Writes a comment anew; its address, or the request's name."""

    def explain(self, refused: Refused) -> str:
        """A refusal as a clause for people, with what to mend."""


def keep(conversation: Conversation, markdown: str, name: str, *, update_only: bool) -> str:
    """Our comment now says ``markdown``; returns what was done.

    Each call looks first, so that calling again after an answer that never came makes no second comment.
    """
    marker = _marker(name)
    text = _without_commands(markdown.removeprefix(_MARKER).lstrip())
    body = _cut(f"{marker}\n{text}", conversation.longest)
    for comment in _ours(conversation, marker):
        if comment.body.split() == body.split():
            return f"the comment on {conversation.name} says this already"
        try:
            return f"comment updated: {conversation.update(comment, body)}"
        except Refused as refused:
            if refused.status not in (403, 404):
                raise
    if update_only:
        return f"no comment on {conversation.name}: there is nothing to report"
    return f"comment written: {conversation.create(body)}"


def _marker(name: str) -> str:
    name = _NO_NAME.sub("_", name)
    return _MARKER.replace(" -->", f":{name} -->") if name else _MARKER


def _ours(conversation: Conversation, marker: str) -> Iterator[Comment]:
    """The marker alone proves nothing: anyone can write it."""
    found = [comment for comment in conversation.comments() if comment.body.startswith(marker)]
    return (comment for comment in found if comment.own)


def _without_commands(text: str) -> str:
    """A line that starts with ``/merge`` is an order to GitLab, and to many a bot, with the rights of our token."""
    return _COMMAND.sub(r"\1\\/", text)


def _cut(body: str, longest: int) -> str:
    """The body, cut at a line where it is too long, with what was left open closed."""
    if len(body) <= longest:
        return body
    kept = body[: longest - 200].rpartition("\n")[0]
    fence = "\n```" if len(re.findall(r"^```", kept, re.MULTILINE)) % 2 else ""
    details = "\n</details>" * min(max(kept.count("<details>") - kept.count("</details>"), 0), 5)
    return f"{kept}{fence}{details}\n\n*The list is cut here: it is longer than a comment may be.*\n"
