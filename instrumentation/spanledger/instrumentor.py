"""What is patched in the `anthropic` SDK and how it is undone; nothing else.

Every road of the SDK ends in `SyncAPIClient.request` or `AsyncAPIClient.request`, so that pair is
patched, never the many public methods: clients and bound methods that exist already, raw and
streaming responses, Bedrock and Vertex are covered at once. `_process_response` shows the answer
before it is parsed, and `Stream.__stream__` the events on their way to the caller.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import wrapt

from . import wrappers
from ._guard import guard
from .pipeline import Pipeline

_SDK = "anthropic._base_client"


class _Patched(NamedTuple):
    owner: type
    name: str
    original: Any
    replacement: Any


_patches: list[_Patched] = []
_hooked = False
_lock = threading.Lock()


def activate(pipeline: Pipeline) -> None:
    """Send a span for every call from now on; patches the SDK now, or as soon as it is imported."""
    global _hooked
    with _lock:
        wrappers.pipeline = pipeline
        if _SDK in sys.modules:
            _patch_sdk()
        elif not _hooked:
            _hooked = True
            wrapt.register_post_import_hook(_sdk_imported, _SDK)


def deactivate() -> None:
    """Send no more spans and put the SDK back as it was; calls in flight still end."""
    with _lock:
        wrappers.pipeline = None
        while _patches:
            owner, name, original, replacement = _patches.pop()
            # What somebody else wrapped around ours stays; ours then passes everything through.
            if owner.__dict__.get(name) is replacement:
                setattr(owner, name, original)


def _sdk_imported(_module: object) -> None:
    with _lock, guard:
        if wrappers.pipeline is not None:
            _patch_sdk()


def _patch_sdk() -> None:
    if _patches:
        return
    from anthropic import _base_client as base
    from anthropic import _streaming as streaming

    for owner, name, wrapper in (
        (base.SyncAPIClient, "request", wrappers.request),
        (base.AsyncAPIClient, "request", wrappers.request_async),
        (base.SyncAPIClient, "_process_response", wrappers.process_response),
        (base.AsyncAPIClient, "_process_response", wrappers.process_response),
        (streaming.Stream, "__stream__", wrappers.stream),
        (streaming.AsyncStream, "__stream__", wrappers.stream_async),
        *_decoders(),
    ):
        original = owner.__dict__[name]
        _replace(owner, name, wrapt.FunctionWrapper(original, wrapper))
    native = base.BaseClient.__dict__.get("_tracer")
    if isinstance(native, property):  # SDK 1.14 and newer emit a span of their own
        _replace(base.BaseClient, "_tracer", wrappers.native_tracer(native))


def _decoders() -> list[tuple[type, str, Callable[..., Any]]]:
    """What reads a batch's results; SDKs before 0.39 have no such thing."""
    try:
        from anthropic._decoders import jsonl
    except ImportError:
        return []
    return [
        (jsonl.JSONLDecoder, "__decode__", wrappers.results),
        (jsonl.AsyncJSONLDecoder, "__decode__", wrappers.results_async),
    ]


def _replace(owner: type, name: str, replacement: Any) -> None:
    _patches.append(_Patched(owner, name, owner.__dict__[name], replacement))
    setattr(owner, name, replacement)
