"""Where the hub's own calls may lead: a client that reaches public addresses only, and those that an operator lists.

The threat: an address in a setting, or what its name is made to mean later, leads into the municipality's own network (SSRF): to
this machine, to a neighbour that trusts the network, or to a cloud's metadata service. So the name is looked up here, each
address that it gives is judged, and the connection goes to an address that was judged: nobody looks the name up a second time
(DNS rebinding). The certificate is still asked for the name.

A call is over when its time is, however the other side spends it (`hub.call_time`). So each has a connection of its own.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, TypeAlias

import httpx

from hub.call_time import CallTime
from hub.errors import ConfigError
from hub.tls import trusted

__all__ = ["GuardedTransport", "Network", "Resolve", "guarded_client", "is_public", "looked_up"]

_Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""(host, port) → its addresses, in the order in which they are tried. Raises OSError when the name is not known."""

_TRANSLATED: Final = ip_network("64:ff9b::/96")  # NAT64: the IPv4 address is its last 32 bits (RFC 6052)
_COMPATIBLE: Final = ip_network("::/96")  # given up, and still read by some (RFC 4291 2.5.5.1)
# Ways to an IPv4 network that its own address does not show, and what was once a private network of IPv6.
_NEVER: Final = tuple(ip_network(text) for text in ("64:ff9b:1::/48", "2001::/32", "fec0::/10"))
_ONE_CALL: Final = httpx.Limits(max_keepalive_connections=0)  # what another call uses too cannot be cut


def is_public(address: _Address) -> bool:
    """Whether it lies on the public internet, judged by the IPv4 address that it may hold within."""
    if isinstance(address, IPv6Address) and (inner := _within(address)) is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and not any(address in network for network in _NEVER)


def looked_up(host: str, port: int) -> Sequence[str]:
    """What the machine's resolver says, each address once. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def guarded_client(*, timeout: float, allow_private: Iterable[Network] = (), resolve: Resolve = looked_up) -> httpx.Client:
    """A client of a foreign system whose address is a setting: seconds until it gives up, no redirect is followed.

    The seconds are those of the whole call, from its start until the answer has been read (`GuardedTransport`).
    No proxy of the environment is used: what that connects to, the hub could not see. A request raises ConfigError
    `private_address` before anything is sent when no address of its host may be reached.
    """
    transport = GuardedTransport(tuple(allow_private), resolve)
    return httpx.Client(timeout=timeout, transport=transport, follow_redirects=False, trust_env=False)


class GuardedTransport(httpx.BaseTransport):
    """Connects to addresses that were judged, by number.

    A request's read timeout is the time of the whole call, until its answer has been read or is closed (`CallTime`). What can add
    to it is bounded: the machine's resolver has its own time, and a TLS handshake that has begun may take the connect timeout.
    """

    def __init__(self, allowed: Sequence[Network], resolve: Resolve = looked_up) -> None:
        self._allowed = allowed
        self._resolve = resolve
        # One for each name: a connection to an address was made with the certificate of that name only.
        self._transports: dict[str, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it to the first address that may be reached and takes the connection."""
        host = request.url.raw_host.decode("ascii")
        transport = self._transports.setdefault(host, httpx.HTTPTransport(verify=trusted(), limits=_ONE_CALL))
        with ExitStack() as until:
            call = until.enter_context(CallTime(request.extensions.get("timeout", {}).get("read")))
            response = self._answer(transport, request, host, call)
            assert isinstance(response.stream, httpx.SyncByteStream)
            response.stream = _Timed(response.stream, request, call)
            until.pop_all()  # from here on the body has it
        return response

    def close(self) -> None:
        """Release the connections."""
        for transport in self._transports.values():
            transport.close()

    def _answer(self, transport: httpx.HTTPTransport, request: httpx.Request, host: str, call: CallTime) -> httpx.Response:
        failed: httpx.TransportError = httpx.ConnectError("the host has no address", request=request)
        for address in self._permitted(request, host):
            if call.is_over:
                raise httpx.ConnectTimeout("the time of the call is over", request=request)
            try:
                return transport.handle_request(_addressed(request, host, address, {"trace": call.saw}))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:  # nothing was sent: the next one may take it
                failed = error
            except httpx.TransportError as error:
                if call.is_over:
                    raise httpx.ReadTimeout("the time of the call is over", request=request) from error
                raise
        raise failed

    def _permitted(self, request: httpx.Request, host: str) -> list[_Address]:
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            found = [ip_address(text) for text in self._resolve(host, port)]
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError("the host's name was not found", request=request) from error
        permitted = [address for address in found if self._may_reach(address)]
        if found and not permitted:
            raise ConfigError(
                "the address leads to a private network or this machine: correct it, or list the network that is meant under "
                "allow_private",
                code="private_address",
            )
        return permitted

    def _may_reach(self, address: _Address) -> bool:
        inner = _within(address) if isinstance(address, IPv6Address) else None
        listed = any(one in network for network in self._allowed for one in (address, inner) if one is not None)
        return listed or is_public(address)


class _Timed(httpx.SyncByteStream):
    """An answer's body, which ends with the time of its call at the latest."""

    def __init__(self, body: httpx.SyncByteStream, request: httpx.Request, call: CallTime) -> None:
        self._body = body
        self._request = request
        self._call = call

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except httpx.TransportError as error:
            if self._call.is_over:
                raise self._late() from error
            raise
        if self._call.is_over:  # a body without a length ends where its connection was cut, too
            raise self._late()

    def close(self) -> None:
        self._call.stop()
        self._body.close()

    def _late(self) -> httpx.ReadTimeout:
        return httpx.ReadTimeout("the time of the call is over", request=self._request)


def _within(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 1):  # :: and ::1 are IPv6's own
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _addressed(request: httpx.Request, host: str, address: _Address, told: Mapping[str, Any]) -> httpx.Request:
    """The request to that address, which names the host in its header and asks for the host's certificate."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, **told, "sni_hostname": host},
    )
