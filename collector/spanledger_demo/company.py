"""The company of the demo: four teams, eight services, and what each of their features asks for."""

from __future__ import annotations

from typing import Final, NamedTuple

FIVE_MINUTES: Final = 300
ONE_HOUR: Final = 3600

# Relative activity of the 24 hours (UTC) and of Monday to Sunday.
_OFFICE: Final = (0, 0, 0, 0, 0, 1, 3, 8, 14, 17, 18, 15, 11, 15, 17, 16, 13, 8, 4, 2, 1, 1, 0, 0)
_PUBLIC: Final = (
    2,
    1,
    1,
    1,
    1,
    2,
    4,
    6,
    8,
    9,
    10,
    11,
    12,
    11,
    10,
    10,
    11,
    13,
    15,
    16,
    14,
    11,
    7,
    4,
)
_NIGHT: Final = (0, 0, 1, *(0,) * 21)
_WORKDAYS: Final = (1.0, 1.06, 1.08, 1.03, 0.88, 0.08, 0.06)
_ALL_WEEK: Final = (0.97, 0.95, 0.98, 1.0, 1.08, 1.15, 1.1)


class Rhythm(NamedTuple):
    """When a feature is used."""

    hours: tuple[float, ...]
    weekdays: tuple[float, ...]


OFFICE: Final = Rhythm(_OFFICE, _WORKDAYS)
PUBLIC: Final = Rhythm(_PUBLIC, _ALL_WEEK)
NIGHTLY: Final = Rhythm(_NIGHT, _ALL_WEEK)


class Feature(NamedTuple):
    """One use of a model by one service."""

    team: str
    service: str
    name: str
    model: str
    calls_a_day: float
    """Calls of a session count one by one."""
    rhythm: Rhythm
    prefix: int
    """Tokens of instructions and tools that every call shares."""
    fresh: int
    """Typical tokens that only this call has."""
    output: int
    """Typical output tokens."""
    turns: int = 1
    """Typical calls of a session; each takes along what was said before."""
    cache_ttl_s: int | None = None
    caches_from: float = 0.0
    """How far into the history caching is switched on: 0 from the start, 0.5 half way."""
    streamed: bool = False
    thinking: float = 0.0
    """The share of the output that is thinking."""
    searches: float = 0.0
    """Typical web searches a call."""
    tools: bool = False
    batched: bool = False
    counted_first: bool = False
    """Whether `count_tokens` comes before every session."""
    users: tuple[str, int] | None = None
    """What its users are called, and how many there are."""
    us_only: bool = False

    @property
    def max_tokens(self) -> int:
        """The limit that the feature asks with."""
        return 1024 if self.output < 400 else 8192


_HAIKU, _OLD_HAIKU = "claude-haiku-5-5", "claude-haiku-4-5"
_SONNET, _OPUS, _FABLE = "claude-sonnet-5-5", "claude-opus-5-5", "claude-fable-5-1"

# fmt: off
FEATURES: Final = (
    Feature("payments", "checkout", "fraud-check", _HAIKU, 200, PUBLIC, 2600, 700, 60,
            cache_ttl_s=FIVE_MINUTES, tools=True, users=("customer", 4000)),
    Feature("payments", "checkout", "dispute-summary", _SONNET, 110, OFFICE, 3200, 14_000, 900,
            users=("agent", 14), us_only=True),
    Feature("payments", "invoicing", "invoice-extraction", _OLD_HAIKU, 170, OFFICE, 5200, 5500, 750,
            cache_ttl_s=FIVE_MINUTES, caches_from=0.55, tools=True),
    Feature("search", "search", "query-rewrite", _HAIKU, 170, PUBLIC, 900, 120, 45),
    Feature("search", "search", "answer-synthesis", _SONNET, 180, PUBLIC, 4200, 15_000, 950,
            streamed=True, searches=0.9, cache_ttl_s=FIVE_MINUTES, users=("customer", 4000)),
    Feature("search", "catalog", "product-descriptions", _OLD_HAIKU, 70, NIGHTLY, 1800, 900, 420,
            batched=True),
    Feature("support", "helpdesk", "ticket-triage", _HAIKU, 120, PUBLIC, 2900, 800, 90,
            cache_ttl_s=FIVE_MINUTES, tools=True),
    Feature("support", "helpdesk", "reply-drafts", _SONNET, 230, OFFICE, 9000, 1600, 650, turns=4,
            streamed=True, cache_ttl_s=ONE_HOUR, caches_from=0.35, users=("agent", 22)),
    Feature("support", "voice-notes", "call-summaries", _SONNET, 150, OFFICE, 1500, 30_000, 1300,
            users=("agent", 22)),
    Feature("platform", "code-review", "pull-request-review", _OPUS, 280, OFFICE, 24_000, 12_000,
            4000, turns=6, streamed=True, thinking=0.4, tools=True, counted_first=True,
            cache_ttl_s=FIVE_MINUTES, users=("developer", 31)),
    Feature("platform", "code-review", "repo-migration", _OPUS, 8, OFFICE, 36_000, 14_000, 5200,
            turns=8, thinking=0.3, tools=True, cache_ttl_s=FIVE_MINUTES, users=("developer", 3)),
    Feature("platform", "research", "market-briefs", _OPUS, 85, OFFICE, 3800, 24_000, 2800,
            streamed=True, thinking=0.5, searches=2.4, users=("analyst", 9)),
    Feature("platform", "research", "contract-analysis", _FABLE, 90, OFFICE, 7000, 30_000, 3000,
            streamed=True, thinking=0.3, cache_ttl_s=ONE_HOUR, users=("analyst", 9)),
)
# fmt: on


class Spike(NamedTuple):
    """What went wrong yesterday: an agent that kept starting over."""

    feature: str = "repo-migration"
    user: str = "developer-2"
    first_hour: int = 9
    hours: int = 8
    sessions_an_hour: float = 14.0


SPIKE: Final = Spike()

SERVICE_VERSIONS: Final = {
    "checkout": "5.14.2",
    "invoicing": "2.8.0",
    "search": "11.3.1",
    "catalog": "1.22.0",
    "helpdesk": "7.0.4",
    "voice-notes": "0.9.6",
    "code-review": "3.1.0",
    "research": "0.4.12",
}


class Speed(NamedTuple):
    """How fast a model answers."""

    first_token_s: float
    tokens_per_s: float


SPEEDS: Final = {
    _HAIKU: Speed(0.32, 190.0),
    _OLD_HAIKU: Speed(0.38, 150.0),
    _SONNET: Speed(0.7, 88.0),
    _OPUS: Speed(1.1, 62.0),
    _FABLE: Speed(1.6, 47.0),
}
