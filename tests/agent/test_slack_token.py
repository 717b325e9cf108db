from pathlib import Path

import pytest

from agent.errors import UsageError
from agent.slack import read_token


def test_the_token_comes_from_the_environment() -> None:
    assert read_token({"SLACK_BOT_TOKEN": "xoxb-1\n"}).secret == "xoxb-1"


def test_the_token_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("xoxb-2\n")
    assert read_token({"SLACK_BOT_TOKEN_FILE": str(path)}).secret == "xoxb-2"


@pytest.mark.parametrize("content", [b"", b"xoxb-secret\nmore", b"xoxb-secret more", b"\xff\xfe"])
def test_a_file_without_a_token_is_refused_without_quoting_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_token({"SLACK_BOT_TOKEN_FILE": str(path)})
    assert "xoxb-secret" not in "\n".join(caught.value.lines())
    assert caught.value.where == str(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_token({"SLACK_BOT_TOKEN_FILE": str(tmp_path / "absent")})


def test_no_token_at_all_says_what_to_set() -> None:
    with pytest.raises(UsageError) as caught:
        read_token({})
    assert "SLACK_BOT_TOKEN" in caught.value.mend
