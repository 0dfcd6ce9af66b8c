"""What cannot be read of a request in JSON is refused alone; all that is beside it is stored."""

from __future__ import annotations

import copy
import json
import time
import uuid
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanledger import semconv
from spanledger_collector.dialects.claude_code_events import SCOPE as EVENTS
from tests.collector.support import MODEL, Client, Document, attribute, call_span

INTEGER = "must be a 64-bit integer, as a number or as text"
DEEP: Document = {"intValue": 1}
for _ in range(60):
    DEEP = {"arrayValue": {"values": [DEEP]}}
FORMS = {
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
}
SCOPES = {"traces": semconv.SCOPE, "metrics": "com.anthropic.claude_code", "logs": EVENTS}
REFUSED = {
    "traces": "rejectedSpans",
    "metrics": "rejectedDataPoints",
    "logs": "rejectedLogRecords",
}
serial = count()


def span(session: str) -> Document:
    """A call, as our own instrumentation sends it."""
    return call_span(f"msg_{session}", attributes={semconv.CONVERSATION_ID: session})


def event(session: str) -> Document:
    """A call, as Claude Code logs it."""
    facts = {
        "event.name": "api_request",
        "session.id": session,
        "request_id": f"req_{session}",
        "model": MODEL,
        "input_tokens": "1000",
        "output_tokens": "100",
        "cost_usd": "0.0045",
    }
    return {
        "timeUnixNano": str(time.time_ns()),
        "severityNumber": 9,
        "body": {"stringValue": "claude_code.api_request"},
        "attributes": [attribute(name, value) for name, value in facts.items()],
    }


def point(session: str) -> Document:
    """A thousand tokens, as Claude Code counts them."""
    facts = {"session.id": session, "model": MODEL, "type": "input"}
    return {
        "startTimeUnixNano": str(time.time_ns() - 10**9),
        "timeUnixNano": str(time.time_ns()),
        "asDouble": 1000.0,
        "attributes": [attribute(name, value) for name, value in facts.items()],
    }


MAKE = {"traces": span, "metrics": point, "logs": event}


def request(signal: str, *records: object, scope: object = None) -> Document:
    """A request of one resource and one scope."""
    by_resource, by_scope, listed = FORMS[signal]
    held: list[object] = list(records)
    if signal == "metrics":
        data = {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": held}
        held = [{"name": "claude_code.token.usage", "unit": "tokens", "sum": data}]
    scoped = {"scope": {"name": SCOPES[signal]} if scope is None else scope, listed: held}
    resource = {"attributes": [attribute("service.name", "checkout")]}
    return {by_resource: [{"resource": resource, by_scope: [scoped]}]}


def joined(*requests: Document) -> Document:
    """Requests of one signal as one."""
    [name] = requests[0]
    return {name: [each for one in requests for each in one[name]]}


def sessions() -> tuple[str, str, str]:
    name = f"{uuid.uuid4()}"
    return f"{name}-1", f"{name}-2", f"{name}-3"


class Told:
    """What a request was answered, and what became of it."""

    def __init__(self, client: Client, signal: str, document: Document) -> None:
        answer = client.post(orjson.dumps(document), path=f"/v1/{signal}")
        assert answer.status_code == 200, answer.text
        partial = answer.json().get("partialSuccess", {})
        self.rejected = int(partial.get(REFUSED[signal], 0))
        self.message: str = partial.get("errorMessage", "")
        self.quarantine: list[Document] = []
        if self.rejected:
            self.quarantine = client.query("quarantine", limit=1000)[: self.rejected]

    @property
    def refused(self) -> list[tuple[str, str]]:
        return [(row["reason"], row["detail"]) for row in self.quarantine]


def stored(client: Client, *names: str) -> list[Document]:
    """The calls of sessions."""
    return client.query("latest_calls", session_id=list(names), limit=1000)


ALL: dict[str, tuple[object, str]] = {
    "text for a record": ("a secret", "each record must be a JSON object"),
    "nothing for a record": (None, "each record must be a JSON object"),
    "true for a time": ({"startTimeUnixNano": True}, f"startTimeUnixNano {INTEGER}"),
    "a time in words": ({"timeUnixNano": "soon"}, f"timeUnixNano {INTEGER}"),
    "a time of 65 bits": ({"timeUnixNano": str(2**64)}, f"timeUnixNano {INTEGER}"),
    "attributes in an object": ({"attributes": {}}, "attributes must be a JSON array"),
    "text for an attribute": (
        {"attributes": ["a secret"]},
        "each of attributes must be a JSON object",
    ),
    "a number for a name": ({"attributes": [{"key": 5}]}, "key must be a JSON string"),
    "a value that is not wrapped": (
        {"attributes": [{"key": "n", "value": "a secret"}]},
        "of attribute 'n' value must be a JSON object",
    ),
    "an integer in words": (
        {"attributes": [{"key": "n", "value": {"intValue": "a secret"}}]},
        f"of attribute 'n' intValue {INTEGER}",
    ),
    "a fraction": (
        {"attributes": [{"key": "n", "value": {"intValue": 1.5}}]},
        f"of attribute 'n' intValue {INTEGER}",
    ),
    "a number for a text": (
        {"attributes": [{"key": "n", "value": {"stringValue": 5}}]},
        "of attribute 'n' stringValue must be a JSON string",
    ),
    "a number for a truth": (
        {"attributes": [{"key": "n", "value": {"boolValue": 1}}]},
        "of attribute 'n' boolValue must be a JSON boolean",
    ),
    "bytes that are none": (
        {"attributes": [{"key": "n", "value": {"bytesValue": "*"}}]},
        "of attribute 'n' bytesValue must be base64",
    ),
    "bytes beyond ASCII": (
        {"attributes": [{"key": "n", "value": {"bytesValue": "é"}}]},
        "of attribute 'n' bytesValue must be base64",
    ),
    "a value without end": (
        {"attributes": [{"key": "n", "value": DEEP}]},
        "of attribute 'n' the value is nested deeper than 50 levels",
    ),
}
ENUM = "must be the enum's integer, never its name"
OWN: dict[str, dict[str, tuple[object, str]]] = {
    "traces": {
        "a number for an id": ({"traceId": 5}, "traceId must be a JSON string"),
        "a list for a parent": ({"parentSpanId": []}, "parentSpanId must be a JSON string"),
        "a kind by name": ({"kind": "SPAN_KIND_CLIENT"}, f"kind {ENUM}"),
        "a status by name": ({"status": {"code": "STATUS_CODE_OK"}}, f"code {ENUM}"),
        "a status that is none": ({"status": 2}, "status must be a JSON object"),
        "an end of true": ({"endTimeUnixNano": True}, f"endTimeUnixNano {INTEGER}"),
        "a name of numbers": ({"name": 5}, "name must be a JSON string"),
    },
    "metrics": {
        "a value in words": ({"asDouble": "much"}, "asDouble must be a number"),
        "half an integer": ({"asDouble": None, "asInt": 0.5}, f"asInt {INTEGER}"),
        "flags by name": ({"flags": "NONE"}, f"flags {ENUM}"),
    },
    "logs": {
        "a severity by name": ({"severityNumber": "INFO"}, f"severityNumber {ENUM}"),
        "a body that is not wrapped": ({"body": "a secret"}, "body must be a JSON object"),
        "an id that is a number": ({"spanId": 5}, "spanId must be a JSON string"),
    },
}
UNREAD = {
    ("traces", "a time in words"),
    ("traces", "a time of 65 bits"),
    ("logs", "true for a time"),
}
CASES = [
    pytest.param(signal, bad, detail, id=f"{signal}: {name}")
    for signal in FORMS
    for name, (bad, detail) in {**ALL, **OWN[signal]}.items()
    if (signal, name) not in UNREAD  # a field that this signal has not
]


@pytest.mark.parametrize(("signal", "bad", "detail"), CASES)
def test_a_record_that_cannot_be_read_is_refused_alone(
    shared: Client, signal: str, bad: object, detail: str
) -> None:
    """It is counted, told, and in quarantine with what could be read; its neighbours are stored."""
    first, second, third = sessions()
    broken = MAKE[signal](second) | bad if isinstance(bad, dict) else bad
    told = Told(shared, signal, request(signal, MAKE[signal](first), broken, MAKE[signal](third)))

    assert told.rejected == 1
    assert f"unreadable: 1 ({detail})" in told.message
    assert told.refused == [("unreadable", detail)]
    assert "checkout" in told.quarantine[0]["span"]
    assert "a secret" not in f"{told.quarantine} {told.message}"
    assert len(stored(shared, first, third)) == 2
    assert not stored(shared, second)


def test_quarantine_shows_what_could_be_read(client: Client) -> None:
    """Ids, times, name and the good attributes; never content. The metric counts it."""
    bad = call_span("msg_1", attributes={"gen_ai.input.messages": "a secret", "n": 1.5})
    bad |= {"startTimeUnixNano": [], "status": 5, "name": "chat"}
    bad["attributes"] += [
        {"key": "wrong", "value": {"intValue": "a secret"}},
        {"key": "gen_ai.output.messages", "value": {"intValue": "a secret"}},
        "a secret",
    ]
    told = Told(client, "traces", request("traces", bad))
    [row] = told.quarantine
    kept = orjson.loads(row["span"])
    attributes = kept.pop("attributes")

    assert kept == {
        "trace_id": bad["traceId"],
        "span_id": bad["spanId"],
        "parent_span_id": "",
        "name": "chat",
        "start_ns": "0",
        "end_ns": bad["endTimeUnixNano"],
        "scope": semconv.SCOPE,
        "resource": {"service.name": "checkout"},
    }
    assert attributes[semconv.RESPONSE_ID] == "msg_1"
    assert (attributes["n"], attributes["wrong"]) == (1.5, None)
    assert "a secret" not in f"{row} {told.message}"
    exposed = httpx2.get(f"{client.http.base_url}/metrics").text
    assert 'spanledger_rejected_records_total{reason="unreadable"} 1.0' in exposed


@pytest.mark.parametrize("written", ["z" * 16, "z" * 32, "AAECAwQFBgcICQoLDA0ODw=="])
def test_an_id_that_is_no_hex_is_no_id(shared: Client, written: str) -> None:
    """Whatever its length, also one of which the characters are as many as an id's bytes."""
    first, second, third = sessions()
    bad = [span(second) | {"traceId": written}, span(second) | {"spanId": written[:8]}]
    told = Told(shared, "traces", request("traces", span(first), *bad, span(third)))

    assert told.rejected == 2
    assert {reason for reason, _ in told.refused} == {"bad_trace_id", "bad_span_id"}
    assert len(stored(shared, first, second, third)) == 2


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (r"caf\u00e9 \ud83d", "café \ufffd"),
        (r"\uDE00 \ud83d\ude00\ude00", "\ufffd \U0001f600\ufffd"),
        (r"\ud83d\ud83d\ude00\uD83D\ud83dx", "\ufffd\U0001f600\ufffd\ufffdx"),
        (r"\\ud83d \ud83d", "\\ud83d \ufffd"),
    ],
)
def test_half_a_character_costs_no_span(shared: Client, written: str, kept: str) -> None:
    """JavaScript and Python write half a surrogate pair where a text was cut: it is U+FFFD here."""
    first, second, _ = sessions()
    bad = span(first)
    bad["attributes"].append(attribute(f"{semconv.TAG_PREFIX}team", "HERE"))
    text = json.dumps(request("traces", bad, span(second))).replace("HERE", written)
    answer = shared.post(text.encode())

    assert (answer.status_code, answer.json()) == (200, {})
    assert {row["team"] for row in stored(shared, first)} == {kept}
    assert len(stored(shared, second)) == 1


RESOURCES: dict[str, tuple[object, str, str]] = {
    "none": (5, "unknown_service", "resource must be a JSON object"),
    "attributes in an object": (
        {"attributes": {}},
        "unknown_service",
        "attributes must be a JSON array",
    ),
    "a service of true": (
        {"attributes": [{"key": "service.name", "value": {"stringValue": True}}]},
        "unknown_service",
        "of attribute 'service.name' stringValue must be a JSON string",
    ),
    "named twice": (
        {
            "attributes": [
                attribute("service.name", "another"),
                {"key": "service.name", "value": {"stringValue": True}},
            ]
        },
        "unknown_service",
        "of attribute 'service.name' stringValue must be a JSON string",
    ),
    "an attribute that is none": (
        {"attributes": [5, {"key": 5}, attribute("service.name", "checkout")]},
        "checkout",
        "each of attributes must be a JSON object",
    ),
    "another attribute": (
        {"attributes": [{"key": "pid", "value": 7}, attribute("service.name", "checkout")]},
        "checkout",
        "of attribute 'pid' value must be a JSON object",
    ),
}


@pytest.mark.parametrize("signal", FORMS)
@pytest.mark.parametrize(("resource", "service", "detail"), RESOURCES.values(), ids=list(RESOURCES))
def test_what_cannot_be_read_of_a_resource_is_left_out(
    shared: Client, signal: str, resource: object, service: str, detail: str
) -> None:
    """Its calls are stored, what they cost counts, and nobody is charged by a guess."""
    first, second, _ = sessions()
    bad = request(signal, MAKE[signal](first))
    bad[FORMS[signal][0]][0]["resource"] = resource
    told = Told(shared, signal, joined(bad, request(signal, MAKE[signal](second))))
    [one], [other] = stored(shared, first), stored(shared, second)

    assert told.rejected == 0
    assert told.message == f"what cannot be read of resources was left out: {detail}: 1"
    assert (one["service"], other["service"]) == (service, "checkout")
    assert one["cost_usd"] == other["cost_usd"] is not None


@pytest.mark.parametrize("signal", FORMS)
@pytest.mark.parametrize("scope", [7, [], {"name": 7}, {"name": {}}])
def test_an_unreadable_scope_costs_its_own_records(
    shared: Client, signal: str, scope: object
) -> None:
    """A scope says what its attributes mean: each record of an unknown one is refused by itself."""
    first, second, third = sessions()
    records = [MAKE[signal](first), MAKE[signal](second)]
    bad = request(signal, *records, scope=scope)
    told = Told(shared, signal, joined(bad, request(signal, MAKE[signal](third))))

    assert told.rejected == 2
    assert all(detail.startswith("its scope is not known: ") for _, detail in told.refused)
    assert first in f"{told.quarantine}"
    assert len(stored(shared, first, second, third)) == 1


@pytest.mark.parametrize("signal", FORMS)
@pytest.mark.parametrize("level", range(3))
@pytest.mark.parametrize("wrong", [7, "a secret", True])
def test_a_list_that_is_none_costs_what_it_holds(
    shared: Client, signal: str, level: int, wrong: object
) -> None:
    """An entry of the outermost list, or a list within it, counts as one record that is refused."""
    first, second, _ = sessions()
    bad: Any = request(signal, MAKE[signal](first))
    names = FORMS[signal]
    if level == 0:
        bad[names[0]] = [wrong]
    elif level == 1:
        bad[names[0]][0][names[1]] = wrong
    else:
        bad[names[0]][0][names[1]][0][names[2]] = wrong
    told = Told(shared, signal, joined(bad, request(signal, MAKE[signal](second))))

    assert told.rejected == 1
    assert names[level] in told.refused[0][1]
    assert "a secret" not in f"{told.quarantine} {told.message}"
    assert len(stored(shared, first, second)) == 1


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"name": 7}, 2),
        ({"unit": 7}, 2),
        ({"sum": 7}, 1),
        ({"sum": {"dataPoints": 7}}, 1),
        ({"sum": {"aggregationTemporality": "DELTA", "dataPoints": [{}, {}]}}, 2),
        ({"sum": {"aggregationTemporality": "DELTA", "dataPoints": [{"flags": 1}, {}]}}, 1),
        ({"gauge": 7}, 1),
    ],
)
def test_an_unreadable_metric_costs_its_own_points(
    shared: Client, fields: Document, refused: int
) -> None:
    """Each of its points is refused; those of the metric beside it are stored."""
    first, second, third = sessions()
    bad = request("metrics", point(first), point(second))
    bad["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0] |= fields
    told = Told(shared, "metrics", joined(bad, request("metrics", point(third))))
    kept = 3 if "gauge" in fields else 1

    assert told.rejected == refused
    assert len(stored(shared, first, second, third)) == kept


def test_records_that_are_not_kept_are_not_quarantined_either(shared: Client) -> None:
    """Logs and metrics of others fill no quarantine, however they are written."""
    logs = request("logs", {"severityNumber": "INFO", "eventName": "another"}, scope={"name": "x"})
    metrics = request("metrics", {"asInt": 0.5})
    metrics["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["name"] = "cpu"

    assert Told(shared, "logs", logs).message.endswith("were not kept: another: 1")
    assert Told(shared, "metrics", metrics).message.endswith("were not kept: cpu: 1")


Path = tuple["str | int", ...]
BAD: st.SearchStrategy[object] = st.sampled_from(
    [None, True, False, 0, -1, 1.5, 2**64, "", "é", "9" * 30, [], {}, [5], [None], ["x"],
     {"x": 5}, {"key": 5}, {"attributes": 5}, {"name": 5}, [[]], DEEP]
)  # fmt: skip


def calls_of_six() -> tuple[Document, dict[Path, str]]:
    """Two resources, three scopes, six calls; and where the span of each message id is."""
    run = next(serial)
    document = joined(request("traces"), request("traces"))
    resources = document["resourceSpans"]
    resources[1]["scopeSpans"] += request("traces")["resourceSpans"][0]["scopeSpans"]
    where: dict[Path, str] = {}
    for at, (resource, scope) in enumerate([(0, 0), (1, 0), (1, 1)] * 2):
        listed = resources[resource]["scopeSpans"][scope]["spans"]
        place: Path = ("resourceSpans", resource, "scopeSpans", scope, "spans", len(listed))
        where[place] = f"msg_{run}_{at}"
        listed.append(span(f"{run}_{at}") | {"status": {"code": 1}, "events": [{"name": "e"}]})
    return document, where


def nodes(value: object, path: Path = ()) -> Iterator[Path]:
    """The places of all values of a document."""
    yield path
    inner: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(value, dict):
        inner = iter(value.items())
    elif isinstance(value, list):
        inner = iter(enumerate(value))
    for name, each in inner:
        yield from nodes(each, (*path, name))


def replaced(document: Document, path: Path, value: object) -> object:
    """A document with another value at a place."""
    if not path:
        return value
    changed: Any = copy.deepcopy(document)
    holder = changed
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = value
    return changed


def touches(path: Path, place: Path) -> bool:
    """Whether a value at a path says anything of, or holds, the span at a place."""
    scope = (*place[:4], "scope")
    within = (path[: len(held)] == held for held in (place, scope))
    return place[: len(path)] == path or any(within)


@given(which=st.integers(0, 2**16), around=st.booleans(), bad=BAD)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_one_wrong_value_costs_only_what_it_belongs_to(
    shared: Client, which: int, bad: object, *, around: bool
) -> None:
    """Whatever value of a request is replaced by whatever, every other span's call is stored."""
    document, where = calls_of_six()
    paths = [path for path in nodes(document) if (path[:6] in where) is not around]
    path = paths[which % len(paths)]
    answer = shared.post(json.dumps(replaced(document, path, bad)).encode())
    untouched = {name for place, name in where.items() if not touches(path, place)}
    rows = stored(shared, "none", *(name.removeprefix("msg_") for name in untouched))

    assert answer.status_code == 200 or (answer.status_code == 400 and not untouched)
    assert {row["message_id"]: row["cost_usd"] for row in rows} == dict.fromkeys(
        untouched, "0.004500000000"
    )
