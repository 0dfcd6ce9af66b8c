"""Why the collector could not answer, each with what to do about it; knows nothing of Streamlit."""

from __future__ import annotations

__all__ = [
    "AccessDenied",
    "BadQuery",
    "CollectorDown",
    "CollectorFailed",
    "CollectorProblem",
    "SlowQuery",
]


class CollectorProblem(Exception):
    """A question the collector did not answer.

    Attributes:
        title: What happened, in a few words.
        advice: What the reader can do next.
    """

    title = "The collector did not answer"
    advice = "Try again. If it stays so, `spanledger doctor` says what to mend."

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(f"{self.title}: {url}: {detail}")
        self.url = url
        self.detail = detail

    def __reduce__(self) -> tuple[type[CollectorProblem], tuple[str, str]]:
        """Pickle by what it was made of, as the caches need."""
        return type(self), (self.url, self.detail)


class CollectorDown(CollectorProblem):
    """Nothing listens at the address."""

    title = "The collector cannot be reached"
    advice = (
        "Start it with `spanledger up` (collector and dashboard) or `spanledger collector`. "
        "If it runs elsewhere, set `SPANLEDGER_DASHBOARD__COLLECTOR_URL` to its address."
    )


class AccessDenied(CollectorProblem):
    """The collector wants a token that we do not have."""

    title = "The collector refused the dashboard's token"
    advice = (
        "Start the dashboard with the collector's token in `SPANLEDGER_COLLECTOR__TOKEN`; "
        "`spanledger up` passes it on by itself."
    )


class SlowQuery(CollectorProblem):
    """The question took longer than the collector allows."""

    title = "The question took too long"
    advice = (
        "Choose a shorter time range, a coarser bucket or fewer group-bys. "
        "`collector.query_timeout_s` sets the limit."
    )


class BadQuery(CollectorProblem):
    """The collector does not accept the question."""

    title = "The collector did not accept the question"
    advice = (
        "Reset the filters. If it stays so, dashboard and collector are of different versions: "
        "restart both."
    )


class CollectorFailed(CollectorProblem):
    """Something answered, but not as a healthy collector does."""

    title = "The collector failed to answer"
    advice = (
        "Look at the collector's log, and check that the address belongs to a SpanLedger "
        "collector: `spanledger doctor` does both."
    )
