"""``flask realtime routes`` and ``flask realtime check``."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from gevent import monkey

from flask_realtime import Namespace, SocketIO
from flask_realtime.extension.check import check
from flask_realtime.extension.cli import commands
from flask_realtime.extension.gunicorn_settings import find_starts, from_arguments

Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an empty folder; returns its status and its lines."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    app.cli.add_command(commands)
    runner = app.test_cli_runner()

    def invoke(*args: str) -> tuple[int, list[str]]:
        result = runner.invoke(args=["realtime", *args])
        return result.exit_code, result.output.splitlines()

    return invoke


# routes


def handler() -> None: ...


class Chat(Namespace):
    def on_message(self, text: str) -> None: ...

    def error(self, error: Exception) -> None: ...


def test_routes_are_shown_with_the_place_of_their_handlers(app: Flask, run: Run) -> None:
    io = SocketIO(app)
    io.on("connect", handler)
    io.on("*", handler)
    io.on("anywhere", handler, namespace="*")
    io.on_namespace(Chat("/chat"))
    io.of("/chat").use(lambda socket: None)
    io.of(re.compile("^/room-[0-9]+$")).on("say", handler)
    io.on_error_default(lambda error: None)
    status, (head, *lines) = run("routes")
    assert status == 0
    assert head.split() == ["Namespace", "Event", "Handler", "Where"]
    cells = [line.split() for line in lines]
    assert [row[:2] for row in cells] == [
        ["*", "(error)"],
        ["*", "anywhere"],
        ["/", "*"],
        ["/", "connect"],
        ["/chat", "(error)"],
        ["/chat", "(middleware)"],
        ["/chat", "message"],
        ["^/room-[0-9]+$", "say"],
    ]
    line = handler.__code__.co_firstlineno
    assert cells[3][2:] == ["handler", f"{__file__}:{line}"]
    line = Chat.on_message.__code__.co_firstlineno
    assert cells[6][2:] == ["Chat.on_message", f"{__file__}:{line}"]
    assert len({line.index(row[2]) for line, row in zip(lines, cells, strict=True)}) == 1


def test_a_file_below_the_folder_is_named_from_there(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    SocketIO(app).on("x", handler)
    monkeypatch.chdir(Path(__file__).parent)
    _, lines = run("routes")
    assert lines[1].split()[3].startswith("test_commands.py:")


def test_a_child_of_a_pattern_is_no_route_of_its_own(app: Flask, run: Run) -> None:
    io = SocketIO(app)
    io.of(re.compile("^/room")).on("say", handler)
    io.test_client(app, "/room-1")
    _, lines = run("routes")
    assert [line.split()[0] for line in lines[1:]] == ["^/room"]


@pytest.mark.parametrize("command", ["routes", "check"])
def test_an_application_without_the_extension_is_told(run: Run, command: str) -> None:
    status, lines = run(command)
    assert status == 2 and "has no SocketIO" in lines[-1]


# check


def served(app: Flask, **options: Any) -> SocketIO:
    """An extension with which nothing is wrong but for its options."""
    io = SocketIO(app, **options)
    io.on("x", handler)
    return io


def test_nothing_is_found(app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    hide_blocking_modules(monkeypatch)
    served(app)
    assert run("check") == (0, ["nothing found that stands in the way"])


def hide_blocking_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("requests", "urllib3", "redis", "pymysql", "psycopg", "pg8000", "pymongo"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_a_module_that_blocks_is_a_warning(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_blocking_modules(monkeypatch)
    monkeypatch.setitem(sys.modules, "pymysql", object())
    io = served(app)
    status, (line,) = run("check")
    assert status == 0
    assert line.startswith("warning: pymysql is imported") and "monkey.patch_all()" in line
    monkeypatch.setattr(monkey, "is_module_patched", lambda name: True)
    assert check(app, io) == []


@pytest.mark.parametrize(
    ("options", "fatal", "text"),
    [
        ({"cors_allowed_origins": "*"}, False, "any page in the web can connect. Name"),
        ({"cors_allowed_origins": "*", "cors_credentials": True}, True, "with his cookies"),
        ({"cors_allowed_origins": "https://a.org", "cors_credentials": True}, False, None),
        ({"manage_session": False}, False, "can set no cookie"),
        ({"message_queue": "redis://"}, False, "connects to nothing yet"),
    ],
    ids=str,
)
def test_options_that_do_not_go_together(
    app: Flask,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    fatal: bool,
    text: str | None,
) -> None:
    hide_blocking_modules(monkeypatch)
    served(app, **options)
    status, lines = run("check")
    assert status == int(fatal)
    assert len(lines) == 1
    if text is not None:
        assert lines[0].startswith("error: " if fatal else "warning: ") and text in lines[0]


def test_handlers_whose_module_was_not_imported(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_blocking_modules(monkeypatch)
    SocketIO(app)
    assert run("check")[1] == [
        "warning: no event has a handler. Is the module with the handlers imported where the "
        "application is made?"
    ]


@pytest.mark.parametrize("namespace", ["*", re.compile("^/room-")])
def test_handlers_of_several_namespaces_are_some(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch, namespace: Any
) -> None:
    hide_blocking_modules(monkeypatch)

    class Rooms(Namespace):
        def on_say(self, text: str) -> None: ...

    SocketIO(app).on_namespace(Rooms(namespace))
    assert run("check") == (0, ["nothing found that stands in the way"])
    (line,) = run("routes")[1][1:]
    assert line.split()[:2] == [getattr(namespace, "pattern", namespace), "say"]
    assert "Rooms.on_say" in line


@pytest.mark.parametrize("kind", ["sync", "gthread", "eventlet", "uvicorn.workers.UvicornWorker"])
@pytest.mark.parametrize("place", ["gunicorn.conf.py", "Procfile", "GUNICORN_CMD_ARGS"])
def test_a_worker_class_that_cannot_serve(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch, place: str, kind: str
) -> None:
    hide_blocking_modules(monkeypatch)
    served(app)
    if place == "gunicorn.conf.py":
        Path(place).write_text(f"import os\nworker_class = {kind!r}\nbind = os.environ.get('X')\n")
    elif place == "Procfile":
        Path(place).write_text(f"web: gunicorn --worker-class {kind} app:app\nother: python x.py\n")
    else:
        monkeypatch.setenv(place, f"-k{kind} --bind :80")
    status, (line,) = run("check")
    assert status == 1
    assert line.startswith(f"error: {place} sets gunicorn's worker class {kind!r}")


@pytest.mark.parametrize(
    "kind",
    [
        "gevent",
        "gevent_pywsgi",
        "gevent_wsgi",
        "flask_realtime.wsgi.gunicorn.Worker",
        "gunicorn.workers.ggevent.GeventWorker",
        "gunicorn.workers.ggevent.GeventPyWSGIWorker",
    ],
)
def test_worker_classes_that_can(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    hide_blocking_modules(monkeypatch)
    served(app)
    monkeypatch.setenv("GUNICORN_CMD_ARGS", f"--worker-class={kind} -w 1")
    assert run("check")[0] == 0


def test_gunicorn_without_a_worker_class_cannot(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_blocking_modules(monkeypatch)
    served(app)
    Path("Procfile").write_text("web: gunicorn app:app\n")
    status, (line,) = run("check")
    assert status == 1 and line.startswith("error: gunicorn has no worker class in Procfile")
    Path("gunicorn.conf.py").write_text("worker_class = choose()\n")
    assert run("check")[0] == 0


@pytest.mark.parametrize("place", ["gunicorn.conf.py", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS"])
def test_several_workers_have_nothing_between_them(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    hide_blocking_modules(monkeypatch)
    served(app)
    if place == "gunicorn.conf.py":
        Path(place).write_text("workers: int = 4\nworker_class = 'gevent'\n")
    else:
        monkeypatch.setenv(place, "4" if place == "WEB_CONCURRENCY" else "-k gevent -w 4")
    status, (line,) = run("check")
    assert status == 1
    assert line.startswith(f"error: {place} sets 4 workers")


@pytest.mark.parametrize(
    ("line", "kind", "workers"),
    [
        ("gunicorn app:app", None, None),
        ("gunicorn -k gevent -w 4 app:app", "gevent", 4),
        ("gunicorn --worker-class=gevent --workers=2", "gevent", 2),
        ("gunicorn -kgevent -w4", "gevent", 4),
        ("gunicorn -w $WORKERS -k", "", None),
        ("gunicorn 'open quote -w 2", None, 2),
        ("gunicorn --workers", None, None),
    ],
)
def test_command_lines_are_read(line: str, kind: str | None, workers: int | None) -> None:
    assert from_arguments("here", line) == ("here", kind, workers, False)


@pytest.mark.parametrize("line", ["gunicorn -c live.py", "gunicorn --config=live.py", "-clive.py"])
def test_a_command_line_may_name_a_configuration(line: str) -> None:
    assert from_arguments("here", line).names_file


@pytest.mark.parametrize(
    ("procfile", "args", "configuration", "concurrency", "found"),
    [
        ("-k gevent -w 1", "", "worker_class = 'sync'; workers = 4", "", None),
        ("", "-k gevent -w 1", "worker_class = 'sync'; workers = 4", "4", None),
        ("-k gevent", "-k sync -w 1", "", "4", None),
        ("-k sync", "-k gevent", "worker_class = 'gevent'", "", "Procfile sets gunicorn's worker"),
        ("-w 1", "-k sync", "worker_class = 'gevent'", "", "GUNICORN_CMD_ARGS sets gunicorn's"),
        ("-w 1", "", "worker_class = 'sync'", "", "gunicorn.conf.py sets gunicorn's worker class"),
        ("-k gevent", "", "workers = 3", "1", "gunicorn.conf.py sets 3 workers"),
        ("-k gevent", "", "bind = ':80'", "2", "WEB_CONCURRENCY sets 2 workers"),
        ("-c live.py", "", "worker_class = 'sync'; workers = 4", "", None),
        ("-w 1", "-c live.py", "worker_class = 'sync'; workers = 4", "", None),
        ("-c live.py", "-k sync", "", "", "GUNICORN_CMD_ARGS sets gunicorn's worker class"),
        ("-w 1", "", "bind = ':80'", "", "no worker class in Procfile and gunicorn.conf.py,"),
        ("-k gevent\nx: gunicorn -k sync y:y", "", "", "", "Procfile sets gunicorn's"),
        ("-w 1\nx: gunicorn y:y", "", "worker_class = 'sync'", "", "gunicorn.conf.py sets"),
    ],
)
def test_of_several_places_the_one_counts_that_gunicorn_goes_by(
    app: Flask,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    procfile: str,
    args: str,
    configuration: str,
    concurrency: str,
    found: str | None,
) -> None:
    hide_blocking_modules(monkeypatch)
    served(app)
    if procfile:
        Path("Procfile").write_text(f"web: gunicorn app:app {procfile}\n")
    if configuration:
        Path("gunicorn.conf.py").write_text(configuration)
    monkeypatch.setenv("GUNICORN_CMD_ARGS", args)
    monkeypatch.setenv("WEB_CONCURRENCY", concurrency)
    status, (line,) = run("check")
    assert status == int(found is not None)
    assert (found or "nothing found") in line


@pytest.mark.parametrize(
    ("text", "kind", "workers"),
    [
        ("def broken(:", "", None),
        ("bind = ':80'", None, None),
        ("worker_class = make()\nworkers = 2 * cores\n", "", None),
        ("worker_class = 5\nworkers = 'many'\n", "", None),
        ("a = workers = 3\nworker_class: str = 'sync'\nx.y = 5\n", "sync", 3),
    ],
)
def test_configurations_are_read_and_not_run(
    tmp_path: Path, text: str, kind: str | None, workers: int | None
) -> None:
    (tmp_path / "gunicorn.conf.py").write_text(text)
    assert find_starts(tmp_path, {}) == [[("gunicorn.conf.py", kind, workers, False)]]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"# -*- coding: latin-1 -*-\n# \xe9\nworker_class = 'gevent'\n", "gevent"),
        (b"name = '\xe9'\nworker_class = 'gevent'\n", ""),
        (b"\0", ""),
    ],
)
def test_configurations_in_another_encoding(tmp_path: Path, text: bytes, kind: str) -> None:
    (tmp_path / "gunicorn.conf.py").write_bytes(text)
    (tmp_path / "Procfile").write_bytes(b"# \xe9\nweb: gunicorn -k gevent app:app\n")
    (start,) = find_starts(tmp_path, {})
    assert [each.worker_class for each in start] == ["gevent", kind]
