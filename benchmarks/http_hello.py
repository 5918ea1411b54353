"""Requests per second of a hello world: our WSGI server beside gevent's.

Both run in turn, in a process of their own on core 0, with the load on core 1; gevent's gets
TCP_NODELAY, without which it waits 40 ms for acknowledgements. The load keeps 32 connections busy
with one request each; it is ``wrk`` where that is installed, else a loop in Python, which may be
slower than our server. Where the machine does other things too, compare the CPU time per request.

    python benchmarks/http_hello.py [rounds] [seconds]
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONNECTIONS = 32
REQUEST = b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n"


class Result(NamedTuple):
    rate: float  # requests per second
    cpu: float  # seconds of the server per request


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello world"]


def serve_ours(listener: socket.socket) -> None:
    from flask_realtime.wsgi import WSGIServer

    WSGIServer(listener, hello, log=None).serve_forever()


def serve_gevent(listener: socket.socket) -> None:
    from gevent import pywsgi

    class Server(pywsgi.WSGIServer):
        def handle(self, sock: Any, address: Any) -> None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            super().handle(sock, address)

    Server(listener, hello, log=None).serve_forever()


def measure(serve: Callable[[socket.socket], None], seconds: int) -> Result:
    listener = socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS)
    listener.setblocking(False)  # as gevent's server needs it
    child = os.fork()
    if not child:
        try:
            os.sched_setaffinity(0, {0})
            serve(listener)
        finally:
            traceback.print_exc()
            os._exit(1)
    try:
        load(listener.getsockname(), 1)  # to be imported, and warm
        before = cpu_time(child)
        requests = load(listener.getsockname(), seconds)
        used = cpu_time(child) - before
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        listener.close()
    return Result(requests / seconds, used / requests)


def cpu_time(process: int) -> float:
    """What it has used so far, in seconds (proc(5): fields 14 and 15, behind the name)."""
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(address: tuple[str, int], seconds: int) -> int:
    """How many requests are answered in that time."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return load_in_python(address, seconds)
    url = "http://{}:{}/hello".format(*address)
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    answered = re.search(r"(\d+) requests in", report)
    assert answered and "Non-2xx" not in report, report
    return int(answered[1])


def load_in_python(address: tuple[str, int], seconds: int) -> int:
    socks = [socket.create_connection(address) for _ in range(CONNECTIONS)]
    for sock in socks:
        # The kernel's own timeout: Python's would cost a poll() per call.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 10, 0))
    requests = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for sock in socks:
            sock.send(REQUEST)
        for sock in socks:
            response = sock.recv(65536)
            while not response.endswith(b"hello world"):
                more = sock.recv(65536)
                assert more, "the server has closed the connection"
                response += more
        requests += CONNECTIONS
    for sock in socks:
        sock.close()
    return requests


def main(rounds: int = 5, seconds: int = 2) -> None:
    os.sched_setaffinity(0, {1})
    results: dict[str, list[Result]] = {"ours": [], "gevent.pywsgi": []}
    for _ in range(rounds):
        results["ours"].append(measure(serve_ours, seconds))
        results["gevent.pywsgi"].append(measure(serve_gevent, seconds))
    medians = {}
    for name, each in results.items():
        rate = statistics.median(result.rate for result in each)
        cpu = statistics.median(result.cpu for result in each)
        medians[name] = Result(rate, cpu)
        print(f"{name:14} {rate:8.0f} requests/s {cpu * 1e6:6.1f} µs CPU per request")
    ours, theirs = medians["ours"], medians["gevent.pywsgi"]
    print(f"{'ratio':14} {ours.rate / theirs.rate:8.2f} {theirs.cpu / ours.cpu:17.2f}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
