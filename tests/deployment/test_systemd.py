"""The unit of systemd that the deployment page shows, run as systemd would, without it."""

from __future__ import annotations

import configparser
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest
from gevent import socket

from flask_realtime.wsgi.gunicorn import Worker
from tests.deployment.tls_client import UPGRADE, ask
from tests.support.deployed import Deployed
from tests.support.documents import replaced
from tests.support.nginx import documented_block, nginx_with

Unit = configparser.ConfigParser


@pytest.fixture(scope="module")
def file(root: Path) -> Path:
    return root / "examples" / "deployment" / "chat.service"


@pytest.fixture(scope="module")
def unit(file: Path) -> Unit:
    unit = Unit(interpolation=None, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(file.read_text())
    return unit


def test_the_page_shows_the_unit(page: Path) -> None:
    assert ".. literalinclude:: ../examples/deployment/chat.service" in page.read_text()


def test_systemd_has_nothing_to_say_against_it(file: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze on this machine: the unit is only parsed and run")
    programs = {"/srv/chat/.venv/bin/": f"{Path(sys.executable).parent}/"}
    copy = tmp_path / file.name
    copy.write_text(replaced(file.read_text(), programs))
    verified = subprocess.run(
        [analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=30
    )
    about_it = [line for line in verified.stderr.splitlines() if copy.name in line]
    assert (verified.returncode, about_it) == (0, [])


@pytest.fixture
def started(unit: Unit, deploy: Callable[..., Deployed], root: Path, tmp_path: Path) -> Deployed:
    """What it starts, with its socket in the folder of the test."""
    places = {"/srv/chat/.venv/bin/": "", "unix:/run/chat/socket": f"unix:{tmp_path}/socket"}
    line = replaced(unit["Service"]["ExecStart"], places)
    chat = root / "examples" / "chat"
    shutil.copytree(chat, tmp_path, dirs_exist_ok=True)
    text = (chat / "app.py").read_text() + APPENDED
    host = deploy(line, {"app.py": text})
    host.line_with("Listening at: unix:")
    return host


# Behind nginx an application says whom it believes.
APPENDED = """
from werkzeug.middleware.proxy_fix import ProxyFix
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)
"""


def test_its_socket_is_for_the_group_and_it_stops_in_time(
    unit: Unit, started: Deployed, tmp_path: Path
) -> None:
    service, path = unit["Service"], tmp_path / "socket"
    assert stat.S_IMODE(path.stat().st_mode) == 0o770
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        client.sendall(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: chat\r\n\r\n")
        answer = b""
        while b"sid" not in answer:
            answer += client.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        started.send_signal(getattr(signal, service["KillSignal"]))
        with gevent.Timeout(float(service["TimeoutStopSec"])):
            assert started.end()[0] == 0
    assert not path.exists()


def test_nginx_reaches_its_socket_as_the_page_says(
    started: Deployed, page: Path, nginx: str, tls: Path, tmp_path: Path
) -> None:
    assert "``server unix:/run/chat/socket;``" in page.read_text()
    whole = documented_block(page, "server_name", tls)

    def make(port: int) -> str:
        upstream = {"server 127.0.0.1:5000;": f"server unix:{tmp_path}/socket;"}
        return replaced(whole(port), upstream)

    folder = tmp_path / "nginx"
    folder.mkdir()
    with nginx_with(nginx, folder, make) as site:
        origin = {"Origin": f"https://127.0.0.1:{site.port}"}
        for transport, headers, status in (("polling", {}, 200), ("websocket", UPGRADE, 101)):
            target = f"/socket.io/?EIO=4&transport={transport}"
            assert ask(site.port, target, {**origin, **headers}).status == status
        assert site.complaints() == []


def test_it_waits_longer_than_gunicorn_does(unit: Unit) -> None:
    service = unit["Service"]
    found = re.search(r"--graceful-timeout (\d+)", service["ExecStart"])
    assert found is not None
    assert int(service["TimeoutStopSec"]) > int(found[1])


def test_its_paths_and_names_agree(unit: Unit) -> None:
    service = unit["Service"]
    assert service["ExecStart"].startswith(f"{service['WorkingDirectory']}/.venv/bin/")
    assert f"unix:/run/{service['RuntimeDirectory']}/" in service["ExecStart"]
    assert service["Environment"] == f"HOME=/run/{service['RuntimeDirectory']}"
    assert f"-k {Worker.__module__}.{Worker.__name__} " in service["ExecStart"]
    assert int(service["LimitNOFILE"]) > 20_000  # what the page counts on
