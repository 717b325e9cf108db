"""One post per key, whatever breaks between the agent and Slack. Real client, real state, a local server."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from agent.errors import PartialRun
from agent.slack import Message, Token, Workspace, alert_key, connect, digest_key, post, reconcile
from agent.state import Outbox, open_state
from tests.slack_server import Drop, Fail, SlackServer, Slow, Wait

KEY = digest_key("Example SaaS", "#cloud-cost", date(2026, 11, 2))
MESSAGE = Message(blocks=[{"type": "header", "text": {"type": "plain_text", "text": "Cost"}}], text="Cost 1,234.56 USD")


@dataclass
class Desk:
    """All that posting needs, with a clock that a test may turn."""

    slack: SlackServer
    outbox: Outbox
    now: datetime

    def __post_init__(self) -> None:
        self.waits: list[float] = []
        live = connect(Token(self.slack.token), self.slack.base_url, lambda: self.now)
        self.workspace: Workspace = replace(live, wait=self.waits.append)

    def post(self, key: str = KEY, message: Message = MESSAGE, channel: str = "#cloud-cost"):
        return post(self.workspace, self.outbox, key, channel, message)

    def state(self, key: str = KEY) -> str:
        entry = self.outbox.get(key)
        assert entry is not None
        return entry.state

    def later(self, **gap: float) -> None:
        self.now += timedelta(**gap)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with SlackServer() as slack, open_state("sqlite:///state.db", tmp_path) as state:
        yield Desk(slack, state.outbox, datetime.now(UTC))


def test_a_message_is_posted_with_its_key_as_metadata(desk: Desk) -> None:
    posted = desk.post()
    assert posted.new
    assert [(each["channel"], each["text"]) for each in desk.slack.posts] == [("C0CLOUDCOST", "Cost 1,234.56 USD")]
    assert desk.slack.posts[0]["metadata"] == {"event_type": "apportion_post", "event_payload": {"key": KEY}}
    assert desk.state() == "sent"


def test_the_same_key_is_posted_once(desk: Desk) -> None:
    first, second = desk.post(), desk.post(message=Message.of_text("other words"))
    assert (first.ts, second.ts, second.new) == (first.ts, first.ts, False)
    assert desk.slack.keys == [KEY]


def test_other_days_causes_and_channels_have_keys_of_their_own() -> None:
    day = date(2026, 11, 2)
    keys = {
        digest_key("a", "#c", day),
        digest_key("b", "#c", day),
        digest_key("a", "#d", day),
        digest_key("a", "#c", day + timedelta(days=1)),
        alert_key("untagged_share", "#c", day),
        alert_key("untagged_amount", "#c", day),
    }
    assert len(keys) == 6
    assert KEY == "digest:Example SaaS:#cloud-cost:2026-11-02"


def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(desk: Desk) -> None:
    desk.slack.then("chat.postMessage", Drop(taken=True))
    posted = desk.post()
    assert not posted.new
    assert desk.slack.keys == [KEY]
    assert (desk.slack.count("chat.postMessage"), desk.waits) == (1, [5.0])
    assert desk.state() == "sent"


def test_a_post_that_slack_never_took_is_posted_again(desk: Desk) -> None:
    desk.slack.then("chat.postMessage", Drop(taken=False))
    assert desk.post().new
    assert desk.slack.keys == [KEY]
    assert desk.slack.count("chat.postMessage") == 2


@pytest.mark.parametrize("taken", [True, False])
def test_an_error_of_slack_itself_may_hide_a_post(desk: Desk, taken: bool) -> None:
    desk.slack.then("chat.postMessage", Fail("fatal_error", taken=taken))
    desk.post()
    assert desk.slack.keys == [KEY]


def test_a_broken_gateway_may_hide_a_post(desk: Desk) -> None:
    desk.slack.then("chat.postMessage", Fail("bad_gateway", status=502, taken=True))
    desk.post()
    assert desk.slack.keys == [KEY]


def test_a_post_that_outlasts_the_client_is_found(desk: Desk) -> None:
    desk.workspace.client.timeout = 1
    desk.slack.then("chat.postMessage", Slow(1.5))
    desk.post()
    assert desk.slack.keys == [KEY]


def test_the_message_is_found_behind_many_later_ones(desk: Desk) -> None:
    desk.slack.page = 2
    desk.slack.then("chat.postMessage", Fail("internal_error", taken=True))
    desk.slack.then("conversations.list", Fail("internal_error"))
    with pytest.raises(PartialRun):
        desk.post()
    for number in range(7):
        desk.post(f"other:{number}")
    desk.later(minutes=11)
    assert not desk.post().new
    assert desk.slack.keys.count(KEY) == 1


def test_a_history_that_cannot_be_read_is_never_answered_by_posting_again(desk: Desk) -> None:
    desk.slack.scopes = {"chat:write", "channels:read"}
    desk.slack.then("chat.postMessage", Drop(taken=True))
    with pytest.raises(PartialRun) as caught:
        desk.post()
    assert "channels:history" in caught.value.message
    assert desk.state() == "ambiguous"
    desk.later(minutes=2)
    with pytest.raises(PartialRun):
        desk.post()
    assert desk.slack.keys == [KEY]
    desk.slack.scopes.add("channels:history")
    desk.later(minutes=2)
    assert not desk.post().new
    assert desk.slack.keys == [KEY]


def test_a_crash_between_post_and_mark_is_settled_without_a_second_post(desk: Desk) -> None:
    entry = desk.outbox.put(KEY, "#cloud-cost", MESSAGE.content, desk.now)
    assert entry is not None
    desk.workspace.post("#cloud-cost", KEY, MESSAGE.blocks, MESSAGE.text)
    with pytest.raises(PartialRun, match="being posted by another run"):
        desk.post()
    desk.later(minutes=11)
    assert [posted.new for posted in reconcile(desk.workspace, desk.outbox)] == [False]
    assert desk.slack.keys == [KEY]
    assert desk.state() == "sent"


def test_a_crash_before_the_post_is_made_good(desk: Desk) -> None:
    desk.outbox.put(KEY, "#cloud-cost", MESSAGE.content, desk.now)
    desk.later(minutes=11)
    assert [posted.new for posted in reconcile(desk.workspace, desk.outbox)] == [True]
    assert [each["text"] for each in desk.slack.posts] == [MESSAGE.text]


def test_what_a_crash_left_behind_yesterday_is_not_posted_today(desk: Desk) -> None:
    desk.outbox.put(KEY, "#cloud-cost", MESSAGE.content, desk.now)
    desk.later(hours=13)
    assert reconcile(desk.workspace, desk.outbox) == []
    assert desk.slack.posts == []
    assert desk.state() == "failed"


def test_a_row_that_is_being_posted_is_left_alone(desk: Desk) -> None:
    desk.outbox.put(KEY, "#cloud-cost", MESSAGE.content, desk.now)
    desk.later(minutes=9)
    assert reconcile(desk.workspace, desk.outbox) == []
    assert desk.slack.calls == []


def test_slack_is_waited_for_when_it_asks(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.slack.then("chat.postMessage", Wait(0), Wait(0))
    assert desk.post().new
    assert desk.slack.count("chat.postMessage") == 3
    assert "slack asks to wait seconds=0" in caplog.text


def test_a_wait_beyond_reason_is_told_and_the_next_call_posts(desk: Desk) -> None:
    desk.slack.then("chat.postMessage", Wait(3600))
    with pytest.raises(PartialRun, match="Retry-After 3600"):
        desk.post()
    assert desk.post().new
    assert desk.slack.keys == [KEY]


def test_blocks_slack_does_not_know_yet_are_replaced_by_plain_ones(desk: Desk) -> None:
    desk.slack.block_types -= {"data_table"}
    table = {"type": "data_table", "caption": "Cost", "rows": [[{"type": "raw_text", "text": "acme"}]]}
    assert desk.post(message=Message(blocks=[table], text="acme 12.00")).new
    assert [each["blocks"][0]["type"] for each in desk.slack.posts] == ["section"]
    assert desk.slack.count("chat.postMessage") == 2


def test_the_plain_form_may_be_given(desk: Desk) -> None:
    plain = [{"type": "markdown", "text": "**acme** 12.00"}]
    desk.post(message=Message(blocks=[{"type": "unheard_of"}], text="acme 12.00", plain=plain))
    assert [each["blocks"] for each in desk.slack.posts] == [plain]


def test_a_plain_form_that_slack_refuses_too_is_told(desk: Desk) -> None:
    bad = [{"type": "unheard_of"}]
    with pytest.raises(PartialRun, match="unsupported type: unheard_of"):
        desk.post(message=Message(blocks=bad, text="x", plain=bad))
    assert desk.slack.count("chat.postMessage") == 2


def test_a_long_text_is_cut_into_blocks_slack_takes(desk: Desk) -> None:
    desk.post(message=Message.of_text("x" * 30_001))
    assert len(desk.slack.posts[0]["blocks"]) == 11
    desk.post("other", message=replace(Message.of_text("y" * 200_000), text="y"))
    assert len(desk.slack.posts[1]["blocks"]) == 50


def test_a_name_in_a_text_calls_nobody(desk: Desk) -> None:
    desk.post(message=Message.of_text("customer <!channel> & co"))
    posted = desk.slack.posts[0]
    assert posted["text"] == "customer &lt;!channel&gt; &amp; co"
    assert posted["blocks"][0]["text"] == {"type": "plain_text", "text": "customer <!channel> & co"}


def test_a_missing_scope_is_named(desk: Desk) -> None:
    desk.slack.scopes = set()
    with pytest.raises(PartialRun) as caught:
        desk.post()
    assert caught.value.lines() == [
        "the message was not posted: the Slack app lacks the scope chat:write",
        "  where:    Slack channel #cloud-cost",
        "  mend:     add chat:write under OAuth & Permissions of the app, and install the app again",
    ]


def test_a_channel_without_the_app_says_how_to_invite_it(desk: Desk) -> None:
    desk.slack.not_member_of = {"C0CLOUDCOST"}
    with pytest.raises(PartialRun) as caught:
        desk.post()
    assert caught.value.mend == "in #cloud-cost, type /invite and the app's name"
    assert desk.state() == "failed"
    desk.slack.not_member_of = set()
    assert desk.post().new


def test_an_unknown_channel_is_named(desk: Desk) -> None:
    with pytest.raises(PartialRun, match="there is no channel #elsewhere"):
        desk.post(channel="#elsewhere")


def test_any_other_refusal_quotes_the_code(desk: Desk) -> None:
    desk.slack.then("chat.postMessage", Fail("restricted_action"))
    with pytest.raises(PartialRun, match="Slack answered restricted_action"):
        desk.post()


def test_a_slack_that_cannot_be_reached_took_nothing(desk: Desk) -> None:
    desk.workspace.client.base_url = "http://127.0.0.1:9/api/"
    with pytest.raises(PartialRun, match="Slack cannot be reached"):
        desk.post()
    assert desk.state() == "failed"
    desk.workspace.client.base_url = desk.slack.base_url
    assert desk.post().new


def test_the_token_is_in_no_message_repr_log_or_traceback(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = desk.slack.token
    desk.slack.then("chat.postMessage", Fail("invalid_auth"))
    with pytest.raises(PartialRun) as caught:
        desk.post()
    desk.post()
    told = "\n".join(caught.value.lines())
    assert "Slack does not accept the token (invalid_auth)" in told
    assert caught.value.__context__ is None
    for text in (told, caplog.text, repr(desk.workspace), repr(Token(secret)), str(Token(secret))):
        assert secret not in text


def test_the_channel_may_be_given_by_id(desk: Desk) -> None:
    desk.slack.then("chat.postMessage", Drop(taken=True))
    desk.post(channel="C0CLOUDCOST")
    assert desk.slack.keys == [KEY]
    assert desk.slack.count("conversations.list") == 0
