"""The address of the app for a phone on the same network, and its QR code."""

import io
import ipaddress
import socket
from urllib.parse import urlsplit, urlunsplit

SOMEWHERE = ("192.0.2.1", 9)  # reserved for documentation (RFC 5737): nothing is sent there
MODULE = 5  # px of each square of the code
QUIET = 4  # white squares around it, required by ISO/IEC 18004


def is_local(host: str | None) -> bool:
    """Return whether only this computer can reach this name or address."""
    name = (host or "").strip("[]")
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name in ("localhost", "") or name.endswith(".localhost")


def address_for_phone(opened: str, listens: str | None) -> str | None:
    """Return the address of the app for a phone, or None if it is not reachable.

    Parameters
    ----------
    opened : the address in the browser
    listens : the name or address on which the server listens; None or empty is all of them
    """
    parts = urlsplit(opened)
    if not is_local(parts.hostname):
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    if listens and is_local(listens):
        return None
    own = _own_address()
    if own is None:
        return None
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, f"{own}{port}", parts.path, "", ""))


def qr_code(address: str) -> bytes | None:
    """Return the address as a QR code, a PNG; None where segno is not installed."""
    try:
        import segno
    except ImportError:
        return None
    file = io.BytesIO()
    segno.make(address, micro=False).save(file, kind="png", scale=MODULE, border=QUIET)
    return file.getvalue()


def _own_address() -> str | None:
    """Return this computer's address on its network, without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(SOMEWHERE)  # only selects the route
            own = str(probe.getsockname()[0])
        except OSError:  # no network at all
            return None
    return None if is_local(own) or own == "0.0.0.0" else own  # noqa: S104  # not listened on  # nosec B104
