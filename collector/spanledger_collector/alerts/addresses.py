"""Which network addresses a message may go to; pure but for the look-up of names."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

__all__ = ["Forbidden", "allowed_address", "why_forbidden"]

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = IPv6Network("::/96")

Address = IPv4Address | IPv6Address


class Forbidden(OSError):
    """A target that nothing is sent to; the message says why."""


def allowed_address(host: str, port: int, *, allow_private: bool) -> str:
    """Look a name up once and return the address to connect to.

    Raises:
        Forbidden: one of its addresses must not be connected to.
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    for address in addresses:
        if (why := why_forbidden(address, allow_private=allow_private)) is not None:
            raise Forbidden(
                f"its name leads to {address}, which is {why}"
                + ("" if allow_private else "; allow_private = true permits private networks")
            )
    return addresses[0]


def why_forbidden(text: str, *, allow_private: bool) -> str | None:
    """Why an address is none to send to; None when it may be."""
    address = _meant(ip_address(text))
    if address.is_unspecified:
        return "no address of a machine"
    if address.is_multicast:
        return "a multicast address"
    if address.is_link_local:
        return "link-local"
    if allow_private and (address.is_loopback or address.is_private):
        return None
    if address.is_loopback:
        return "this machine"
    if address.is_private:
        return "in a private network"
    if address.is_reserved or not address.is_global:
        return "reserved"
    return None


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    wrapped = address.ipv4_mapped or address.sixtofour
    if wrapped is None and address.teredo is not None:
        wrapped = address.teredo[1]
    if wrapped is None and any(address in network for network in _NAT64):
        wrapped = IPv4Address(int(address) & 0xFFFFFFFF)
    if wrapped is None and address in _COMPATIBLE and int(address) > 1:
        wrapped = IPv4Address(int(address))
    return wrapped or address
