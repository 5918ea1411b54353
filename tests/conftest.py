"""What every test may ask for: where things are, and what this machine has."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

from flask_realtime.engine.clock import Clock
from tests.support.loggers import is_no_stall

# Examples run beside other tests on few cores: how long one takes says nothing about the code.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

ROOT = Path(__file__).parent.parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each processor: half its time a test waits, such as for a browser."""
    return 2 * len(os.sched_getaffinity(0))


@pytest.fixture(scope="module", autouse=True)
def nothing_of_files_before() -> Iterator[None]:
    """Have each file's tests begin as if they were alone.

    The collector passes over what is there: a million objects of the suite itself, which each test
    that collects, or looks what is left, would go through, too. And at the end the clocks of test
    clients stop, which nobody has stopped: a later test that counts the loop's watchers would see
    their timers come and go.
    """
    gc.freeze()
    yield
    for clock in [each for each in gc.get_objects() if type(each) is Clock]:
        clock.stop()
    gc.collect()


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log, but for the watchdog, which may speak in any test where the machine is busy."""
    caplog.handler.addFilter(is_no_stall)
    yield caplog
    caplog.handler.removeFilter(is_no_stall)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node.js, for the npm clients."""
    return _command("node", "nodejs")


@pytest.fixture(scope="session")
def npm_clients(node: str) -> Path:
    """The folder with `node_modules` in which the npm clients of the tests are installed."""
    folder = ROOT / "tests"
    if not (folder / "node_modules" / ".package-lock.json").exists():
        _missing("the npm clients are not installed: make test")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's browser, for Playwright's `executable_path`."""
    return _command("chromium", "chromium")


@pytest.fixture(scope="session")
def openssl() -> str:
    """The path of the command that makes throwaway certificates."""
    return _command("openssl", "openssl")


@pytest.fixture(scope="session")
def nginx() -> str:
    """The path of Debian's web server, which is where only root looks."""
    return _command("nginx", "nginx-light", f"{os.environ['PATH']}:/usr/sbin")


@pytest.fixture(scope="session")
def redis_server() -> str:
    """The path of the Redis that a test starts for itself."""
    return _command("redis-server", "redis-server")


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory, openssl: str) -> Path:
    """A throwaway certificate and its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        + ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        + ["-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    both = folder / "both.pem"
    both.write_text(key.read_text() + certificate.read_text())
    return both


def _command(name: str, package: str, folders: str | None = None) -> str:
    path = shutil.which(name, path=folders)
    if path is None:
        _missing(f"no {name} on this machine: apt-get install {package}")
    return path


def _missing(what: str) -> NoReturn:
    """On a developer's machine the rest can still be tested; in CI nothing may be left out."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
