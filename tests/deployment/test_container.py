"""The container file that the deployment page shows: built and run where there is an engine, and
step by step without one elsewhere."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deployment.tls_client import UPGRADE, ask
from tests.support.deployed import Deployed

HANDSHAKE = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"


@pytest.fixture(scope="module")
def file(root: Path) -> Path:
    return root / "examples" / "deployment" / "Dockerfile"


@pytest.fixture(scope="module")
def steps(file: Path) -> list[tuple[str, str]]:
    """Its instructions, in order."""
    lines = [line for line in file.read_text().splitlines() if line and line[0] != "#"]
    assert not [line for line in lines if line.endswith("\\")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def test_the_page_shows_the_file(page: Path) -> None:
    assert ".. literalinclude:: ../examples/deployment/Dockerfile" in page.read_text()


def test_what_it_copies_exists(steps: list[tuple[str, str]], root: Path) -> None:
    sources = [source for name, rest in steps if name == "COPY" for source in rest.split()[:-1]]
    assert sources
    for source in sources:
        assert (root / source).exists(), source


def test_what_it_copies_is_enough_to_install(
    steps: list[tuple[str, str]], root: Path, tmp_path: Path
) -> None:
    assert ("RUN", "pip install --no-cache-dir .") in steps
    copied = _copied(steps, root, tmp_path / "source", "/usr/src/flask-realtime")
    # What pip does first; what it would then fetch is no matter of ours.
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", *options]
    subprocess.run([*pip, f"--wheel-dir={tmp_path}", str(copied)], check=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"flask_realtime/__init__.py", "flask_realtime/client_files/4/socket.io.js"} <= {*names}


def test_its_command_serves_what_it_copies_and_ends_by_sigterm(
    steps: list[tuple[str, str]], deploy: Callable[..., Deployed], root: Path, tmp_path: Path
) -> None:
    chat = _copied(steps, root, tmp_path, "/srv/chat")
    ((_, variables),) = [step for step in steps if step[0] == "ENV"]
    ((_, command),) = [step for step in steps if step[0] == "CMD"]
    assert steps[-1] == ("CMD", command)
    environ = dict(word.split("=", 1) for word in shlex.split(variables))
    assert f"EXPOSE {environ['PORT']}" in [f"{name} {rest}" for name, rest in steps]
    assert environ["HOST"] == "0.0.0.0"
    environ.update(PORT="0", HOST="127.0.0.1")

    app = (chat / "app.py").read_text()
    host = deploy(shlex.join(json.loads(command)), {"app.py": app}, **environ)
    _serves_the_chat(host.port())
    host.send_signal(signal.SIGTERM)
    assert host.end()[0] == 0


def test_the_image_is_built_and_serves(root: Path, page: Path) -> None:
    docker = _engine()
    found = re.search(r"docker (build .*)\n    docker (run .*)\n", page.read_text())
    assert found is not None
    build, run = (shlex.split(line) for line in found.groups())
    subprocess.run([docker, *build], cwd=root, check=True, timeout=300)
    run = ["127.0.0.1::5000" if word == "5000:5000" else word for word in run]
    name = subprocess.run(
        [docker, *run[:1], "--detach", *run[1:]], check=True, capture_output=True, text=True
    ).stdout.strip()
    try:
        published = subprocess.run(
            [docker, "port", name, "5000"], check=True, capture_output=True, text=True
        ).stdout
        wait = subprocess.Popen([docker, "logs", "--follow", name], stderr=subprocess.PIPE)
        with wait:
            assert wait.stderr is not None
            assert b"Flask-Realtime on" in wait.stderr.readline()
            _serves_the_chat(int(published.splitlines()[0].rpartition(":")[2]))
            subprocess.run([docker, "stop", name], check=True, timeout=20)
    finally:
        subprocess.run([docker, "rm", "--force", name], capture_output=True, check=False)


def _engine() -> str:
    """A container engine that runs; few machines have one, so this is no failure in CI either."""
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("no docker here: the container file was checked, but not built")
    asked = subprocess.run([docker, "info"], capture_output=True, text=True, timeout=30)
    if asked.returncode != 0:
        pytest.skip("docker has no engine here: the container file was checked, but not built")
    return docker


def _copied(steps: list[tuple[str, str]], root: Path, folder: Path, into: str) -> Path:
    """Do the COPY steps of one WORKDIR, in `folder`."""
    here = ""
    for name, rest in steps:
        if name == "WORKDIR":
            here = rest
        if name != "COPY" or here != into:
            continue
        *sources, target = rest.split()
        for source in sources:
            _copy(root / source, folder / target, keep_name=len(sources) > 1)
    return folder


def _copy(source: Path, target: Path, keep_name: bool) -> None:
    target.parent.mkdir(exist_ok=True, parents=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    if keep_name:
        target.mkdir(exist_ok=True)
    shutil.copy(source, target)


def _serves_the_chat(port: int) -> None:
    assert b"<title>" in ask(port, "/", tls=False).body
    assert ask(port, HANDSHAKE, tls=False).status == 200
    assert ask(port, WEBSOCKET, UPGRADE, tls=False).status == 101
    assert ask(port, "/socket.io/socket.io.js", tls=False).status == 200
