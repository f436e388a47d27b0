"""Sockets for a server, opened before the server reports its address."""

import errno
import ipaddress
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from digits.errors import DigitsError

LAST_PORT = 65_535
FREE_PORTS = 1024  # ports from here on need no privileges


@contextmanager
def listen(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Open one listening socket for each address of a host, and close them afterwards.

    Parameters
    ----------
    host : name or address; empty for all addresses of this computer
    port : 0 for any that is free, the same for all addresses

    Raises
    ------
    DigitsError
        There is no such host, or the port is in use or not allowed.
    """
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError:
        raise DigitsError(f"there is no host {host}: give a name or address that exists") from None
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        absent: OSError | None = None
        for family, address in dict.fromkeys((each[0], str(each[4][0])) for each in found):
            try:
                opened = socket.create_server((address, port), family=family)
            except OSError as error:
                if error.errno != errno.EADDRNOTAVAIL:
                    raise DigitsError(_explain(error, host, port)) from error
                absent = error  # localhost often has an IPv6 address that this computer lacks
                continue
            sockets.append(stack.enter_context(opened))
            port = opened.getsockname()[1]
        if not sockets:
            raise DigitsError(
                f"{host} is not an address of this computer: choose localhost or 0.0.0.0"
            ) from absent
        yield sockets


def is_local(sockets: Sequence[socket.socket]) -> bool:
    """Return whether only this computer can reach these sockets."""
    return all(ipaddress.ip_address(each.getsockname()[0]).is_loopback for each in sockets)


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < LAST_PORT else FREE_PORTS
        return (
            f"port {port} is already in use: stop the program that uses it, or choose another "
            f"port, such as {other}"
        )
    if isinstance(error, PermissionError):
        return f"port {port} is reserved for administrators: choose one from {FREE_PORTS} on"
    return f"port {port} of {host} cannot be opened ({error.strerror}): choose another"
