"""Autobahn's fuzzing client against an echo on `accept_websocket`: `make autobahn WSTEST=wstest`.

Each server below is one way to compress; how its cases ended is counted by behaviour, and the exit
code is 0 if none failed. `wstest` is the program of the package autobahntestsuite, which needs
Python 2.7. Cases 1 to 10 take half a minute per server, 12 and 13 ten minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gevent import subprocess

from flask_realtime.exceptions import Disconnected, HandshakeError
from flask_realtime.wsgi import WSGIServer, accept_websocket

MAX_SIZE = 16 * 1024 * 1024  # of case 9

SERVERS: dict[str, Any] = {
    "off": False,
    "default": True,
    "all": {"threshold": 0},
    "takeover": {
        "threshold": 0,
        "server_context_takeover": True,
        "client_context_takeover": True,
    },
    "window": {
        "threshold": 0,
        "level": 1,
        "mem_level": 1,
        "server_context_takeover": True,
        "server_max_window_bits": 9,
    },
}

# A case that is not implemented is one of compression, where that is off or was not agreed on.
PASSED = {"OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"}


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Send every message back."""
    compression = SERVERS[environ["PATH_INFO"].strip("/")]
    try:
        websocket = accept_websocket(environ, max_size=MAX_SIZE, compression=compression)
    except HandshakeError as error:
        start_response(error.http_status, list(error.headers))
        return []
    try:
        for message in websocket:
            websocket.send(message)
    except Disconnected:
        pass
    return websocket.response()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wstest", default="wstest", help="the command")
    parser.add_argument("--cases", default="*", help="patterns, such as 1.*,13.*.1$")
    parser.add_argument("--servers", default=",".join(SERVERS), help="some of them")
    parser.add_argument("--reports", type=Path, default=Path("build/autobahn"))
    arguments = parser.parse_args()
    names = arguments.servers.split(",")
    arguments.reports.mkdir(parents=True, exist_ok=True)
    server = WSGIServer(("127.0.0.1", 0), echo, log=None)
    server.start()
    specification = arguments.reports / "fuzzingclient.json"
    specification.write_text(
        json.dumps(
            {
                "outdir": str(arguments.reports),
                "servers": [
                    {"agent": name, "url": f"ws://127.0.0.1:{server.server_port}/{name}"}
                    for name in names
                ],
                "cases": arguments.cases.split(","),
                "exclude-cases": [],
                "exclude-agent-cases": {},
            }
        )
    )
    command = [arguments.wstest, "--mode=fuzzingclient", f"--spec={specification}"]
    with (arguments.reports / "wstest.log").open("wb") as log:
        subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=True)
    server.stop()
    return report(json.loads((arguments.reports / "index.json").read_text()), names)


def report(results: dict[str, Any], names: list[str]) -> int:
    """Print the counts and what failed; return the exit code."""
    failed = False
    for name in names:
        cases = results.get(name, {})
        counts = Counter(case["behavior"] for case in cases.values())
        closes = Counter(case["behaviorClose"] for case in cases.values())
        print(f"{name}: {len(cases)} cases, {dict(counts)}, closing {dict(closes)}")
        for number, case in cases.items():
            if not {case["behavior"], case["behaviorClose"]} <= PASSED:
                failed = True
                print(f"  {number}: {case['behavior']}, closing {case['behaviorClose']}")
        failed = failed or not cases
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
