"""The Dockerfile: linted always; built and run for real, without a container engine or a network, among the slow."""

import os
import platform
import re
import subprocess
import venv
from pathlib import Path

import pytest

IMAGE = "localhost/apportion:test"
BASE = "localhost/base:test"


def run(*command, **keywords):
    """Standard output; a failure shows everything the command said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **keywords)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def test_dockerfile_is_clean(root, tool):
    run(tool("hadolint"), str(root / "Dockerfile"))


class Buildah:
    """Builds and runs images under one folder, in a chroot: no daemon, no registry."""

    def __init__(self, program: str, store: Path) -> None:
        self.command = (program, "--root", str(store / "root"), "--runroot", str(store / "run"))
        self.environ = {**os.environ, "STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}

    def __call__(self, *arguments: str) -> str:
        return run(*self.command, *arguments, env=self.environ)


def debian():
    """The release this machine is of, and where its apt fetches from: debootstrap must ask the same place."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    known = subprocess.run(("apt-cache", "policy", "base-files"), capture_output=True, text=True, check=False).stdout
    archive = re.search(rf"^ +\d+ (\S+) {release}/main ", known, re.MULTILINE)
    if archive is None:
        pytest.skip("needs an apt archive of Debian to make a base image from")
    return release, archive[1]


@pytest.fixture(scope="module")
def buildah(tmp_path_factory, tool):
    return Buildah(tool("buildah"), tmp_path_factory.mktemp("buildah"))


@pytest.fixture(scope="module")
def base(tmp_path_factory, tool, buildah):
    """A minimal Debian with Python, as an image."""
    rootfs = tmp_path_factory.mktemp("base") / "rootfs"
    release, archive = debian()
    run(tool("debootstrap"), "--variant=minbase", "--include=python3,python3-venv", release, str(rootfs), archive)
    container = buildah("from", "scratch").strip()
    buildah("add", "--quiet", container, str(rootfs), "/")
    buildah("commit", "--quiet", "--rm", container, BASE)
    return BASE


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory, root):
    """Everything the image installs, as wheels for this Python, which is the base's too."""
    folder = tmp_path_factory.mktemp("wheels")
    venv.create(folder / "venv", with_pip=True)
    for lock in ("requirements-build.lock", "requirements-image.lock"):
        pip = (str(folder / "venv/bin/pip"), "download", "--quiet", "--only-binary=:all:", "--require-hashes")
        run(*pip, "--requirement", str(root / lock), "--dest", str(folder))
    return folder


@pytest.fixture(scope="module")
def image(buildah, base, wheelhouse, root):
    offline = ("--build-arg", "PIP_NO_INDEX=1", "--build-arg", "PIP_FIND_LINKS=/wheels")
    wheels = ("--volume", f"{wheelhouse}:/wheels:ro")
    buildah("build", "--pull-never", "--build-arg", f"BASE={base}", *offline, *wheels, "--tag", IMAGE, str(root))
    return IMAGE


@pytest.fixture
def inside(buildah, image):
    """Runs a command in a fresh container of the image, as its own user."""
    container = buildah("from", "--pull-never", image).strip()
    yield lambda *command: buildah("run", container, "--", *command)
    buildah("rm", container)


@pytest.mark.slow
def test_the_image_runs_the_agent_as_a_plain_user(inside):
    assert inside("id", "-u").strip() == "10001"
    assert "COMMAND" in inside("apportion", "--help")
    assert inside("apportion", "init").strip()
    assert "policy.yaml" in inside("ls")


@pytest.mark.slow
def test_the_image_starts_the_service_by_default(buildah, image):
    form = "{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}}"
    assert buildah("inspect", "--type", "image", "--format", form, image).strip() == "10001 [apportion] [serve]"


@pytest.mark.slow
def test_the_image_carries_compiled_code_and_no_installer(inside):
    assert inside("find", "/opt/apportion/lib", "-path", "*agent/__pycache__/cli.*.pyc").strip()
    assert inside("find", "/opt/apportion/bin", "-name", "pip*").strip() == ""
