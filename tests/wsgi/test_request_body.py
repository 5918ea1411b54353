"""``wsgi.input``, fed by a parser without any socket."""

from __future__ import annotations

from typing import NoReturn

import pytest

from flask_realtime.wsgi.limits import Limits
from flask_realtime.wsgi.request_body import ArrivingBody
from flask_realtime.wsgi.request_parser import Request, RequestParser

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def no_more(request: Request) -> NoReturn:
    raise AssertionError("it waits, though something is there")


@pytest.mark.parametrize("size", [1, 999, 1000, 5000])
def test_one_read_takes_all_the_chunks_that_are_there(size: int) -> None:
    parser = RequestParser({"SCRIPT_NAME": ""}, Limits())
    chunks = [b"%d" % (number % 10) for number in range(1000)]
    parser.feed(HEAD + b"".join(b"1\r\n%b\r\n" % chunk for chunk in chunks))
    body = ArrivingBody(parser.requests[0], no_more)
    found = []
    while len(b"".join(found)) < 1000:
        target = bytearray(size)
        found.append(bytes(target[: body.readinto(target)]))
    assert b"".join(found) == b"".join(chunks)
    assert len(found) == -(-1000 // size)
    parser.close()
