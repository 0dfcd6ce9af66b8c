"""The state machine, step by step: pure, by a clock that stands wherever a test puts it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanledger_collector.alerts.alert import Alert, Finding, Key
from spanledger_collector.alerts.lifecycle import Action, Policy, Refused, act, step

NOON = datetime(2026, 11, 28, 12)
POLICY = Policy(pending_s=30, remind_s=24 * 3600)
KEEP_S = 7200.0


def finding(
    usd: float = 10.0, *, bad: bool = True, severe: bool = False, level: int = 1
) -> Finding:
    return Finding(
        key=Key("spend", "team", "search"),
        kind="spike",
        bad=bad,
        severe=severe,
        severity="critical" if severe else "warning",
        level=level + int(severe),
        window_start=NOON - timedelta(hours=1),
        window_end=NOON,
        observed=usd,
        expected=1.0,
        expected_low=0.5,
        expected_high=2.0,
        unit="usd",
        excess_usd=Decimal(str(usd)) - 1,
        reason="spike_1h",
        keep_s=KEEP_S,
    )


GOOD = finding(1.0, bad=False)


class Story:
    """One alert over time."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.policy = policy
        self.alert: Alert | None = None
        self.told: list[str] = []
        self.events: list[str] = []
        self.now = NOON

    def sees(self, found: Finding, parent: str | None = None, **later: float) -> Story:
        """Some time later this is found."""
        self.now += timedelta(**later)
        taken = step(self.alert, found, self.now, self.policy, parent)
        if taken is not None:
            assert taken.based_on == (
                0
                if self.alert is None or taken.alert.episode > self.alert.episode
                else self.alert.revision
            )
            self.alert = taken.alert
            self.events += [event.event for event in taken.events]
            self.told += [taken.tell] if taken.tell else []
        return self

    def has(self, name: str, **fields: object) -> Story:
        """Somebody does something."""
        assert self.alert is not None
        taken = act(self.alert, Action(name, "Ann", **fields), self.now)  # type: ignore[arg-type]
        self.alert = taken.alert
        self.events += [event.event for event in taken.events]
        self.told += [taken.tell] if taken.tell else []
        return self

    @property
    def state(self) -> str | None:
        return self.alert.state if self.alert else None


def fired(policy: Policy = POLICY) -> Story:
    return Story(policy).sees(finding(severe=True))


def test_good_news_is_none() -> None:
    """Nothing bad, no alert, no row."""
    assert step(None, GOOD, NOON, POLICY) is None


def test_it_waits_for_a_second_look() -> None:
    """Bad once is pending; bad again a minute later fires and is told."""
    story = Story().sees(finding())
    assert (story.state, story.told) == ("pending", [])

    story.sees(finding(), seconds=60)
    assert (story.state, story.told) == ("firing", ["opened"])


def test_a_second_judge_in_the_same_minute_changes_nothing() -> None:
    """Patience goes by the clock: looking twice is not waiting."""
    story = Story().sees(finding()).sees(finding(), seconds=1).sees(finding(), seconds=1)

    assert (story.state, story.told) == ("pending", [])


def test_what_is_far_out_fires_at_once() -> None:
    """Severe is told at the first look."""
    assert (fired().state, fired().told) == ("firing", ["opened"])


def test_a_blip_is_forgotten() -> None:
    """Pending and good again was nothing; the next time is another episode."""
    story = Story().sees(finding()).sees(GOOD, seconds=60)
    assert (story.state, story.told, story.events) == ("resolved", [], ["pending", "dropped"])

    story.sees(finding(), seconds=60)
    assert story.alert is not None
    assert (story.alert.episode, story.state) == (2, "pending")


def test_while_it_stays_the_same_it_is_told_once_a_day() -> None:
    """Of 3,000 judgements in two days and a bit, three are told."""
    story = fired()
    for _ in range(3000):
        story.sees(finding(severe=True), minutes=1)

    assert story.told == ["opened", "reminder", "reminder"]


def test_twice_as_much_is_told() -> None:
    """Growth counts from what was told last."""
    story = fired().sees(finding(18.0, severe=True), minutes=1)
    story.sees(finding(19.5, severe=True), minutes=1).sees(finding(30.0, severe=True), minutes=1)
    story.sees(finding(40.0, severe=True), minutes=1)

    assert story.told == ["opened", "grown", "grown"]


def test_cents_above_a_cap_are_not_told_again_and_again() -> None:
    """Of a cap of a dollar that is crossed by and by, growth is told from half a dollar more on."""
    story = Story()
    for cents in (103, 107, 115, 130, 152, 154, 190, 212):
        story.sees(finding(cents / 100, severe=True), minutes=1)

    assert story.told == ["opened", "grown", "grown"]


def test_a_rise_in_severity_is_told_once() -> None:
    """Warning, critical, warning, critical: one escalation."""
    story = Story().sees(finding()).sees(finding(), minutes=1)
    for severe in (True, False, True):
        story.sees(finding(severe=severe), minutes=1)

    assert story.told == ["opened", "escalated"]


def test_it_is_over_after_a_while_of_good() -> None:
    """Recovering for as long as the rule keeps it, then resolved and told."""
    story = fired().sees(GOOD, minutes=1)
    assert (story.state, story.told) == ("recovering", ["opened"])

    story.sees(GOOD, seconds=KEEP_S - 60)
    assert story.state == "recovering"

    story.sees(GOOD, seconds=60)
    assert (story.state, story.told) == ("resolved", ["opened", "resolved"])


def test_time_that_nobody_saw_is_no_recovery() -> None:
    """Not judged, or judged without a word, for hours: those do not count; what was good does."""
    unknown = finding(bad=False)._replace(known=False, reason="missing_hours")
    story = fired(POLICY._replace(gap_s=180)).sees(GOOD, minutes=1)
    for _ in range(2):
        for _ in range(5):
            story.sees(unknown, hours=1)
        story.sees(GOOD, minutes=1).sees(GOOD, hours=9)

    assert (story.state, story.events.count("unknown")) == ("recovering", 2)

    for _ in range(int(KEEP_S // 60)):
        story.sees(GOOD, minutes=1)
    assert (story.state, story.told) == ("resolved", ["opened", "resolved"])


def test_a_relapse_is_the_same_alert() -> None:
    """Bad again while it recovers: no message, no new episode."""
    story = fired().sees(GOOD, minutes=1).sees(finding(severe=True), minutes=30)

    assert story.alert is not None
    assert (story.state, story.alert.episode, story.told) == ("firing", 1, ["opened"])


def test_what_a_relative_tells_is_not_told() -> None:
    """Held back it fires silently, and its end is silent, too."""
    story = (
        Story()
        .sees(finding(severe=True), "another")
        .sees(finding(severe=True), "another", minutes=5)
    )
    assert (story.state, story.told, story.events.count("inhibited")) == ("firing", [], 1)

    story.sees(GOOD, minutes=1).sees(GOOD, seconds=KEEP_S)
    assert (story.state, story.told) == ("resolved", [])


def test_it_is_told_after_all_when_the_relative_ends() -> None:
    """Nobody else tells it any more."""
    story = Story().sees(finding(severe=True), "another").sees(finding(severe=True), minutes=5)

    assert story.told == ["opened"]


def test_acknowledged_it_is_not_repeated_but_growth_is_told() -> None:
    """Somebody knows; but not that it doubled."""
    story = fired().has("ack").sees(finding(severe=True), hours=25)
    assert story.told == ["opened"]

    story.sees(finding(40.0, severe=True), minutes=1)
    assert story.told == ["opened", "grown"]


def test_snoozed_nothing_is_told_but_the_end() -> None:
    """Neither growth nor reminder; afterwards that it still fires; the end always."""
    story = fired().has("snooze", hours=2).sees(finding(18.0, severe=True), hours=1)
    assert story.told == ["opened"]

    story.sees(finding(18.0, severe=True), hours=1)
    assert story.told == ["opened", "reminder"]

    story.has("snooze", hours=48).sees(GOOD, hours=1).sees(GOOD, seconds=KEEP_S)
    assert story.told == ["opened", "reminder", "resolved"]


def test_resolved_by_hand_it_has_to_be_good_once() -> None:
    """The same trouble stays quiet, also a day later; after a good moment it is a new alert."""
    story = fired().has("resolve").sees(finding(severe=True), hours=24)
    assert (story.state, story.told) == ("resolved", ["opened", "resolved"])

    story.sees(GOOD, minutes=1).sees(finding(severe=True), minutes=1)
    assert story.alert is not None
    assert (story.alert.episode, story.told[-1]) == (2, "opened")


def test_what_is_over_can_only_be_judged_by_people() -> None:
    """An ended alert takes feedback and nothing else."""
    story = fired().has("resolve").has("feedback", feedback="planned")
    assert story.alert is not None

    assert story.alert.feedback == "planned"
    with pytest.raises(Refused, match="is over since"):
        act(story.alert, Action("snooze", "Ann", hours=1), NOON)


SEEN = st.lists(
    st.tuples(st.integers(1, 200_000), st.floats(0.1, 100), st.booleans(), st.booleans()),
    max_size=60,
)


@given(SEEN)
def test_whatever_is_seen(seen: list[tuple[int, float, bool, bool]]) -> None:
    """Opened comes first and once an episode, resolved last; revisions count every row."""
    story = Story()
    revisions: list[tuple[int, int]] = []
    for seconds, usd, bad, severe in seen:
        story.sees(finding(usd, bad=bad, severe=severe and bad), seconds=seconds)
        if story.alert is not None:
            revisions.append((story.alert.episode, story.alert.revision))

    assert revisions == sorted(revisions)
    open_now = False
    for reason in story.told:
        assert (reason == "opened") is not open_now
        open_now = reason != "resolved"
    assert open_now == bool(story.alert and story.alert.is_open and story.alert.told)
