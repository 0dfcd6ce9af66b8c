"""Commands that ask the collector: which one, and how they end when it does not answer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeAlias, get_type_hints

from spanledger_collector.cli.api import ApiError, WrongRequest, client
from spanledger_collector.cli.console import FAILED, MISUSED, fail
from spanledger_collector.cli.options import (
    ConfigOption,
    TokenOption,
    UrlOption,
    settings_or_fail,
)

__all__ = ["asking"]

_Command: TypeAlias = Callable[..., None]


def asking(unreachable: int = FAILED) -> Callable[[_Command], _Command]:
    """Give a command the collector's API, and the options that say which collector.

    Args:
        unreachable: how the command ends when the collector does not answer.
    """

    def decorate(command: _Command) -> _Command:
        @wraps(command)
        def run(*, url: str | None, token: str | None, config: Path | None, **given: Any) -> None:
            settings = settings_or_fail(config)
            try:
                with client(settings, url, token, timeout_s=600.0) as api:
                    command(api, **given)
            except WrongRequest as error:
                fail(str(error), MISUSED)
            except ApiError as error:
                fail(str(error), unreachable)

        return _with_options(run, command)

    return decorate


def _with_options(run: _Command, command: _Command) -> _Command:
    """Let typer read a command's own options, and those that say which collector."""
    hints: dict[str, Any] = get_type_hints(command, include_extras=True)
    own = list(inspect.signature(command).parameters.values())[1:]
    added: dict[str, Any] = {"url": UrlOption, "token": TokenOption, "config": ConfigOption}
    by_name = inspect.Parameter.KEYWORD_ONLY
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # that is where it looks
        [each.replace(annotation=hints[each.name], kind=by_name) for each in own]
        + [
            inspect.Parameter(name, by_name, default=None, annotation=kind)
            for name, kind in added.items()
        ]
    )
    run.__annotations__ = {each.name: hints[each.name] for each in own} | added
    return run
