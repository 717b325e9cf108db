"""What a path on the command line may turn out to be, down to what nobody would name on purpose."""

import os
import threading
from pathlib import Path

import pytest

from terraform_lint import inputs
from terraform_lint.inputs import sort_out

PLAN = b'{"format_version": "1.2", "resource_changes": []}'


def said(path: Path) -> str:
    """Why a path could not be read."""
    found = sort_out([str(path)])
    assert not found.plans
    assert not found.sources
    [unread] = found.unread
    return unread.message


def test_a_device_is_refused_before_a_byte_of_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "plan.json").symlink_to("/dev/zero")
    assert said(tmp_path / "plan.json") == "is a device, no file"


def test_a_pipe_that_the_shell_names_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(PLAN,))
    writer.start()
    found = sort_out([str(pipe)])
    writer.join()
    assert list(found.plans.values()) == [PLAN]


def test_a_file_larger_than_any_plan_is_refused_unread(tmp_path: Path) -> None:
    large = tmp_path / "plan.json"
    with large.open("wb") as file:
        file.truncate(inputs.LARGEST + 1)
    assert said(large) == "is larger than 1 GB"


def test_a_folder_of_plans_names_what_is_no_file_and_reads_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(PLAN)
    os.mkfifo(tmp_path / "b.json")
    (tmp_path / "c.json").symlink_to("/dev/zero")
    (tmp_path / "d.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "e.json").mkdir()
    found = sort_out([str(tmp_path)])
    assert list(found.plans) == [(tmp_path / "a.json").as_posix()]
    assert [(Path(each.file).name, each.message) for each in found.unread] == [
        ("b.json", "is no file"),
        ("c.json", "is a device, no file"),
        ("d.json", "cannot be read: No such file or directory"),
    ]


@pytest.mark.parametrize("text", ["plan\0.json", "x" * 5000])
def test_a_path_that_no_file_can_have_is_unread(text: str) -> None:
    [unread] = sort_out([text]).unread
    assert unread.message.startswith("cannot be read")


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_path_is_not_the_current_folder(text: str) -> None:
    [unread] = sort_out([text]).unread
    assert unread.message == "a path is empty"


def test_a_file_of_variables_apart_from_source_is_noted(tmp_path: Path) -> None:
    (tmp_path / "prod.tfvars").write_text("a = 1")
    found = sort_out([str(tmp_path / "prod.tfvars")])
    assert not found.sources
    [note] = found.notes
    assert note.endswith("prod.tfvars: no source stands beside it, so nothing was judged")
    (tmp_path / "main.tf").write_text("")
    assert sort_out([str(tmp_path / "prod.tfvars")]).sources == [tmp_path]


def test_a_plan_beside_source_is_passed_over_with_a_word(tmp_path):
    (tmp_path / "main.tf").write_text("")
    (tmp_path / "data.json").write_text('{"planned": 1}')
    (tmp_path / "more.tf.json").write_text('{"resource_changes": []}')
    (tmp_path / "plan.json").write_text('{"format_version": "1.2", "resource_changes": []}')
    found = sort_out([str(tmp_path)])
    assert (found.sources, found.plans) == ([tmp_path], {})
    [note] = found.notes
    assert note.endswith("plan.json: a plan beside the source was not judged; name it to judge it")
