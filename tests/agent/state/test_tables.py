from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import StatementError

from agent.state import LEASE, MAX_ATTEMPTS, Published, State

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
MOMENT = timedelta(minutes=10, seconds=1)
SECOND = timedelta(seconds=1)


def claim(state: State, instance: str = "one", now: datetime = NOW) -> bool:
    return state.runs.claim("k", "daily", NOW, instance, now)


def test_a_key_is_claimed_once(opened: Callable[[], State]) -> None:
    one, two = opened(), opened()
    assert [claim(one), claim(two, "two"), claim(one)] == [True, False, False]


def test_moments_come_back_as_they_went_in_whatever_their_zone(opened: Callable[[], State]) -> None:
    state = opened()
    paris = datetime(2026, 10, 25, 2, 30, 0, 123456, tzinfo=ZoneInfo("Europe/Paris"), fold=1)
    state.runs.claim("k", "daily", paris, "one", NOW)
    run = state.runs.get("k")
    assert run is not None
    assert run.scheduled_for == paris.astimezone(UTC)
    assert run.scheduled_for.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(opened: Callable[[], State]) -> None:
    with pytest.raises(StatementError, match="carries no zone"):
        # NOTE: a moment without a zone is what is refused
        claim(opened(), now=datetime(2026, 11, 2, 9))  # noqa: DTZ001


def test_a_finished_claim_is_never_taken_over(opened: Callable[[], State]) -> None:
    state = opened()
    claim(state)
    assert state.runs.finish("k", "one", NOW, "done", "posted")
    assert not state.runs.claimable("k", NOW + LEASE * 9)
    assert not claim(state, "two", NOW + LEASE * 9)


def test_an_abandoned_claim_is_taken_over_by_one(opened: Callable[[], State]) -> None:
    state = opened()
    claim(state)
    assert not claim(state, "two", NOW + LEASE)
    later = NOW + LEASE + SECOND
    assert state.runs.claimable("k", later)
    assert [claim(state, name, later) for name in ("two", "three")] == [True, False]
    assert not state.runs.finish("k", "one", later, "done", "too late")
    assert not state.runs.renew("k", "one", later)
    assert state.runs.finish("k", "two", later, "done", "posted")


def test_a_renewed_claim_is_not_abandoned(opened: Callable[[], State]) -> None:
    state = opened()
    claim(state)
    assert state.runs.renew("k", "one", NOW + LEASE)
    assert not claim(state, "two", NOW + LEASE + SECOND)


def test_only_the_holder_releases_a_claim(opened: Callable[[], State]) -> None:
    state = opened()
    claim(state)
    state.runs.release("k", "two")
    assert not claim(state, "two")
    state.runs.release("k", "one")
    assert claim(state, "two")


def test_attempts_end(opened: Callable[[], State]) -> None:
    state, now = opened(), NOW
    for _ in range(MAX_ATTEMPTS):
        assert state.runs.give_up(now) == []
        assert claim(state, now=now)
        now += LEASE + SECOND
    assert not state.runs.claimable("k", now)
    assert not claim(state, now=now)
    assert [run.outcome for run in state.runs.give_up(now)] == ["abandoned"]
    assert state.runs.give_up(now) == []


def test_a_message_is_put_by_one(opened: Callable[[], State]) -> None:
    one, two = opened(), opened()
    assert one.outbox.put("k", "#c", {"text": "ü"}, NOW) is not None
    assert two.outbox.put("k", "#c", {"text": "other"}, NOW) is None
    entry = two.outbox.get("k")
    assert entry is not None
    assert entry.content == {"text": "ü"}


def test_what_is_being_posted_is_left_to_its_poster_for_a_while(opened: Callable[[], State]) -> None:
    outbox = opened().outbox
    entry = outbox.put("k", "#c", {}, NOW)
    assert entry is not None
    assert outbox.unsettled(NOW + MOMENT - SECOND * 2) == []
    assert outbox.take(entry, NOW + MOMENT - SECOND * 2) is None
    assert [each.key for each in outbox.unsettled(NOW + MOMENT)] == ["k"]
    assert outbox.take(entry, NOW + MOMENT) is not None
    assert outbox.take(entry, NOW + MOMENT * 2) is None


def test_who_was_overtaken_learns_it_and_cannot_undo_the_other(opened: Callable[[], State]) -> None:
    outbox = opened().outbox
    slow = outbox.put("k", "#c", {}, NOW)
    assert slow is not None
    assert outbox.hold(slow, NOW)
    quick = outbox.take(slow, NOW + MOMENT)
    assert quick is not None
    assert not outbox.hold(slow, NOW + MOMENT)
    outbox.failed(slow, "an old refusal", NOW + MOMENT)
    assert outbox.hold(quick, NOW + MOMENT)
    outbox.sent(quick, "1.2", "C1", NOW + MOMENT)
    outbox.ambiguous(slow, "an old doubt", NOW + MOMENT)
    outbox.sent(slow, "9.9", "C9", NOW + MOMENT)
    entry = outbox.get("k")
    assert entry is not None
    assert (entry.state, entry.ts, entry.channel_id) == ("sent", "1.2", "C1")
    assert outbox.channel_id("#c") == "C1"
    assert outbox.channel_id("#other") is None


def test_only_a_refused_message_may_change_its_words(opened: Callable[[], State]) -> None:
    outbox = opened().outbox
    entry = outbox.put("k", "#c", {"text": "old"}, NOW)
    assert entry is not None
    outbox.ambiguous(entry, "?", NOW)
    doubtful = outbox.get("k")
    assert doubtful is not None
    taken = outbox.take(doubtful, NOW + MOMENT, {"text": "new"})
    assert taken is not None
    assert taken.content == {"text": "old"}
    outbox.failed(taken, "no", NOW + MOMENT)
    refused = outbox.get("k")
    assert refused is not None
    again = outbox.take(refused, NOW + MOMENT, {"text": "new"})
    assert again is not None
    assert again.content == {"text": "new"}


def test_the_index_of_periods_is_replaced_and_rebuilt(opened: Callable[[], State]) -> None:
    periods = opened().periods
    october = Published("2026-10", "aa", date(2026, 10, 31), NOW)
    september = Published("2026-09", "bb", None, NOW)
    for each in (october, september, Published("2026-10", "cc", date(2026, 10, 31), NOW)):
        periods.record(each)
    assert [each.proof_sha256 for each in periods.all()] == ["bb", "cc"]
    periods.rebuild([october])
    assert periods.all() == [october]
    periods.rebuild([])
    assert periods.all() == []
