"""One comment on a pull or merge request that says what the check found, kept up to date."""

import time
from collections.abc import Callable, Mapping
from typing import Literal

from terraform_lint.comments.conversation import Absent, Conversation, keep
from terraform_lint.comments.rest import Busy, Refused, shown

Host = Literal["github", "gitlab"]

_ATTEMPTS = 4
_LONGEST_WAIT = 30.0
"""Seconds; a server that asks for more is asked again after these."""


def post(
    host: Host,
    markdown: str,
    environment: Mapping[str, str],
    *,
    update_only: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Writes ``markdown`` as our comment, and returns a sentence that says what was done or why nothing was.

    Our earlier comment is updated; nothing is ever deleted, and nobody else's comment is touched.
    ``update_only``: with no earlier comment, none is written (there is nothing to report). ``environment`` is that of
    the CI job. APPORTION_COMMENT names one of several comments on the same request. Never raises for what the
    server, the network or the job's settings do: a check must not fail because its comment did.
    """
    try:
        conversation = _conversation(host, environment)
    except Absent as absent:
        return f"no comment: {absent}"
    problem = ""
    for attempt in range(_ATTEMPTS):
        try:
            return keep(conversation, markdown, environment.get("APPORTION_COMMENT", ""), update_only=update_only)
        except Refused as refused:
            return f"no comment: {conversation.explain(refused)}"
        except Busy as busy:
            problem = shown(str(busy))
            if attempt + 1 < _ATTEMPTS:
                sleep(min(2.0**attempt if busy.wait is None else busy.wait, _LONGEST_WAIT))
    return f"no comment: {problem}, {_ATTEMPTS} times"


def _conversation(host: Host, environment: Mapping[str, str]) -> Conversation:
    if host == "github":
        from terraform_lint.comments.github import pull_request

        return pull_request(environment)
    from terraform_lint.comments.gitlab import merge_request

    return merge_request(environment)
