"""Notes of a GitLab merge request."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

import msgspec

from terraform_lint.comments.conversation import Absent, Comment
from terraform_lint.comments.rest import Api, Refused, usable_address, usable_token


class _User(msgspec.Struct):
    username: str


class _Note(msgspec.Struct):
    id: int
    body: str | None = None
    author: _User | None = None
    system: bool = False


def merge_request(environment: Mapping[str, str]) -> "MergeRequest":
    """The merge request this job runs for. Raises ``Absent`` where there is none, or no token."""
    iid = environment.get("CI_MERGE_REQUEST_IID", "")
    # Of a fork, CI_PROJECT_ID is the fork; the merge request lives in the project it asks to merge into.
    project = environment.get("CI_MERGE_REQUEST_PROJECT_ID") or environment.get("CI_PROJECT_ID", "")
    address = environment.get("CI_API_V4_URL", "")
    token = (environment.get("APPORTION_GITLAB_TOKEN") or environment.get("GITLAB_TOKEN", "")).strip()
    if not iid.isdecimal():
        raise Absent("this job does not run for a merge request (CI_MERGE_REQUEST_IID is not set)")
    if not project or not usable_address(address):
        raise Absent("CI_PROJECT_ID and CI_API_V4_URL do not name a project")
    if not usable_token(token):
        raise Absent("APPORTION_GITLAB_TOKEN holds no token; a project access token with the scope `api` will do")
    return MergeRequest(Api(address, {"PRIVATE-TOKEN": token}, token), quote(project, safe=""), iid)


class MergeRequest:
    """A merge request; what GitLab calls notes are its comments."""

    longest = 1_000_000

    def __init__(self, api: Api, project: str, iid: str) -> None:
        self.name = f"merge request !{iid}"
        self._api = api
        self._notes = f"/projects/{project}/merge_requests/{iid}/notes"

    def comments(self) -> Iterator[Comment]:
        username = self._api.ask("GET", "/user", _User).username
        for note in self._api.rows(f"{self._notes}?per_page=100&order_by=created_at&sort=asc", _Note):
            own = note.author is not None and note.author.username == username and not note.system
            yield Comment(note.id, note.body or "", own)

    def create(self, body: str) -> str:
        self._api.ask("POST", self._notes, _Note, {"body": body})
        return self.name

    def update(self, comment: Comment, body: str) -> str:
        self._api.ask("PUT", f"{self._notes}/{comment.id}", _Note, {"body": body})
        return self.name

    def explain(self, refused: Refused) -> str:
        match refused.status:
            case 401:
                return f"GitLab does not know the token: {refused}"
            case 403:
                return f"the token may not write on {self.name}: {refused}. It needs the scope `api`"
            case 404:
                return f"the token does not reach {self.name}: {refused}"
        return str(refused)
