"""Files of a session on disk."""

import tracemalloc

from digits.ui.read_session import ReadSession
from digits.ui.session_files import SessionFiles


def test_each_file_is_returned_as_it_was_added():
    files = SessionFiles()
    stored = [files.add(content) for content in (b"one", b"", b"three" * 1000)]
    assert [each.read() for each in reversed(stored)] == [b"three" * 1000, b"", b"one"]


def test_a_session_keeps_no_file_in_memory():
    session = ReadSession()
    tracemalloc.start()
    for number in range(10):
        session.take([(f"{number}.jpg", bytes([number]) * 1_000_000)])
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000
    assert [len(item.content) for item in session.items] == [1_000_000] * 10
    assert session.items[7].content[:2] == bytes([7, 7])
