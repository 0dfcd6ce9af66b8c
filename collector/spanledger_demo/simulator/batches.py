"""The Message Batches API without HTTP: batches are worked off at the first look after their time.

A batch is billed when it is worked off, at half price, item by item; items that end `errored`,
`canceled` or `expired` are free.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from spanledger_demo.simulator.counts import JsonObject
from spanledger_demo.simulator.directives import Directives
from spanledger_demo.simulator.errors import ApiFailure, invalid
from spanledger_demo.simulator.messages import identity

AnswerItem = Callable[[JsonObject, Directives], JsonObject]
"""Answers and bills the request of one item; raises `ApiFailure` when it cannot."""

_LIFETIME: Final = timedelta(hours=24)
_KINDS: Final = ("succeeded", "errored", "canceled", "expired")


@dataclass
class _Batch:
    id: str
    created: float
    due: float
    asked: Directives
    requests: list[JsonObject]
    answer_item: AnswerItem
    canceled_at: float | None = None
    results: list[JsonObject] = field(default_factory=list)

    def settle(self, now: float) -> None:
        """Work the items off once the time has come."""
        if not self.results and (now >= self.due or self.canceled_at is not None):
            self.results = [self._result(item) for item in self.requests]

    def _result(self, item: JsonObject) -> JsonObject:
        custom_id = item["custom_id"]
        asked = self.asked.items.get(custom_id, self.asked)
        forced = "canceled" if self.canceled_at is not None else asked.result
        if forced in ("canceled", "expired"):
            return {"custom_id": custom_id, "result": {"type": forced}}
        try:
            if failure := asked.failure():
                raise failure
            if forced == "errored":
                raise invalid("Simulated error of a batch item")
            message = self.answer_item(item["params"], asked)
        except ApiFailure as failure:
            error = failure.body(identity("req_01"))
            return {"custom_id": custom_id, "result": {"type": "errored", "error": error}}
        return {"custom_id": custom_id, "result": {"type": "succeeded", "message": message}}

    def describe(self, base_url: str) -> JsonObject:
        """Write the batch as the API shows it."""
        counts = dict.fromkeys(("processing", *_KINDS), 0)
        for result in self.results:
            counts[result["result"]["type"]] += 1
        counts["processing"] = len(self.requests) - len(self.results)
        ended = bool(self.results)
        url = f"{base_url}/v1/messages/batches/{self.id}/results"
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": counts,
            "created_at": _instant(self.created),
            "expires_at": _instant(self.created, _LIFETIME),
            "ended_at": _instant(self.due) if ended else None,
            "cancel_initiated_at": _instant(self.canceled_at) if self.canceled_at else None,
            "archived_at": None,
            "results_url": url if ended else None,
        }


class BatchesApi:
    """The batches of one simulator, by workspace."""

    def __init__(self) -> None:
        self._batches: dict[tuple[str, str], _Batch] = {}

    def create(
        self,
        workspace: str,
        body: JsonObject,
        asked: Directives,
        answer_item: AnswerItem,
        *,
        now: float,
        base_url: str,
    ) -> JsonObject:
        """Take in a batch."""
        requests = body.get("requests")
        if not isinstance(requests, list) or not requests:
            raise invalid("requests: at least one request is required")
        ids = [item.get("custom_id") if isinstance(item, dict) else None for item in requests]
        if not all(ids) or len(set(ids)) != len(ids):
            raise invalid("requests: every request needs a custom_id of its own")
        batch = _Batch(
            identity("msgbatch_01"), now, now + asked.batch_s, asked, requests, answer_item
        )
        self._batches[workspace, batch.id] = batch
        return batch.describe(base_url)

    def retrieve(self, workspace: str, batch_id: str, *, now: float, base_url: str) -> JsonObject:
        """Show a batch as it stands."""
        return self._find(workspace, batch_id, now).describe(base_url)

    def page(self, workspace: str, *, now: float, base_url: str) -> JsonObject:
        """List the workspace's batches on one page, newest first."""
        found = [batch for (owner, _), batch in self._batches.items() if owner == workspace]
        for batch in found:
            batch.settle(now)
        data = [batch.describe(base_url) for batch in reversed(found)]
        ends = (data[0]["id"], data[-1]["id"]) if data else (None, None)
        return {"data": data, "has_more": False, "first_id": ends[0], "last_id": ends[1]}

    def cancel(self, workspace: str, batch_id: str, *, now: float, base_url: str) -> JsonObject:
        """Cancel a batch; what is not yet worked off ends as `canceled`."""
        batch = self._find(workspace, batch_id, now)
        if not batch.results:
            batch.canceled_at = now
        described = batch.describe(base_url)
        return described if batch.results else {**described, "processing_status": "canceling"}

    def delete(self, workspace: str, batch_id: str, *, now: float) -> JsonObject:
        """Forget a batch."""
        self._find(workspace, batch_id, now)
        del self._batches[workspace, batch_id]
        return {"id": batch_id, "type": "message_batch_deleted"}

    def results(self, workspace: str, batch_id: str, *, now: float) -> list[Any]:
        """Give the results of a finished batch."""
        batch = self._find(workspace, batch_id, now)
        if not batch.results:
            raise invalid(f"batch {batch_id} has not finished processing")
        return batch.results

    def _find(self, workspace: str, batch_id: str, now: float) -> _Batch:
        batch = self._batches.get((workspace, batch_id))
        if batch is None:
            raise ApiFailure(404, f"message batch: {batch_id}")
        batch.settle(now)
        return batch


def _instant(seconds: float, later: timedelta = timedelta(0)) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc) + later
    return moment.isoformat().replace("+00:00", "Z")
