"""Requests per second of a hello world: our WSGI server beside gevent's.

Both run in turn, in a process of their own on core 0, with the load on core 1; gevent's gets
TCP_NODELAY, without which it waits 40 ms for acknowledgements. The load keeps 32 connections busy
with one request each. On a machine that does other things too, compare the CPU time per request.

    python benchmarks/http_hello.py [rounds] [seconds]
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import statistics
import sys
import time
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


def measure(serve: Callable[[socket.socket], None], seconds: float) -> Result:
    listener = socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS)
    listener.setblocking(False)  # as gevent's server needs it
    child = os.fork()
    if not child:
        os.sched_setaffinity(0, {0})
        serve(listener)
        os._exit(0)
    try:
        requests = load(listener.getsockname(), seconds)
    finally:
        os.kill(child, signal.SIGKILL)
        _, _, usage = os.wait4(child, 0)
        listener.close()
    return Result(requests / seconds, cpu_time(usage) / requests)


def cpu_time(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def load(address: tuple[str, int], seconds: float) -> int:
    """How many requests are answered in that time."""
    socks = [socket.create_connection(address, timeout=10) for _ in range(CONNECTIONS)]
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


def main(rounds: int = 5, seconds: float = 2.0) -> None:
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
