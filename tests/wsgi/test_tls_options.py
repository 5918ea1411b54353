"""What is wrong with a certificate is said in a sentence that names the option."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from flask_realtime.exceptions import OptionError, message_of
from flask_realtime.wsgi import WSGIServer
from tests.support.tls import encrypted, make_certificate

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def hello(environ, start_response):
    start_response("200 OK", [])
    return [b"hello"]


def complaint(**options):
    with pytest.raises(OptionError) as raised:
        WSGIServer(("127.0.0.1", 0), hello, **options)
    error = raised.value
    assert error.__context__ is None or error.__suppress_context__  # nothing of OpenSSL's
    return message_of(error)


@pytest.fixture
def pem(certificate, tmp_path, openssl):
    """A certificate and its key, and files in which something is wrong."""
    make_certificate(openssl, tmp_path, "other")
    key, cert = (tmp_path / "key.pem").read_text(), (tmp_path / "cert.pem").read_text()
    (tmp_path / "both.pem").write_text(cert + key)
    (tmp_path / "nonsense.pem").write_bytes(bytes(range(256)))
    (tmp_path / "empty.pem").write_text("")
    broken = re.sub("(?<=\n)M[^-]{20}", "M" + "A" * 20, cert, count=1)
    assert broken != cert
    (tmp_path / "broken.pem").write_text(broken)
    command = [openssl, "pkey", "-in", str(tmp_path / "key.pem"), "-aes128", "-passout", "pass:x"]
    subprocess.run([*command, "-out", str(tmp_path / "encrypted.pem")], check=True)
    return lambda name: str(tmp_path / f"{name}.pem")


@pytest.mark.parametrize(
    ("certfile", "keyfile", "said"),
    [
        ("missing", None, "certfile '…/missing.pem' cannot be read: No such file or directory"),
        ("cert", "missing", "keyfile '…/missing.pem' cannot be read: No such file or directory"),
        ("nonsense", "key", "certfile '…/nonsense.pem' holds no certificate in the form of PEM"),
        ("empty", None, "certfile '…/empty.pem' holds no certificate in the form of PEM"),
        ("cert", "nonsense", "keyfile '…/nonsense.pem' holds no private key in the form of PEM"),
        ("key", "cert", "certfile '…/key.pem' holds no certificate in the form of PEM"),
        ("cert", "otherkey", "keyfile '…/otherkey.pem' holds the key of another certificate"),
        (
            "cert", None,
            "certfile '…/cert.pem' holds no private key; name the file that does by keyfile",
        ),
        (
            "cert", "encrypted",
            "keyfile '…/encrypted.pem' holds a key that is encrypted; decrypt it, or give an "
            "ssl_context",
        ),
    ],
)  # fmt: skip
def test_files_that_do_not_fit(tmp_path, pem, certfile, keyfile, said):
    files = {"certfile": pem(certfile)} | ({"keyfile": pem(keyfile)} if keyfile else {})
    assert complaint(**files).replace(str(tmp_path), "…") == said


def test_a_certificate_that_is_none(pem):
    said = complaint(certfile=pem("broken"), keyfile=pem("key"))
    assert said.startswith(f"certfile {pem('broken')!r} with keyfile {pem('key')!r} cannot be used")


def test_a_folder_is_no_certificate(tmp_path):
    assert complaint(certfile=str(tmp_path)).endswith("cannot be read: Is a directory")


def test_authorities_that_are_none(certificate, pem):
    assert complaint(**certificate, ca_certs=pem("missing")).startswith("ca_certs")
    assert complaint(**certificate, ca_certs=pem("key")).startswith("ca_certs")
    assert complaint(**certificate, ca_certs=pem("broken")).startswith("ca_certs")


def test_ciphers_that_are_none(certificate):
    said = complaint(**certificate, ciphers="NONESUCH")
    assert said == "ciphers 'NONESUCH' cannot be used: no cipher can be selected"


@pytest.mark.parametrize("as_path", [str, Path])
def test_one_file_may_hold_both(serve, connect, pem, as_path):
    client = encrypted(connect(serve(hello, certfile=as_path(pem("both")))))
    client.send(GET)
    assert client.read_until(b"hello").startswith(b"HTTP/1.1 200 OK")
    client.sock.close()
