import threading

import pytest

from agent.errors import ApportionError
from agent.store import lock, scratch, write_text


def test_a_second_writer_waits_and_then_gives_up_with_a_message(tmp_path):
    refused = []

    def other():
        try:
            with lock(tmp_path, wait_seconds=0.1):
                pass
        except ApportionError as error:
            refused.append(error.message)

    with lock(tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert refused == ["another apportion is writing here"]


def test_the_lock_may_be_nested_and_is_free_afterwards(tmp_path):
    with lock(tmp_path), lock(tmp_path):
        pass
    with lock(tmp_path, wait_seconds=0):
        pass


def test_a_scratch_folder_is_gone_afterwards(tmp_path):
    with lock(tmp_path), scratch(tmp_path) as folder:
        (folder / "f").write_text("x")
    assert not (tmp_path / ".tmp").exists()


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path):
    write_text(tmp_path / "f", "before")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "f", "\ud800")
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    assert (tmp_path / "f").read_text() == "before"
