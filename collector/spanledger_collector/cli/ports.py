"""Which ports are free, and what to say when one is not."""

from __future__ import annotations

import errno
import socket

from spanledger_collector.settings import CollectorSettings, Settings, variable_name

_TAKEN = {errno.EADDRINUSE, getattr(errno, "WSAEACCES", errno.EADDRINUSE)}


class PortTaken(Exception):
    """A port that is needed is in use; the message names port, setting and cure."""


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen on host and port now.

    Raises:
        OSError: When the host itself is no address of this machine.
    """
    if port == 0:
        return True
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            raise
    return True


def demand_free_ports(settings: Settings) -> None:
    """Check all ports before anything starts.

    Raises:
        PortTaken: With the port, the setting and the cure.
    """
    _demand("collector", "port", "--port", settings.collector.host, settings.collector.port)
    demand_dashboard_port(settings, "--dashboard-port")
    _demand_grpc(settings.collector)
    ports = (settings.collector.port, settings.dashboard.port)
    if ports[0] == ports[1] != 0:
        raise PortTaken(
            f"Collector and dashboard cannot share port {ports[0]}. Give one of them another:"
            " --port or --dashboard-port."
        )


def demand_dashboard_port(settings: Settings, option: str) -> None:
    """Check the dashboard's port before it starts.

    Raises:
        PortTaken: With the port, the setting and the cure; `option` is the command's for it.
    """
    _demand("dashboard", "port", option, settings.dashboard.host, settings.dashboard.port)


def _demand_grpc(collector: CollectorSettings) -> None:
    port = collector.grpc_asked
    if port is None:
        return
    _demand("collector", "grpc_port", "--port (then gRPC is off)", collector.host, port)


def _demand(section: str, key: str, option: str, host: str, port: int) -> None:
    variable = variable_name(section, key)
    try:
        free = is_free(host, port)
    except OSError as error:
        raise PortTaken(
            f"The {section} cannot listen on {host}:{port}: {error.strerror or error}. Correct"
            f" {section}.host or {section}.{key} in the settings file, or the variables"
            f" {variable_name(section, 'host')} and {variable}."
        ) from error
    if not free:
        raise PortTaken(
            f"Port {port} on {host} is taken, so the {section} cannot start. Perhaps SpanLedger"
            f" is running already: `spanledger doctor` tells. Otherwise stop the program that"
            f" holds the port, or choose another with {option}, with {section}.{key} in the"
            f" settings file, or with {variable}."
        )
