"""Settings into parts: which process runs what, with which environment."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from spanledger_collector.cli.children import Part
from spanledger_collector.ports import free_port
from spanledger_collector.settings import Settings, TeamToken, variable_name


def with_real_ports(settings: Settings) -> Settings:
    """Replace port 0 by a port that is free now, so that both parts and the user know it."""
    sections = {}
    for name in ("collector", "dashboard"):
        section = getattr(settings, name)
        port = section.port or free_port(section.host)
        sections[name] = section.model_copy(update={"port": port})
    grpc = settings.collector.grpc_asked
    grpc_port = "off" if grpc is None else grpc or free_port(settings.collector.host)
    sections["collector"] = sections["collector"].model_copy(update={"grpc_port": grpc_port})
    return settings.model_copy(update=sections)


def self_contained(settings: Settings) -> Settings:
    """Point the dashboard at the collector that runs beside it, whatever the settings name.

    With TLS the address has to be the one that the certificate names, so it is left alone.
    """
    if settings.collector.tls_cert is not None:
        return settings
    dashboard = settings.dashboard.model_copy(update={"collector_url": None})
    return settings.model_copy(update={"dashboard": dashboard})


def collector_part(settings: Settings, config: Path | None = None) -> Part:
    """The collector as a child, with exactly these settings.

    Args:
        settings: What the environment of the child states.
        config: The settings file for what the environment cannot state; None reads no file.
    """
    return Part(
        name="collector",
        module="spanledger",
        arguments=("collector", "--config", str(config or os.devnull)),
        environment={
            **_variables("collector", settings.collector),
            **_variables("store", settings.store),
            **_variables("prices", settings.prices),
            **_variables("alerts", settings.alerts),
            "SPANLEDGER_BUDGETS": _as_text(settings.budgets),
            # What the collector shows and links to of the dashboard.
            variable_name("dashboard", "time_zone"): settings.dashboard.time_zone,
            variable_name("dashboard", "public_url"): settings.dashboard.public_url
            or settings.dashboard.url,
        },
        health_url=f"{settings.collector.url}/readyz",
    )


def dashboard_part(settings: Settings) -> Part:
    """The dashboard as a child, pointed at the collector."""
    return Part(
        name="dashboard",
        module="spanledger_dashboard",
        arguments=(),
        environment=dashboard_environment(settings),
        health_url=f"{settings.dashboard.url}/_stcore/health",
    )


def dashboard_environment(settings: Settings) -> dict[str, str]:
    """All that the dashboard's own process reads: it knows no settings file."""
    pointed = settings.dashboard.model_copy(update={"collector_url": settings.collector_urls})
    secrets = CollectorSecrets(token=settings.collector.token)
    return {**_variables("dashboard", pointed), **_variables("collector", secrets)}


class CollectorSecrets(BaseModel):
    """What of the collector's settings a client needs."""

    token: SecretStr | None


def _variables(section: str, values: BaseModel) -> dict[str, str]:
    named = {key: getattr(values, key) for key in type(values).model_fields}
    return {
        variable_name(section, key): _as_text(value)
        for key, value in named.items()
        if value is not None
    }


def _entry(each: object) -> Any:
    """One of several tables, such as a rule; what it names, the child fetches itself."""
    if isinstance(each, TeamToken):
        given = each.model_dump(include={"team", "scope"}, exclude_none=True)
        return {"token": each.secret, **given}
    if not isinstance(each, BaseModel):
        return each
    return each.model_dump(mode="json", exclude_none=True, exclude={"address", "secret"})


def _as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Path):
        return str(value.absolute())
    if isinstance(value, tuple):
        return json.dumps([_entry(each) for each in value])
    if isinstance(value, float):
        return repr(value)
    return str(int(value)) if isinstance(value, int) else str(value)
