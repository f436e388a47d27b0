"""Where a telephone finds the app."""

import io
import socket

import cv2
import numpy as np
import pytest
from PIL import Image

from digits.ui import phone_link
from digits.ui.phone_link import address_for_phone, is_local, qr_code

ALL = "0.0.0.0"  # noqa: S104  # nothing listens in these tests


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "", None])
def test_names_of_this_computer(host):
    assert is_local(host)


@pytest.mark.parametrize("host", ["192.168.1.5", ALL, "::", "digits.example", "localhost.de"])
def test_names_that_others_reach(host):
    assert not is_local(host)


def test_no_phone_reaches_an_app_that_listens_on_this_computer_only():
    assert address_for_phone("http://localhost:8501/read", "localhost") is None
    assert address_for_phone("http://127.0.0.1:8501/", "127.0.0.1") is None


@pytest.mark.parametrize("listens", [None, "", ALL, "::", "192.168.1.5"])
def test_an_app_that_listens_to_the_network_is_found_at_its_own_address(listens, monkeypatch):
    monkeypatch.setattr(phone_link, "_own_address", lambda: "192.168.1.5")
    found = address_for_phone("http://localhost:8501/read?holds=One", listens)
    assert found == "http://192.168.1.5:8501/read"


def test_the_address_for_a_phone_has_the_path_alone():
    found = address_for_phone("https://digits.example/draw?brush=Thin#top", ALL)
    assert found == "https://digits.example/draw"


def test_without_a_network_there_is_no_address(monkeypatch):
    class NoNetwork(socket.socket):
        def connect(self, address):
            raise OSError("Network is unreachable")

    monkeypatch.setattr(socket, "socket", NoNetwork)
    assert address_for_phone("http://localhost:8501", ALL) is None


def test_the_code_is_read_back_by_another_reader():
    pytest.importorskip("segno", reason="segno is not installed")
    address = "http://192.168.1.5:8501/read"
    code = np.asarray(Image.open(io.BytesIO(qr_code(address))).convert("L"))
    assert cv2.QRCodeDetector().detectAndDecode(code)[0] == address


def test_without_the_library_there_is_no_code(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "segno", None)
    assert qr_code("http://192.168.1.5") is None
