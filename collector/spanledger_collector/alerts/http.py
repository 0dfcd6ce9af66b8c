"""`POST /api/v1/alerts/…`: what a person does to an alert, tests of channels, rules tried out."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from spanledger_collector.alerts.alert import Alert
from spanledger_collector.alerts.backtest import Backtest, backtest
from spanledger_collector.alerts.instants import stamp
from spanledger_collector.alerts.ledger import one_alert
from spanledger_collector.alerts.lifecycle import MAX_SNOOZE_H, Action, Refused
from spanledger_collector.alerts.service import Alerting, NoChannel
from spanledger_collector.json_body import BadRequest, json_fields
from spanledger_collector.problems import problem
from spanledger_collector.settings import SettingsError, rule_of
from spanledger_collector.store import BadBatch, StoreUnavailable
from spanledger_collector.writer import QueueFull

__all__ = ["ACTIONS", "FEEDBACK", "alert_routes"]

ACTIONS = ("ack", "unack", "snooze", "unsnooze", "resolve", "feedback")
FEEDBACK = ("real", "expected", "planned")
MAX_BODY_BYTES = 16_384
MAX_TEXT = 500
MAX_DAYS = 366
_FIELDS = {"snooze": {"actor", "note", "hours"}, "feedback": {"actor", "note", "feedback"}}


_AWAY = "The ledger cannot do it now; nothing changed. Ask again."


class _NoAlert(Exception):
    """There is no alert with this id."""


def alert_routes(alerting: Alerting) -> list[Route]:
    """Make the routes."""
    trying = asyncio.Lock()

    async def act(request: Request) -> dict[str, Any]:
        action = _action(request.path_params["action"], await _read(request))
        alert = await asyncio.to_thread(one_alert, alerting.store, request.path_params["alert_id"])
        if alert is None:
            raise _NoAlert
        after = await asyncio.to_thread(alerting.act, alert, action)
        return _told(after)

    async def evaluate(request: Request) -> dict[str, Any]:
        await _read(request, set())
        outcome = await asyncio.to_thread(alerting.watch.judge)
        return outcome._asdict()

    async def test(request: Request) -> dict[str, Any]:
        fields = await _read(request, {"channel"})
        results = await asyncio.to_thread(alerting.test, _text(fields, "channel"))
        return {"channels": [result._asdict() for result in results]}

    async def try_out(request: Request) -> dict[str, Any]:
        wanted = _backtest(alerting, await _read(request, {"rule", "days"}))
        async with trying:
            tried = await asyncio.to_thread(
                backtest,
                alerting.store,
                wanted,
                alerting.place,
                alerting.clock(),
                alerting.plan,
            )
        return tried.told()

    return [
        Route("/api/v1/alerts/evaluate", _answering(evaluate), methods=["POST"]),
        Route("/api/v1/alerts/test", _answering(test), methods=["POST"]),
        Route("/api/v1/alerts/backtest", _answering(try_out), methods=["POST"]),
        Route("/api/v1/alerts/{alert_id}/{action}", _answering(act), methods=["POST"]),
    ]


def _answering(
    work: Callable[[Request], Awaitable[dict[str, Any]]],
) -> Callable[[Request], Awaitable[Response]]:
    """Answer with what the work comes to, or say as a problem why not."""

    async def answer(request: Request) -> Response:
        try:
            body = orjson.dumps(await work(request), default=str)
        except (BadRequest, SettingsError) as error:
            return problem(400, str(error))
        except _NoAlert:
            return problem(404, "There is no alert with this id. The query `alerts` lists them.")
        except NoChannel as error:
            return problem(404, str(error))
        except Refused as error:
            return problem(409, str(error))
        except (BadBatch, QueueFull, StoreUnavailable, FutureTimeout):
            return problem(503, _AWAY, {"retry-after": "1"})
        return Response(body, media_type="application/json")

    return answer


async def _read(request: Request, known: set[str] | None = None) -> Mapping[str, Any]:
    fields = await json_fields(request, MAX_BODY_BYTES)
    action = request.path_params.get("action", "")
    allowed = _FIELDS.get(action, {"actor", "note"}) if known is None else known
    for name in fields:
        if name not in allowed:
            listed = ", ".join(sorted(allowed)) or "none"
            raise BadRequest(f"There is no field {name!r}; there are {listed}.")
    return fields


def _action(name: str, fields: Mapping[str, Any]) -> Action:
    if name not in ACTIONS:
        raise BadRequest(f"There is no action {name!r}; there are {', '.join(ACTIONS)}.")
    feedback, hours = _text(fields, "feedback"), fields.get("hours")
    if name == "feedback" and feedback not in FEEDBACK:
        raise BadRequest(f"The field 'feedback' must be one of {', '.join(FEEDBACK)}.")
    if name == "snooze" and not _is_hours(hours):
        raise BadRequest(f"The field 'hours' must be a number above 0, {MAX_SNOOZE_H} at most.")
    actor = _text(fields, "actor") or "somebody"
    return Action(name, actor, _text(fields, "note"), hours, feedback)


def _is_hours(hours: object) -> bool:
    if isinstance(hours, bool) or not isinstance(hours, (int, float)):
        return False
    return math.isfinite(hours) and 0 < hours <= MAX_SNOOZE_H


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not (isinstance(value, str) and len(value) <= MAX_TEXT):
        raise BadRequest(f"The field {name!r} must be text of {MAX_TEXT} characters at most.")
    return value or None


def _backtest(alerting: Alerting, fields: Mapping[str, Any]) -> Backtest:
    days, wanted = fields.get("days", 14), fields.get("rule")
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MAX_DAYS:
        raise BadRequest(f"The field 'days' must be an integer from 1 to {MAX_DAYS}.")
    if isinstance(wanted, Mapping):
        return Backtest(rule_of({"name": "preview", **wanted}), days)
    found = next((rule for rule in alerting.rules if rule.name == wanted), None)
    if found is None:
        known = ", ".join(rule.name for rule in alerting.rules)
        raise BadRequest(
            f"The field 'rule' is {str(wanted)[:80]!r}; it must be one of {known}, or an object"
            " with the keys of a rule."
        )
    return Backtest(found, days)


def _told(alert: Alert) -> dict[str, Any]:
    """An alert's row under the names that the query `alerts` has."""
    row = alert._asdict()
    row["rule_kind"], row["verdict"] = row.pop("kind"), row.pop("reason")
    times = {name for name, value in row.items() if hasattr(value, "isoformat")}
    stamped = {name: stamp(row[name]) for name in times}
    return {name: value for name, value in (row | stamped).items() if name != "message"}
