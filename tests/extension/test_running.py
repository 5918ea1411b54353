"""``io.run`` and ``flask realtime run``: addresses that cannot be had, and the reloader."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_realtime import SocketIO
from flask_realtime.exceptions import OptionError
from tests.support.http import HTTPClient
from tests.support.program import Program

APP = """
from flask import Flask
from flask_realtime import SocketIO

app = Flask("served")
io = SocketIO(app)


@app.get("/")
def index():
    return "fine"
"""
COMMAND = ["-m", "flask", "--app", "program", "realtime", "run", "--port"]


@pytest.fixture
def taken() -> Iterator[int]:
    """A port where somebody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("options", ["", ", use_reloader=True"])
def test_run_says_that_its_port_is_taken(
    start: Callable[..., Program], taken: int, options: str
) -> None:
    program = start(f"{APP}\nio.run(app, port={taken}{options})\n")
    assert program.end() == (
        1,
        f"Cannot serve on 127.0.0.1 port {taken}: another program listens there. "
        "Stop that one, or choose another port.\n",
    )


def test_a_port_may_be_text_as_the_environment_has_it(start: Callable[..., Program]) -> None:
    assert start(f"{APP}\nio.run(app, port='0')\n").port() > 0


@pytest.mark.parametrize("port", ["http", "", "-1", 80.5, True])
@pytest.mark.parametrize("serve", ["run", "listen"])
def test_what_is_no_port_is_named(app: Flask, serve: str, port: Any) -> None:
    with pytest.raises(OptionError, match=f"^port is .*, not {port!r}"):
        getattr(SocketIO(app), serve)(app, port=port)


@pytest.mark.parametrize("options", [[], ["--debug"]])
def test_the_command_says_that_its_port_is_taken(
    start: Callable[..., Program], taken: int, options: list[str]
) -> None:
    status, output = start(APP, *COMMAND, str(taken), *options).end()
    assert status == 1
    assert output.startswith(f"Cannot serve on 127.0.0.1 port {taken}: another program")
    assert output.count("\n") == 1


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("'127.0.0.1', 70000", "port must be 0-65535"),
        # RFC 5737: nobody has it.
        ("'192.0.2.1', 0", "this machine does not have that address. Choose another host."),
        ("'no host', 0", "Name or service not known. Choose another host."),
    ],
)
def test_run_says_in_one_line_why_an_address_cannot_be_had(
    start: Callable[..., Program], address: str, why: str
) -> None:
    status, output = start(f"{APP}\nio.run(app, {address})\n").end()
    assert status == 1
    assert why in output
    assert output.count("\n") == 1


PRIVILEGED = """
import errno
from gevent import socket

def refuse(*args):
    raise PermissionError(errno.EACCES, "Permission denied")

socket.socket.bind = refuse  # as where it is asked for by no root
"""


def test_run_says_that_a_port_needs_privileges(start: Callable[..., Program]) -> None:
    program = start(f"{PRIVILEGED}\n{APP}\nio.run(app, port=80)\n")
    assert program.end() == (
        1,
        "Cannot serve on 127.0.0.1 port 80: this user may not. Choose a port from 1024 on.\n",
    )


def test_run_says_what_is_wrong_with_a_certificate(start: Callable[..., Program]) -> None:
    program = start(f"{APP}\nio.run(app, port=0, certfile='nowhere.pem')\n")
    assert program.end() == (
        1,
        "Cannot serve: certfile 'nowhere.pem' cannot be read: No such file or directory "
        "(docs: options)\n",
    )


def test_the_reloader_says_it_once(start: Callable[..., Program]) -> None:
    program = start(f"{APP}\nio.run(app, port=0, use_reloader=True, keyfile='key.pem')\n")
    status, output = program.end()
    assert status == 1
    assert output == (
        "Cannot serve: TLS needs a certificate: certfile, with keyfile if that is another file "
        "(docs: options)\n"
    )


def get_index(port: int) -> tuple[int, str]:
    with closing(HTTPClient(port)) as client:
        answer = client.get("/")
        return answer.status, answer.body.decode()


@pytest.mark.parametrize(
    ("mistake", "shown"),
    [("def broken(:\n", "SyntaxError"), ("del app.extensions['socketio']\n", "has no SocketIO")],
)
def test_the_reloader_survives_a_mistake_and_ctrl_c_ends_it_without_a_word(
    start: Callable[..., Program], mistake: str, shown: str
) -> None:
    program = start(APP, *COMMAND, "0", "--debug")
    assert get_index(program.port()) == (200, "fine")
    program.file.write_text(APP + mistake)
    program.line_with(shown)
    status, page = get_index(program.port())
    assert status == 500
    assert shown in page
    assert "Werkzeug" in page  # its debugger
    program.file.write_text(APP.replace("fine", "mended"))
    assert get_index(program.port()) == (200, "mended")
    program.press_ctrl_c()
    _, rest = program.end()
    assert "KeyboardInterrupt" not in rest
    assert "Traceback" not in rest


CTRL_C_AT_THE_START = """
import gc, os, signal
gc.freeze = lambda: os.kill(os.getpid(), signal.SIGINT)  # just before it serves
"""


def test_ctrl_c_ends_the_reloader_without_a_word_before_it_serves_too(
    start: Callable[..., Program],
) -> None:
    _, rest = start(APP + CTRL_C_AT_THE_START, *COMMAND, "0", "--debug").end()
    assert "KeyboardInterrupt" not in rest
    assert "Traceback" not in rest


def test_a_mistake_at_the_first_start_ends_the_command(start: Callable[..., Program]) -> None:
    status, output = start("def broken(:\n", *COMMAND, "0", "--debug").end()
    assert status != 0
    assert "SyntaxError" in output


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("prot", "port"), ("certifle", "certfile"), ("use_reload", "use_reloader"),
     ("max_header_siz", "max_header_size")],
)  # fmt: skip
def test_run_refuses_an_unknown_option_and_names_the_nearest(
    app: Flask, wrong: str, near: str
) -> None:
    options: dict[str, Any] = {wrong: 1}
    with pytest.raises(OptionError, match=f"unknown option '{wrong}'; did you mean '{near}'"):
        SocketIO(app).run(app, **options)


def test_run_takes_what_flask_socketio_needs_for_werkzeug(start: Callable[..., Program]) -> None:
    program = start(f"{APP}\nio.run(app, port=0, allow_unsafe_werkzeug=True)\n")
    assert get_index(program.port()) == (200, "fine")


BLOCKING = """
import sys, types
sys.modules["requests"] = types.ModuleType("requests")  # as if it were imported
"""


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (BLOCKING, True),
        ("from gevent import monkey; monkey.patch_all()" + BLOCKING, False),
        ("", False),
    ],
)
def test_run_says_what_is_missing_where_a_library_would_block(
    start: Callable[..., Program], before: str, said: bool
) -> None:
    stop = "import gevent\ngevent.spawn_later(0.1, io.stop)\nio.run(app, port=0)\n"
    status, output = start(f"{before}\n{APP}\n{stop}").end()
    assert status == 0
    assert ("requests is imported" in output and "monkey.patch_all()" in output) is said
    assert output.count("\n") == (5 if said else 1)


@pytest.mark.parametrize(
    ("config", "argument", "expected"),
    [
        ("'localhost:{}'", "", "server name"),
        ("'localhost:1'", ", port={}", "argument"),
        ("'example.org'", ", port={}", "argument"),
        ("None", ", None, {}", "argument"),
    ],
)
def test_the_port_is_that_of_the_server_name_unless_one_is_given(
    start: Callable[..., Program], taken: int, config: str, argument: str, expected: str
) -> None:
    # Taken, so that it says which port it wants and ends.
    config, argument = config.format(taken), argument.format(taken)
    program = start(f"{APP}\napp.config['SERVER_NAME'] = {config}\nio.run(app{argument})\n")
    assert program.end()[1].startswith(f"Cannot serve on 127.0.0.1 port {taken}"), expected


@pytest.mark.parametrize(
    "option", ["extra_files=[FILE]", "reloader_options={'extra_files': [FILE], 'interval': 0.1}"]
)
def test_the_reloader_watches_other_files_too(
    start: Callable[..., Program], tmp_path: Path, option: str
) -> None:
    watched = tmp_path / "settings.txt"
    watched.write_text("before")
    option = option.replace("FILE", repr(str(watched)))
    page = f"app.view_functions['index'] = open({str(watched)!r}).read\n"
    program = start(f"{APP}\n{page}\nio.run(app, port=0, use_reloader=True, {option})\n")
    assert get_index(program.port()) == (200, "before")
    watched.write_text("after")
    assert get_index(program.port()) == (200, "after")


def test_an_unknown_option_of_the_reloader_is_named(app: Flask) -> None:
    with pytest.raises(OptionError, match="reloader_options: .*did you mean 'interval'"):
        SocketIO(app).run(app, reloader_options={"intervall": 1})
