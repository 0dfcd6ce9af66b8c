"""Everything of alerts in one piece: evaluator, courier, their threads, and what routes ask."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from spanledger_collector.alerts.alert import Alert
from spanledger_collector.alerts.delivery import Courier
from spanledger_collector.alerts.evaluator import Evaluator
from spanledger_collector.alerts.facts import Ask, Gatherer
from spanledger_collector.alerts.ledger import one_alert
from spanledger_collector.alerts.lifecycle import Action, Refused
from spanledger_collector.alerts.message import Place, test_document
from spanledger_collector.alerts.reading import Reader, epoch
from spanledger_collector.alerts.shown import AlertsShown, Clock
from spanledger_collector.alerts.telling import Undelivered, tell
from spanledger_collector.alerts.watch import Watch
from spanledger_collector.settings import AlertsSettings, Budget, Channel, Rule, Settings
from spanledger_collector.store import Store
from spanledger_collector.writer import Writer

__all__ = ["Alerting", "Clock", "NoChannel", "Told", "Wanted"]

_TRIES = 5


class NoChannel(Exception):
    """There is no such channel; the message says which there are."""


class Told(NamedTuple):
    """What came of a test."""

    name: str
    sent: bool
    error: str | None


class Wanted(NamedTuple):
    """What the settings say of alerts."""

    alerts: AlertsSettings = AlertsSettings()
    budgets: tuple[Budget, ...] = ()
    time_zone: str = "UTC"
    dashboard_url: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> Wanted:
        """What these settings say."""
        shown = settings.dashboard
        url = settings.alerts.dashboard_url or shown.public_url or shown.url
        return cls(settings.alerts, settings.budgets, settings.dashboard.time_zone, url)


class Alerting:
    """Judges, tells, and does what people want done to alerts.

    Args:
        store: the ledger.
        writer: whose thread writes to it.
        wanted: rules, budgets and channels.
        ask: asks named queries.
        prices_version: tells which price book is in force.
        shown: shows what came of judgements, and keeps the time.
    """

    def __init__(
        self,
        store: Store,
        writer: Writer,
        wanted: Wanted,
        ask: Ask,
        prices_version: Callable[[], str],
        shown: AlertsShown,
    ) -> None:
        self.store = store
        self.clock = shown.clock
        self.plan = shown.plan
        self.place = Place(ZoneInfo(wanted.time_zone), wanted.dashboard_url)
        self._channels: Mapping[str, Channel] = {
            channel.name: channel for channel in wanted.alerts.channels or ()
        }
        self.reader = Reader(store)
        gatherer = Gatherer(self.reader, ask, prices_version, self.place.zone)
        self._evaluator = Evaluator(
            store,
            writer.run,
            wanted.alerts,
            wanted.budgets,
            gatherer,
            self.place,
            shown.judgements,
            shown.plan,
        )
        self.courier = Courier(store, writer.run, self._channels, self.clock)
        self.watch = Watch(
            self._evaluator,
            self.courier,
            shown,
            self.clock,
            wanted.alerts.interval_s,
            shown.judgements,
            lambda: store.leads,
        )

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules in force."""
        return self._evaluator.rules

    def start(self) -> None:
        """Start the threads."""
        self.watch.start()
        self.courier.start()

    def close(self) -> None:
        """Stop the threads; what waits in the outbox waits for the next start."""
        self.watch.close()
        self.courier.close()

    def act(self, alert: Alert, action: Action) -> Alert:
        """Do what a person wants done.

        Raises:
            Refused: it makes no sense for this alert.
            StoreUnavailable: the ledger cannot commit now.
        """
        for _ in range(_TRIES):
            after = self._evaluator.act(alert, action, self.clock())
            if after is not None:
                self.courier.wake()
                return after
            found = one_alert(self.store, alert.alert_id)  # a judgement came between
            if found is None:
                break
            alert = found
        raise Refused("The alert is being judged at this moment. Ask again.")

    def test(self, name: str | None = None) -> list[Told]:
        """Send a test message through a channel, or through each.

        Raises:
            NoChannel: there is none of that name.
        """
        if name is not None and name not in self._channels:
            known = ", ".join(self._channels) or "none"
            raise NoChannel(f"There is no channel {name[:80]!r}; there are: {known}.")
        chosen = [self._channels[name]] if name is not None else list(self._channels.values())
        with ThreadPoolExecutor(min(len(chosen), 8) or 1) as threads:
            return list(threads.map(self._tested, chosen))

    def _tested(self, channel: Channel) -> Told:
        send_id = uuid.uuid4().hex
        body: dict[str, Any] = test_document(send_id, self.place)
        try:
            tell(channel, orjson.dumps(body).decode(), send_id, epoch(self.clock()))
        except Undelivered as error:
            return Told(channel.name, sent=False, error=str(error))
        return Told(channel.name, sent=True, error=None)
