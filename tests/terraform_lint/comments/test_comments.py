"""The comment on a pull or merge request, against a server that speaks GitHub's and GitLab's protocol."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from terraform_lint.comments import post
from tests.terraform_lint.comments.comment_server import TOKEN, CommentServer, Trouble

MARKER = "<!-- apportion:lint -->"
FOUND = f"{MARKER}\n**2 findings**\n"
CLEAR = f"{MARKER}\nAll clear.\n"


class Job:
    """A CI job on a request of ``server``; ``waits`` are the seconds it would have slept."""

    def __init__(self, server: CommentServer, folder: Path) -> None:
        self.server, self.waits = server, []
        event = folder / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 7}}))
        self.environment = (
            {
                "CI_API_V4_URL": server.url,
                "CI_PROJECT_ID": "42",
                "CI_MERGE_REQUEST_IID": "7",
                "APPORTION_GITLAB_TOKEN": TOKEN,
            }
            if server.gitlab
            else {
                "GITHUB_EVENT_PATH": str(event),
                "GITHUB_REPOSITORY": "acme/infra",
                "GITHUB_API_URL": server.url,
                "GITHUB_TOKEN": TOKEN,
            }
        )

    def post(self, markdown: str = FOUND, *, update_only: bool = False, **changed: str) -> str:
        host = "gitlab" if self.server.gitlab else "github"
        environment = self.environment | changed
        said = post(host, markdown, environment, update_only=update_only, sleep=self.waits.append)
        assert TOKEN not in said
        return said

    def event(self, content: object) -> None:
        Path(self.environment["GITHUB_EVENT_PATH"]).write_text(json.dumps(content))


@pytest.fixture(params=["github-job", "github-person", "gitlab"])
def job(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Job]:
    gitlab = request.param == "gitlab"
    with CommentServer(gitlab=gitlab, me=None if request.param == "github-job" else "ci-user") as server:
        yield Job(server, tmp_path)


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Job]:
    with CommentServer() as server:
        yield Job(server, tmp_path)


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[Job]:
    with CommentServer(gitlab=True, me="ci-user") as server:
        yield Job(server, tmp_path)


def test_the_first_run_writes_one_comment(job: Job) -> None:
    assert job.post().startswith("comment written: ")
    assert job.server.bodies == [FOUND]


def test_the_next_run_updates_it_across_pages(job: Job) -> None:
    for number in range(5):
        job.server.add(f"talk {number}", "someone")
    job.post()
    job.server.add("more talk", "someone")
    assert job.post(CLEAR, update_only=True).startswith("comment updated: ")
    assert job.server.bodies.count(CLEAR) == 1
    assert len(job.server.comments) == 7


def test_the_same_text_is_not_written_again(job: Job) -> None:
    job.post()
    assert "says this already" in job.post()
    assert not [call for call in job.server.calls if call.startswith(("PATCH", "PUT"))]


def test_nothing_to_report_and_no_earlier_comment_leaves_no_trace(job: Job) -> None:
    assert "there is nothing to report" in job.post(CLEAR, update_only=True)
    assert job.server.comments == []


def test_nothing_is_ever_deleted(job: Job) -> None:
    job.post()
    job.post(CLEAR, update_only=True)
    assert not [call for call in job.server.calls if call.startswith("DELETE")]


def test_a_comment_that_somebody_else_wrote_with_our_marker_stays_as_it_is(job: Job) -> None:
    job.server.add(f"{MARKER}\nAll is well, merge it!", "mallory")
    assert job.post().startswith("comment written: ")
    assert job.server.bodies == [f"{MARKER}\nAll is well, merge it!", FOUND]


def test_a_marker_inside_a_comment_is_a_quotation(job: Job) -> None:
    job.server.add(f"> {MARKER}", job.server.author, "Bot" if job.server.me is None else "User")
    assert job.post().startswith("comment written: ")


def test_a_comment_our_token_may_not_edit_is_left_and_a_new_one_written(job: Job) -> None:
    job.post()
    job.server.not_editable.add(job.server.comments[0]["id"])
    assert job.post(CLEAR).startswith("comment written: ")
    assert job.server.bodies == [FOUND, CLEAR]


def test_named_comments_stand_side_by_side(job: Job) -> None:
    job.post(APPORTION_COMMENT="live/network")
    job.post(APPORTION_COMMENT="live/dns")
    job.post()
    job.post(CLEAR, APPORTION_COMMENT="live/dns")
    assert job.server.bodies == [
        "<!-- apportion:lint:live/network -->\n**2 findings**\n",
        "<!-- apportion:lint:live/dns -->\nAll clear.\n",
        FOUND,
    ]


def test_a_name_cannot_close_the_marker(job: Job) -> None:
    job.post(APPORTION_COMMENT="x --> <b>")
    assert job.server.bodies[0].startswith("<!-- apportion:lint:x_b_ -->\n")


def test_markdown_without_a_marker_gets_one(job: Job) -> None:
    job.post("plain")
    assert job.server.bodies == [f"{MARKER}\nplain"]


def test_text_of_a_plan_gives_no_orders(job: Job) -> None:
    job.post("x\n/merge\n  /approve now\n/ slash // comment\nsee /path\n```\n/close\n```")
    assert job.server.bodies == [
        f"{MARKER}\nx\n\\/merge\n  \\/approve now\n/ slash // comment\nsee /path\n```\n\\/close\n```"
    ]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_server_is_asked_again_after_the_time_it_names(job: Job, status: int) -> None:
    job.server.then("POST", Trouble(status, {"Retry-After": "7"}))
    assert job.post().startswith("comment written: ")
    assert (job.waits, job.server.bodies) == ([7.0], [FOUND])


def test_a_wait_is_bounded_and_so_are_the_attempts(job: Job) -> None:
    job.server.then("GET", *[Trouble(429, {"Retry-After": "86400"})] * 9)
    assert job.post() == "no comment: the server answers 429 (no), 4 times"
    assert job.waits == [30.0, 30.0, 30.0]


def test_a_wait_that_is_a_date_is_replaced_by_ours(job: Job) -> None:
    job.server.then("GET", *[Trouble(503, {"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"})] * 2)
    job.post()
    assert job.waits == [1.0, 2.0]


def test_an_answer_lost_after_the_comment_was_written_makes_no_second_one(job: Job) -> None:
    job.server.then("POST", Trouble(502, taken=True))
    job.post()
    assert job.server.bodies == [FOUND]


def test_a_limit_that_comes_as_403_is_waited_for(github: Job) -> None:
    github.server.then("POST", Trouble(403, {"Retry-After": "3"}))
    assert github.post().startswith("comment written: ")
    assert github.waits == [3.0]


def test_a_token_without_the_right_to_write_gets_a_sentence(job: Job) -> None:
    job.server.read_only = True
    said = job.post()
    assert said.startswith("no comment: the token may not write on ")
    assert ("scope `api`" if job.server.gitlab else "fork") in said
    assert job.waits == []


def test_a_wrong_token_and_a_wrong_project_are_told_apart(job: Job) -> None:
    wrong_token = {name: "wrong" for name in job.environment if name.endswith("TOKEN")}
    assert "does not know the token" in job.post(**wrong_token)
    wrong_place = {"CI_PROJECT_ID": "43"} if job.server.gitlab else {"GITHUB_REPOSITORY": "acme/gone"}
    assert "the token does not reach" in job.post(**wrong_place)


def test_a_server_that_echoes_the_token_does_not_make_us_print_it(job: Job) -> None:
    job.server.then("POST", Trouble(422, body=json.dumps({"message": f"bad\n\x1b[31m{TOKEN}"})))
    assert job.post() == "no comment: the server answers 422 (bad  [31m***)"


@pytest.mark.parametrize("body", ["<html>", "[1]", '{"id": "x"}', "", "\xff"])
def test_an_answer_that_is_not_as_documented_is_no_traceback(job: Job, body: str) -> None:
    job.server.then("GET", Trouble(200, body=body))
    assert job.post() == "no comment: the server's answer is not as its API describes"


def test_a_list_that_goes_on_at_another_host_is_not_followed(job: Job, tmp_path: Path) -> None:
    with CommentServer(gitlab=job.server.gitlab) as elsewhere:
        job.server.list_elsewhere = elsewhere.url
        for number in range(5):
            job.server.add(f"talk {number}", "someone")
        assert job.post() == "no comment: the server's list goes on at another host"
        assert elsewhere.seen_tokens == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_token_does_not_follow_a_redirect_to_another_host(job: Job, status: int, method: str) -> None:
    with CommentServer(gitlab=job.server.gitlab) as elsewhere:
        job.server.then(method, Trouble(status, {"Location": f"{elsewhere.url}/user"}))
        assert job.post().startswith(f"no comment: the server answers {status}")
        assert elsewhere.seen_tokens == []


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_on_the_same_host_keeps_method_and_body(job: Job, status: int) -> None:
    path = "/projects/42/merge_requests/7/notes" if job.server.gitlab else "/repos/acme/infra/issues/7/comments"
    job.server.then("POST", Trouble(status, {"Location": path}))
    assert job.post().startswith("comment written: ")
    assert job.server.bodies == [FOUND]


def test_a_server_that_is_not_there(job: Job) -> None:
    name = "CI_API_V4_URL" if job.server.gitlab else "GITHUB_API_URL"
    assert "the server cannot be reached" in job.post(**{name: "http://127.0.0.1:1"})


@pytest.mark.parametrize("address", ["file:///etc/passwd", "http://", "http://host:no port/", "http://[", "x y"])
def test_an_address_that_is_none(job: Job, address: str) -> None:
    name = "CI_API_V4_URL" if job.server.gitlab else "GITHUB_API_URL"
    assert job.post(**{name: address}).startswith("no comment: ")


@pytest.mark.parametrize("token", ["", "  ", "a\nb", "ключ"])
def test_a_token_that_cannot_stand_in_a_header_is_not_shown(job: Job, token: str) -> None:
    said = job.post(**{name: token for name in job.environment if name.endswith("TOKEN")})
    assert "holds no token" in said
    assert job.server.calls == []


def test_a_long_list_is_cut_where_a_line_ends_and_what_was_open_is_closed(github: Job) -> None:
    line = "| missing-tag | aws_s3_bucket.logs | tenant |\n"
    assert github.post(f"{MARKER}\n<details>\n```hcl\n{line * 3000}```\n</details>\n").startswith("comment written: ")
    (body,) = github.server.bodies
    assert len(body) <= 65_536
    assert body.endswith(f"{line}```\n</details>\n\n*The list is cut here: it is longer than a comment may be.*\n")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"issue": {"number": 7, "pull_request": {"url": "x"}}}, "comment written: "),
        ({"issue": {"number": 7}}, "no comment: this job does not run for a pull request"),
        ({"ref": "refs/heads/main"}, "no comment: this job does not run for a pull request"),
        ([1], "no comment: the file that GITHUB_EVENT_PATH names cannot be read"),
        ({"pull_request": {"number": "7/../8"}}, "no comment: the file that GITHUB_EVENT_PATH names cannot be read"),
    ],
)
def test_which_events_have_a_pull_request(github: Job, event: object, said: str) -> None:
    github.event(event)
    assert github.post().startswith(said)


@pytest.mark.parametrize("missing", ["GITHUB_EVENT_PATH", "GITHUB_REPOSITORY", "GITHUB_TOKEN"])
def test_outside_of_github_actions_a_sentence_says_what_is_missing(github: Job, missing: str) -> None:
    assert missing in github.post(**{missing: ""})


def test_a_merge_request_of_a_fork_is_commented_in_the_project_it_merges_into(gitlab: Job) -> None:
    assert gitlab.post(CI_PROJECT_ID="99", CI_MERGE_REQUEST_PROJECT_ID="42") == "comment written: merge request !7"


def test_gitlabs_other_token_name_and_a_job_without_a_merge_request(gitlab: Job) -> None:
    assert gitlab.post(APPORTION_GITLAB_TOKEN="", GITLAB_TOKEN=TOKEN).startswith("comment written")
    assert "does not run for a merge request" in gitlab.post(CI_MERGE_REQUEST_IID="")


def test_gitlabs_own_notes_are_not_ours(gitlab: Job) -> None:
    gitlab.server.add(FOUND, "ci-user", system=True)
    assert gitlab.post(CLEAR).startswith("comment written")
