"""What fuzzers have found: inputs that once were a bug, run by the suite ever since."""

from __future__ import annotations

FOUND: dict[str, tuple[bytes, ...]] = {
    "HTTP requests": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"0" * 5000 + b"5\r\n\r\nhello",
    ),
    "POST bodies": (b"9" * 5000 + b"\nhello",),
    "origins": (b"Origin: https://a.example.net,https://a.example.org",),
}
