"""An application below a prefix, in each of the ways that the deployment page shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.clients.hosts import Host, Running, running
from tests.clients.node import Node
from tests.clients.rows import each_row
from tests.deployment.proxy_fix import believed
from tests.deployment.tls_client import UPGRADE, ask
from tests.support.documents import code_block
from tests.support.nginx import Nginx, documented_block, nginx_with

HANDSHAKE = "/app/socket.io/?EIO=4&transport=polling"

SCENARIOS = (
    "the last transport of the row is reached",
    "a refusal carries its message and data, and a second try may succeed",
    "binary is sent, several attachments at a time",
    "binary arrives, several attachments at a time",
    "a view sends to a room",
    "an upgrade under load loses nothing and keeps the order",
    "the client leaves",
)


def _gunicorn(worker: str) -> Host:
    options = ["--config=tests/clients/gunicorn_conf.py", f"--worker-class={worker}"]
    return Host(
        f"gunicorn -k {worker.rpartition('.')[2]} with SCRIPT_NAME",
        lambda port: (
            ["-m", "tests.deployment.with_script_name", "gunicorn", *options]
            + [f"--bind=127.0.0.1:{port}", "tests.clients.app:app"]
        ),
    )


DISPATCHED = Host(
    "DispatcherMiddleware", lambda port: ["-m", "tests.deployment.dispatched", str(port)]
)
HOSTS = (DISPATCHED, _gunicorn("flask_realtime.wsgi.gunicorn.Worker"), _gunicorn("gevent"))


@pytest.fixture(scope="module")
def mounted() -> Iterator[Callable[[Host], Running]]:
    """Runs the application below ``/app``; once each."""
    servers: dict[str, Running] = {}
    with ExitStack() as stack:

        def run(host: Host) -> Running:
            if host.name not in servers:
                servers[host.name] = stack.enter_context(running(host))
            return servers[host.name]

        yield run


each_host = pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)


@each_host
@each_row(SCENARIOS)
def test_clients_work_below_a_prefix(
    mounted: Callable[[Host], Running], clients: Node, host: Host, row: str, scenario: str
) -> None:
    server = mounted(host)
    clients.play(scenario, f"{server.url}/app", [row])
    server.check()


@each_host
def test_files_of_the_client_are_below_it_and_nothing_is_beside_it(
    mounted: Callable[[Host], Running], host: Host
) -> None:
    port = mounted(host).port
    assert ask(port, "/app/socket.io/socket.io.js", tls=False).status == 200
    assert ask(port, "/app/socket.io/nothing.js", tls=False).status == 404
    assert ask(port, "/app/tell/nobody/hello", tls=False).body == b"sent"
    if host.name != "gunicorn -k gevent with SCRIPT_NAME":  # which answers 500, and a traceback
        assert ask(port, "/socket.io/socket.io.js", tls=False).status == 404
        assert ask(port, "/application/socket.io/socket.io.js", tls=False).status == 404


def test_two_applications_in_one_process_do_not_know_each_other_s_clients(
    mounted: Callable[[Host], Running],
) -> None:
    port = mounted(DISPATCHED).port
    here, there = HANDSHAKE, HANDSHAKE.replace("/app/", "/other/")
    sid = ask(port, here, tls=False).packet["sid"]
    assert ask(port, there, tls=False).packet["sid"] != sid
    assert ask(port, f"{here}&sid={sid}", body=b"40", tls=False).body == b"ok"
    assert ask(port, f"{there}&sid={sid}", body=b"40", tls=False).status == 400
    assert ask(port, "/other/who", tls=False).body == b"the other, below /other"
    assert ask(port, "/who", tls=False).body == b"the site"


# nginx takes the prefix off


@pytest.fixture(scope="module")
def site(
    nginx: str,
    page: Path,
    tls: Path,
    proxied: Callable[..., Running],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Nginx]:
    """The page's server with its ``location`` for a prefix."""
    server = proxied(*believed(page, "x_prefix"))
    whole = documented_block(page, "server_name", tls, server.port)
    prefixed = code_block(page, "nginx", "X-Forwarded-Prefix")

    def make(port: int) -> str:
        block = whole(port)
        (location,) = re.findall(r"^    location / {\n.*?\n    }\n", block, re.M | re.S)
        return block.replace(location, prefixed)

    with nginx_with(nginx, tmp_path_factory.mktemp("nginx"), make) as running:
        yield running


@each_row(SCENARIOS)
def test_clients_work_where_nginx_takes_the_prefix_off(
    site: Nginx, clients: Node, row: str, scenario: str
) -> None:
    clients.play(scenario, f"https://127.0.0.1:{site.port}/app", [row])


@pytest.mark.parametrize(("transport", "status"), [("polling", 200), ("websocket", 101)])
def test_pages_of_the_site_may_connect_below_the_prefix(
    site: Nginx, transport: str, status: int
) -> None:
    target = HANDSHAKE.replace("polling", transport)
    headers = {**(UPGRADE if transport == "websocket" else {})}
    headers["Origin"] = f"https://127.0.0.1:{site.port}"
    assert ask(site.port, target, headers).status == status
    assert ask(site.port, target, {**headers, "Origin": "https://elsewhere.example"}).status == 403


def test_handlers_and_views_know_the_prefix(site: Nginx) -> None:
    root = f"https://127.0.0.1:{site.port}/app/"
    assert ask(site.port, "/app/root").body.decode() == root
    sid = ask(site.port, HANDSHAKE).packet["sid"]
    session = f"{HANDSHAKE}&sid={sid}"
    assert ask(site.port, session, body=b"40").body == b"ok"
    assert ask(site.port, session, body=b'421["root"]').body == b"ok"
    assert f'431["{root}"]'.encode() in ask(site.port, session).body


def test_nothing_is_beside_the_prefix(site: Nginx) -> None:
    assert ask(site.port, "/socket.io/socket.io.js").status == 404
    assert ask(site.port, "/app/socket.io/socket.io.js").status == 200
