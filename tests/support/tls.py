"""Certificates that nobody has to trust, and the client's side of TLS."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from gevent import ssl


def make_certificate(openssl: str, folder: Path, name: str = "") -> dict[str, str]:
    """Make a certificate for localhost; return its files as ``certfile`` and ``keyfile``."""
    certfile, keyfile = str(folder / f"{name}cert.pem"), str(folder / f"{name}key.pem")
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-subj", "/CN=localhost", "-out", certfile, "-keyout", keyfile]
    subprocess.run(command, check=True, capture_output=True)
    return {"certfile": certfile, "keyfile": keyfile}


def encrypted(client: Any) -> Any:
    """Begin TLS on the connection of a client, whose ``sock`` becomes the TLS socket."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # An end of stream without TLS's own is an error for this client.
    client.sock = context.wrap_socket(client.sock, suppress_ragged_eofs=False)
    return client
