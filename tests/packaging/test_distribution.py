"""What the wheel and the sdist contain, and that the wheel alone is enough."""

from __future__ import annotations

import email.parser
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from flask_realtime.wsgi.client_files import FLASH_FILES, GENERATIONS

# The building, and an installation from an index, take longer than a test should.
pytestmark = pytest.mark.timeout(300)

BUNDLES = {
    f"flask_realtime/client_files/{client}/{name}"
    for client, generation in GENERATIONS.items()
    for name in (*generation.files.values(), "LICENSE")
} | {f"flask_realtime/client_files/0.9/{name}" for name in FLASH_FILES}

LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", ".tox", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "_build",
    "build", "dist", "node_modules",
)  # fmt: skip

# Run outside the checkout, in isolated mode, by an interpreter that has the wheel only.
PROBE = """
import sys
import flask_realtime
from flask_realtime.wsgi.client_files import FLASH_FILES, GENERATIONS, ClientFiles
assert flask_realtime.__file__.startswith(sys.prefix), flask_realtime.__file__
names = [f"v{client}/{name}" for client, one in GENERATIONS.items() for name in one.files]
names += [f"static/flashsocket/{name}" for name in FLASH_FILES]
for name in names:
    assert ClientFiles().find(name, "GET", {}, "4").status == "200 OK", name
print("complete")
"""


def copy_of(root: Path, target: Path) -> Path:
    shutil.copytree(root, target, ignore=LEFT_BEHIND)
    return target


def build(source: Path) -> str:
    """Build the sdist, and the wheel from it, into `dist`; return what was printed.

    Without isolation nothing is fetched, so this works without a network.
    """
    result = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation"],
        cwd=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture(scope="module")
def dist(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist and the wheel of this checkout."""
    if not all((root / name).exists() for name in BUNDLES):
        pytest.skip("the browser clients are not here: make bundles")
    source = copy_of(root, tmp_path_factory.mktemp("packaging") / "source")
    build(source)
    return source / "dist"


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (wheel,) = dist.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def sdist(dist: Path) -> Path:
    (sdist,) = dist.glob("*.tar.gz")
    return sdist


def test_wheel_contains_the_package_the_bundles_and_their_licences(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        licences = [archive.read(name) for name in names if name.endswith("LICENSE")]
    assert {name for name in names if "/client_files/" in name} == BUNDLES
    assert "flask_realtime/py.typed" in names
    assert "flask_realtime/__init__.py" in names
    assert len(licences) == 1 + len(GENERATIONS)
    assert all(b"Permission is hereby granted" in licence for licence in licences)
    (of_flash_files,) = [licence for licence in licences if b"web-socket-js" in licence]
    assert b"Redistribution and use in source and binary forms" in of_flash_files


def test_wheel_contains_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folders = {name.split("/")[0] for name in archive.namelist()}
    assert folders == {"flask_realtime", wheel.name.replace("-py3-none-any.whl", ".dist-info")}


def test_wheel_contains_every_module(wheel: Path, root: Path) -> None:
    modules = {str(path.relative_to(root)) for path in root.glob("flask_realtime/**/*.py")}
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if name.endswith(".py")} == modules


def test_metadata(wheel: Path) -> None:
    (info,) = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("/METADATA")]
    metadata = email.parser.Parser().parsestr(zipfile.ZipFile(wheel).read(info).decode())
    assert metadata["Name"] == "Flask-Realtime"
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["License-Expression"] == "MIT"
    assert set(metadata.get_all("Provides-Extra") or []) == {
        "gunicorn", "gevent-websocket", "orjson", "redis", "msgpack", "test", "fuzz", "lint",
        "bench", "docs", "dev",
    }  # fmt: skip


def test_sdist_contains_the_bundles_and_what_builds_and_tests_it(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= BUNDLES
    assert names >= {
        "LICENSE", "Makefile", "README.rst", "CHANGES.rst", "setup.py", "tox.ini", ".ci/run",
        ".ci/need", "bundles/package.json", "bundles/package-lock.json", "bundles/notices-0.9.txt",
        "tests/package-lock.json",
        "tests/packaging/test_distribution.py", "docs/conf.py",
    }  # fmt: skip
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]


def test_build_without_bundles_works_and_says_how_to_get_them(root: Path, tmp_path: Path) -> None:
    source = copy_of(root, tmp_path / "source")
    shutil.rmtree(source / "flask_realtime" / "client_files", ignore_errors=True)
    assert "`make bundles` fetches them" in build(source)
    (wheel,) = (source / "dist").glob("*.whl")
    assert not BUNDLES & set(zipfile.ZipFile(wheel).namelist())


def test_wheel_is_enough(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True, timeout=60)
    python = tmp_path / "venv" / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--retries=1"]
    installed = subprocess.run(
        [*pip, "install", wheel], capture_output=True, text=True, timeout=240
    )
    if installed.returncode and "Retrying" in installed.stdout + installed.stderr:
        pytest.skip("pip does not reach its index, from which the dependencies come")
    assert installed.returncode == 0, installed.stderr
    probe = subprocess.run(
        [python, "-I", "-W", "error", "-c", PROBE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert probe.stdout == "complete\n", probe.stderr
