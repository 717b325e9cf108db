"""``fileset()`` and ``file()``: what may be looked at."""

import pytest

from terraform_lint.source.readable import CheckedFiles


@pytest.fixture
def files(tmp_path):
    root = tmp_path / "project" / "root"
    for name in ("a.yml", "b.yaml", "sub/c.yml", "sub/deep/d.json"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.yml").write_text("hunter2")
    (root / "link.yml").symlink_to(tmp_path / "outside" / "secret.yml")
    (root / "linked").symlink_to(tmp_path / "outside")
    return CheckedFiles(root, [root.parent])


@pytest.mark.parametrize(
    ("folder", "pattern", "found"),
    [
        (".", "*.yml", ["a.yml"]),
        (".", "*.{yml,yaml}", ["a.yml", "b.yaml"]),
        (".", "**/*.yml", ["a.yml", "sub/c.yml"]),
        ("sub", "**", ["c.yml", "deep/d.json"]),
        ("..", "root/sub/*.yml", ["root/sub/c.yml"]),
        (".", "none*", []),
    ],
)
def test_patterns_find_files_below_the_folder(files, folder, pattern, found):
    assert files.matching(folder, pattern) == found


@pytest.mark.parametrize(
    ("folder", "pattern", "reason"),
    [
        ("../..", "*", "../.. lies outside the checked folders"),
        ("/etc", "*", "/etc lies outside the checked folders"),
        ("linked", "*", "linked lies outside the checked folders"),
        ("a.yml", "*", "a.yml is no folder"),
        (".", "../*", "the pattern ../* leaves the folder"),
        (".", "/etc/*", "the pattern /etc/* leaves the folder"),
        (".", "", "the pattern  is none that can be followed"),
        (".", "a**b", "the pattern a**b is none that can be followed"),
        (".", "{a,b}" * 20, f"the pattern {'{a,b}' * 20} is none that can be followed"),
    ],
)
def test_what_is_not_looked_at_has_its_reason(files, folder, pattern, reason):
    assert files.matching(folder, pattern) == reason


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.yml", b"a.yml"),
        ("sub/../a.yml", b"a.yml"),
        ("link.yml", "link.yml lies outside the checked folders"),
        ("linked/secret.yml", "linked/secret.yml lies outside the checked folders"),
        ("../../outside/secret.yml", "../../outside/secret.yml lies outside the checked folders"),
        ("none", "none is not there"),
        ("sub", "sub is no file"),
        ("a\0b", "a\0b lies outside the checked folders"),
        ("x" * 5000, f"{'x' * 5000} cannot be read: File name too long"),
    ],
)
def test_files_are_read_below_the_checked_folders_only(files, path, content):
    assert files.read(path) == content


def test_a_large_file_is_not_read(tmp_path):
    with (tmp_path / "big").open("wb") as big:
        big.truncate(10 * 1024 * 1024 + 1)
    assert CheckedFiles(tmp_path, [tmp_path]).read("big") == "big is larger than 10 MB"
