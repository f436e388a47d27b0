"""Sockets of a server, and what is said where none can be opened."""

import errno
import socket

import pytest

from digits.errors import DigitsError
from digits.io.listen import is_local, listen


def test_a_free_port_is_the_same_for_every_address_and_accepts_connections():
    with listen("localhost", 0) as sockets:
        ports = {each.getsockname()[1] for each in sockets}
        assert len(ports) == 1
        assert is_local(sockets)
        socket.create_connection(("127.0.0.1", *ports), timeout=60).close()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", *ports), timeout=60).close()


def test_all_addresses_are_not_only_this_computer():
    for host in ("0.0.0.0", ""):  # noqa: S104
        with listen(host, 0) as sockets:
            assert not is_local(sockets)


def test_a_port_in_use():
    with listen("127.0.0.1", 0) as (taken,):
        port = taken.getsockname()[1]
        with (
            pytest.raises(DigitsError, match=f"^port {port} is already in use: ") as refused,
            listen("127.0.0.1", port),
        ):
            pytest.fail("it was opened twice")
    assert "Errno" not in str(refused.value)


def fail_with(monkeypatch, number):
    def create_server(*_, **__):
        raise OSError(number, "in the words of the system")

    monkeypatch.setattr(socket, "create_server", create_server)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.EACCES, "port 80 is reserved for administrators: choose one from 1024 on"),
        (errno.ENOBUFS, "port 80 of localhost cannot be opened"),
        (errno.EADDRNOTAVAIL, "localhost is not an address of this computer"),
    ],
)
def test_every_other_failure_gives_one_error_message(monkeypatch, number, sentence):
    fail_with(monkeypatch, number)
    with pytest.raises(DigitsError, match=sentence) as refused, listen("localhost", 80):
        pytest.fail("it was opened")
    assert "Errno" not in str(refused.value)
