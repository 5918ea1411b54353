"""Wire formats, pure: bytes and text in, packets out, and back. No socket, no clock, no gevent."""
