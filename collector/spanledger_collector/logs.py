"""How the collector writes its log: a line an event, as text or as JSON, and never a secret."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanledger_collector.settings import CollectorSettings

__all__ = ["LogFormat", "start_logging"]

HIDDEN = "[hidden]"
_SECRETS = re.compile(
    r"(?P<bearer>\b(?:bearer|basic)(?:\s+|%20))[^\s\"',;]+"
    r"|(?P<user>://)[^/\s@]+(?=@)"
    r"|(?P<named>(?:api[-_]?key|token|secret|password|authorization)[\"']?\s*[=:]\s*[\"']?)"
    r"(?!(?:bearer|basic)\b)[^\s\"'&,;]+"
    r"|\bsk-ant-[\w-]+",
    re.IGNORECASE,
)


class LogFormat(logging.Formatter):
    """One line an event.

    Args:
        kind: `text` or `json`.
        secrets: what is hidden wherever it stands, beside all that looks like a credential.
    """

    def __init__(self, kind: str, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._kind = kind
        longest_first = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        time = datetime.fromtimestamp(record.created, timezone.utc)
        told = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._clean(record.getMessage()),
        }
        if record.exc_info:
            told["exception"] = self._clean(self.formatException(record.exc_info))
        if self._kind == "json":
            return json.dumps(told, ensure_ascii=False)
        # No sender's line break makes a second entry; a traceback is ours and keeps its own.
        message = told["message"].replace("\n", "\\n").replace("\r", "\\r")
        line = f"{told['time']} {record.levelname} {message}"
        return f"{line}\n{told['exception']}" if "exception" in told else line

    def _clean(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        return _SECRETS.sub(_hide, text)


def start_logging(settings: CollectorSettings) -> None:
    """Send this process's log to standard error, from INFO on."""
    secrets = [each.secret for each in settings.tokens or ()]
    if settings.token is not None:
        secrets.append(settings.token.get_secret_value())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogFormat(settings.log_format, secrets))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _hide(found: re.Match[str]) -> str:
    kept = next((group for group in found.groups() if group is not None), "")
    return kept + HIDDEN
