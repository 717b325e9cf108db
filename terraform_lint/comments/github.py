"""Comments of a GitHub pull request."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import msgspec

from terraform_lint.comments.conversation import Absent, Comment
from terraform_lint.comments.rest import Api, Refused, usable_address, usable_token


class _Numbered(msgspec.Struct):
    number: int


class _Issue(msgspec.Struct):
    number: int
    pull_request: dict[str, object] | None = None


class _Event(msgspec.Struct):
    pull_request: _Numbered | None = None
    issue: _Issue | None = None


class _User(msgspec.Struct):
    login: str
    type: str = ""


class _Row(msgspec.Struct):
    id: int
    body: str | None = None
    user: _User | None = None
    html_url: str = ""


def pull_request(environment: Mapping[str, str]) -> "PullRequest":
    """The pull request this job runs for. Raises ``Absent`` where there is none, or no token."""
    number = _number(environment.get("GITHUB_EVENT_PATH", ""))
    repository = environment.get("GITHUB_REPOSITORY", "")
    address = environment.get("GITHUB_API_URL") or "https://api.github.com"
    token = environment.get("GITHUB_TOKEN", "").strip()
    if not repository or not usable_address(address):
        raise Absent("GITHUB_REPOSITORY and GITHUB_API_URL do not name a repository")
    if not usable_token(token):
        raise Absent("GITHUB_TOKEN holds no token; give the step `env: {GITHUB_TOKEN: ${{ github.token }}}`")
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return PullRequest(Api(address, headers, token), quote(repository), number)


def _number(event_path: str) -> int:
    if not event_path:
        raise Absent("GITHUB_EVENT_PATH is not set; is this a GitHub Actions job?")
    try:
        event = msgspec.json.decode(Path(event_path).read_bytes(), type=_Event)
    except (OSError, msgspec.DecodeError):
        raise Absent("the file that GITHUB_EVENT_PATH names cannot be read") from None
    if event.pull_request is not None:
        return event.pull_request.number
    if event.issue is not None and event.issue.pull_request is not None:
        return event.issue.number
    raise Absent("this job does not run for a pull request")


class PullRequest:
    """A pull request; its comments are those of the issue of the same number."""

    longest = 65_536  # characters

    def __init__(self, api: Api, repository: str, number: int) -> None:
        self.name = f"{repository}#{number}"
        self._api = api
        self._comments = f"/repos/{repository}/issues/{number}/comments"
        self._comment = f"/repos/{repository}/issues/comments"

    def comments(self) -> Iterator[Comment]:
        login = self._login()
        for row in self._api.rows(f"{self._comments}?per_page=100", _Row):
            user = row.user or _User("")  # null: an account that is gone
            own = user.login == login if login else user.type == "Bot"
            yield Comment(row.id, row.body or "", own)

    def create(self, body: str) -> str:
        return self._api.ask("POST", self._comments, _Row, {"body": body}).html_url or self.name

    def update(self, comment: Comment, body: str) -> str:
        path = f"{self._comment}/{comment.id}"
        return self._api.ask("PATCH", path, _Row, {"body": body}).html_url or self.name

    def explain(self, refused: Refused) -> str:
        match refused.status:
            case 401:
                return f"GitHub does not know the token in GITHUB_TOKEN: {refused}"
            case 403:
                return (
                    f"the token may not write on {self.name}: {refused}. A pull request from a fork has no such right; "
                    "else give the job `permissions: {contents: read, pull-requests: write}`"
                )
            case 404:
                return f"the token does not reach {self.name}: {refused}"
        return str(refused)

    def _login(self) -> str | None:
        """Whose token it is; None for that of a job or an app, which may not ask."""
        try:
            return self._api.ask("GET", "/user", _User).login
        except Refused as refused:
            if refused.status == 401:
                raise
            return None
