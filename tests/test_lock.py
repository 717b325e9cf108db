"""The locks pin every dependency by hash and name no index, mirror or host."""

import re
import tomllib

import pytest

LOCKS = ("requirements.lock", "requirements-image.lock", "requirements-build.lock")
ENTRY = re.compile(r"^([a-z0-9._-]+)==([^ \\;]+)[^\n]*((?:\n    --hash=sha256:[0-9a-f]{64}[ \\]*)*)", re.MULTILINE)


@pytest.fixture(params=LOCKS)
def lock(request, root):
    return (root / request.param).read_text()


def entries(text):
    """(name, version, number of hashes); a name stands twice where Python versions need different ones."""
    return [(name, version, hashes.count("--hash=")) for name, version, hashes in ENTRY.findall(text)]


def names(text):
    return {name for name, _, _ in entries(text)}


@pytest.mark.parametrize("trace", ["://", "--index", "--extra-index", "--find-links", "--trusted-host"])
def test_lock_names_no_index(lock, trace):
    assert trace not in lock


def test_every_entry_is_pinned_and_hashed(lock):
    lines = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(lines) == len(entries(lock)) > 0
    assert [name for name, _, hashes in entries(lock) if not hashes] == []


@pytest.mark.parametrize("smaller", LOCKS[1:])
def test_smaller_locks_agree_with_the_whole(root, smaller):
    whole, part = ((root / name).read_text() for name in (LOCKS[0], smaller))
    assert set(entries(part)) - set(entries(whole)) == set()


def test_every_declared_dependency_is_locked(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())
    declared = [
        *project["project"]["dependencies"],
        *(each for extra in project["project"]["optional-dependencies"].values() for each in extra),
        *(each for each in project["dependency-groups"]["dev"] if isinstance(each, str)),
    ]
    asked = {re.split(r"[\[<>=! ]", each)[0].lower().replace("_", "-") for each in declared} - {"apportion"}
    assert asked - names((root / LOCKS[0]).read_text()) == set()


def test_the_image_leaves_out_what_serves_only_developers(root):
    assert names((root / "requirements-image.lock").read_text()) & {"pytest", "mypy", "ruff", "hatchling"} == set()
