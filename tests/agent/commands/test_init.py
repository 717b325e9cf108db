from pathlib import Path

import pytest

from agent import cli
from agent.starter import FILES


def test_init_writes_a_project_and_says_what_comes_next(tmp_path: Path, capsys):
    folder = tmp_path / "finance"
    assert cli.main(["init", str(folder)]) == 0
    assert all((folder / name).is_file() for name in FILES)
    told = capsys.readouterr().out
    assert f"cd {folder} && apportion run" in told
    assert all(name in told for name in FILES)


@pytest.mark.parametrize("taken", ["apportion.yaml", "customers.csv"])
def test_init_overwrites_nothing_and_then_writes_nothing(taken, tmp_path: Path, capsys):
    (tmp_path / taken).write_text("mine")
    assert cli.main(["init", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "mine"
    assert "nothing was written" in capsys.readouterr().err


def test_init_refuses_a_file_in_place_of_the_folder(tmp_path: Path, capsys):
    (tmp_path / "file").touch()
    assert cli.main(["init", str(tmp_path / "file")]) == 2
    assert "is a file" in capsys.readouterr().err


def test_init_without_a_folder_writes_here(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["init"]) == 0
    assert (tmp_path / "apportion.yaml").is_file()
    assert "cd " not in capsys.readouterr().out
