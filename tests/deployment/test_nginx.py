"""Behind nginx, with TLS, by the configuration of the deployment page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from flask_realtime.options import Options
from flask_realtime.wsgi.limits import Limits
from tests.clients.hosts import Running
from tests.clients.node import Node
from tests.clients.rows import ROWS, each_row
from tests.deployment.proxy_fix import believed
from tests.deployment.tls_client import UPGRADE, ask
from tests.support.deployed import Deployed
from tests.support.documents import code_block, replaced
from tests.support.nginx import Nginx, documented_block, nginx_with

HANDSHAKE = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"
SERVER, IMPORT = "server_name", "import ProxyFix"
"""Which of the page's blocks is meant."""

SCENARIOS = (
    "the last transport of the row is reached",
    "auth data reaches the server",
    "two namespaces share one connection, and what is stored",
    "text of all planes is unchanged",
    "messages of 100 KiB are unchanged",
    "binary is sent, several attachments at a time",
    "binary arrives, several attachments at a time",
    "the server asks and waits",
    "rooms reach those who are in them, but for who is left out",
    "a view sends to a room",
    "10,000 events at once are all handled, in order",
    "10,000 events at once all arrive, in order",
    "an upgrade under load loses nothing and keeps the order",
    "the client leaves",
    "the server sends the client away",
)

Proxied = Callable[..., Running]


@pytest.fixture(scope="module")
def front(
    nginx: str, page: Path, tls: Path, proxied: Proxied, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Nginx]]:
    """Gives nginx before an application that believes it, or before one that does not."""
    started: dict[tuple[str, ...], Nginx] = {}
    with ExitStack() as stack:

        def start(*believed: str) -> Nginx:
            if believed not in started:
                block = documented_block(page, SERVER, tls, proxied(*believed).port)
                folder = tmp_path_factory.mktemp("nginx")
                started[believed] = stack.enter_context(nginx_with(nginx, folder, block))
            return started[believed]

        yield start
        for each in started.values():
            assert each.complaints() == []


@pytest.fixture(scope="module")
def site(front: Callable[..., Nginx], page: Path) -> Nginx:
    """As the page has it all."""
    return front(*believed(page, IMPORT))


@pytest.fixture(scope="module")
def server(proxied: Proxied, page: Path) -> Running:
    """The application behind it."""
    return proxied(*believed(page, IMPORT))


@each_row(SCENARIOS)
def test_clients_work_through_nginx(
    site: Nginx, clients: Node, server: Running, row: str, scenario: str
) -> None:
    clients.play(scenario, f"https://127.0.0.1:{site.port}", [row])
    server.check()


def test_heartbeats_pass(site: Nginx, clients: Node) -> None:
    clients.play(
        "heartbeats keep clients of all rows connected", f"https://127.0.0.1:{site.port}", ROWS
    )


@pytest.mark.parametrize(("target", "status"), [(HANDSHAKE, 200), (WEBSOCKET, 101)])
def test_pages_of_the_site_may_connect(site: Nginx, target: str, status: int) -> None:
    headers = UPGRADE if target == WEBSOCKET else {}
    answer = ask(site.port, target, {"Origin": f"https://127.0.0.1:{site.port}", **headers})
    assert answer.status == status


@pytest.mark.parametrize("target", [HANDSHAKE, WEBSOCKET])
@pytest.mark.parametrize("origin", ["http://127.0.0.1:{port}", "https://elsewhere.example"])
def test_other_pages_may_not(site: Nginx, target: str, origin: str) -> None:
    headers = UPGRADE if target == WEBSOCKET else {}
    answer = ask(site.port, target, {"Origin": origin.format(port=site.port), **headers})
    assert answer.status == 403


def test_a_client_cannot_say_where_it_comes_from(site: Nginx) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    origin = {"Origin": f"https://127.0.0.1:{site.port}"}
    assert ask(site.port, HANDSHAKE, {**forged, **origin}).status == 200


def test_without_proxy_fix_the_log_says_what_to_do(
    front: Callable[..., Nginx], proxied: Proxied
) -> None:
    site = front()
    answer = ask(site.port, HANDSHAKE, {"Origin": f"https://127.0.0.1:{site.port}"})
    assert answer.status == 403
    line = proxied().log.wait_for("refused .*https").string
    for part in (f"https://127.0.0.1:{site.port}", f"http://127.0.0.1:{site.port}", "ProxyFix"):
        assert part in line


def test_answers_tell_nginx_not_to_hold_them_back(site: Nginx, server: Running) -> None:
    direct = ask(server.port, HANDSHAKE, tls=False)
    assert direct.headers["x-accel-buffering"] == "no"
    assert "x-accel-buffering" not in ask(site.port, HANDSHAKE).headers  # nginx has taken it


def test_a_body_that_is_too_large_is_refused_by_the_application(site: Nginx) -> None:
    sid = ask(site.port, HANDSHAKE).packet["sid"]
    limit = Options().max_http_buffer_size
    answer = ask(site.port, f"{HANDSHAKE}&sid={sid}", body=b"4" + b"x" * limit)
    assert answer.status == 413
    assert b"nginx" not in answer.body


def test_a_body_far_beyond_that_does_not_reach_it(site: Nginx) -> None:
    answer = ask(site.port, HANDSHAKE, body=b"x" * (2 * 1024 * 1024))
    assert answer.status == 413
    assert b"nginx" in answer.body


def test_files_of_the_client_pass(site: Nginx) -> None:
    assert ask(site.port, "/socket.io/socket.io.js").status == 200


def test_its_times_and_sizes_fit_the_defaults_of_the_server(page: Path) -> None:
    block, defaults = code_block(page, "nginx", SERVER), Options()
    assert _seconds(block, "proxy_read_timeout") > defaults.ping_interval + defaults.ping_timeout
    found = re.search(r"client_max_body_size (\d+)m;", block)
    assert found is not None
    assert int(found[1]) * 1024 * 1024 > Options().max_http_buffer_size
    # By itself nginx lets go of an idle connection to the application after 60 seconds.
    assert "keepalive_timeout" not in block
    assert Limits.keep_alive_timeout > 60


def _seconds(block: str, directive: str) -> int:
    found = re.search(rf"{directive} (\d+)s;", block)
    assert found is not None
    return int(found[1])


def test_a_poll_is_cut_off_where_nginx_waits_for_less_than_the_ping_interval(
    nginx: str, page: Path, tls: Path, tmp_path: Path, deploy: Callable[..., Deployed]
) -> None:
    host = deploy("flask --app app realtime run --port 8000")
    whole = documented_block(page, SERVER, tls, host.port())

    def make(port: int) -> str:
        return replaced(whole(port), {"proxy_read_timeout 90s": "proxy_read_timeout 1s"})

    with nginx_with(nginx, tmp_path, make) as site:
        sid = ask(site.port, HANDSHAKE).packet["sid"]
        answer = ask(site.port, f"{HANDSHAKE}&sid={sid}")
    assert answer.status == 504
    assert "upstream timed out" in site.log


# Several processes


def test_of_several_processes_each_address_gets_the_same_one(
    nginx: str, page: Path, tls: Path, tmp_path: Path, proxied: Proxied
) -> None:
    # Two processes of one application, which share nothing.
    ports = [proxied("x_for", "x_proto").port, proxied("x_proto", "x_for").port]
    owners = set()
    with nginx_with(nginx, tmp_path, _before_several(page, tls, *ports)) as site:
        for number in range(2, 22):
            address = f"127.0.0.{number}"
            sid = ask(site.port, HANDSHAKE, address=address).packet["sid"]
            session = f"{HANDSHAKE}&sid={sid}"
            for body in (b"40", b'42["echo"]', b'42["echo"]'):
                assert ask(site.port, session, body=body, address=address).body == b"ok"
            assert ask(site.port, session, address=address).status == 200
            owners.add(_owner(session, ports))
    assert owners == set(ports)


def _before_several(page: Path, tls: Path, *ports: int) -> Callable[[int], str]:
    """The page's server with its block for several processes."""
    whole = documented_block(page, SERVER, tls)
    several = code_block(page, "nginx", "hash $remote_addr")
    addresses = {
        f"127.0.0.1:{5000 + number}": f"127.0.0.1:{port}" for number, port in enumerate(ports)
    }
    several = replaced(several, addresses)

    def make(port: int) -> str:
        (one,) = re.findall(
            r"^upstream application {\n.*?\n}\n", whole(port), re.MULTILINE | re.DOTALL
        )
        return whole(port).replace(one, several)

    return make


def _owner(session: str, ports: list[int]) -> int:
    """The port of the only process that knows a session."""
    (owner,) = [port for port in ports if ask(port, session, body=b"3", tls=False).status == 200]
    return owner
