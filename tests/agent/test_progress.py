import io

from agent.progress import Lines, Quiet, Terminal, showing


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_lines_are_one_a_step_and_say_nothing_in_between():
    out = io.StringIO()
    progress = Lines(out)
    progress.step("reading aws")
    progress.advance(1, 2, "file 1")
    assert out.getvalue() == "reading aws\n"


def test_quiet_says_nothing():
    out = io.StringIO()
    with showing(quiet=True, out=out) as progress:
        progress.step("reading")
        progress.advance(1, None, "")
    assert isinstance(progress, Quiet)
    assert out.getvalue() == ""


def test_a_pipe_gets_plain_lines():
    out = io.StringIO()
    with showing(quiet=False, out=out) as progress:
        progress.step("reading [bold]aws")
    assert out.getvalue() == "reading [bold]aws\n"


def test_a_terminal_shows_each_step_done(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    out = Screen()
    with showing(quiet=False, out=out) as progress:
        progress.advance(0, None, "before any step")
        progress.step("reading [bold]aws")
        progress.advance(3, 10, "files")
        progress.step("allocating")
    assert isinstance(progress, Terminal)
    assert "reading [bold]aws" in out.getvalue()
    assert "allocating" in out.getvalue()
    assert out.getvalue().count("✓") >= 2
