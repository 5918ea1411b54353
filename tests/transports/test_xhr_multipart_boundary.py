"""No text that somebody sends can end a part of another's multipart stream, and begin its own."""

from __future__ import annotations

from flask_realtime.transports.xhr_multipart import XHRMultipartTransport

open_stream = XHRMultipartTransport.envelope


def test_every_stream_has_a_boundary_of_its_own() -> None:
    one, other = open_stream(), open_stream()

    assert one.head != other.head
    assert one.content_type != other.content_type


def test_the_boundary_is_named_in_the_type_and_on_the_first_line_and_ends_each_part() -> None:
    stream = open_stream()
    boundary = stream.content_type.partition('boundary="')[2].rstrip('"')

    assert stream.head == f"--{boundary}\n".encode()
    assert stream.wrap("1::") == b"Content-Type: text/plain\n\n1::\n" + stream.head


def test_a_text_with_the_boundary_of_another_stream_stays_in_its_part() -> None:
    stream, other = open_stream(), open_stream()
    forged = f"3:::\n{other.head.decode()}Content-Type: text/plain\n\n3:::forged"

    piece = stream.wrap(forged)

    assert piece.count(stream.head) == 1
