"""Lets TensorFlow's gs:// talk to an emulator on this machine.

TensorFlow knows no emulator: it opens https://*.googleapis.com whatever
happens.  But its HTTP library honours a proxy and a bundle of certificates.
This proxy ends the encryption with a certificate of its own making and
hands the requests to the emulator.
"""

import contextlib
import datetime
import pathlib
import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_HOSTS = ("*.googleapis.com", "googleapis.com")


@contextlib.contextmanager
def serve(folder: pathlib.Path, emulator_port: int) -> Iterator[dict[str, str]]:
    """Runs the proxy; yields the environment that TensorFlow needs."""
    certificate, key = _write_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            while not self.request.recv(4096).endswith(b"\r\n\r\n"):
                pass  # CONNECT host:port, and headers
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with contextlib.suppress(OSError):
                client = context.wrap_socket(self.request, server_side=True)
                _exchange(client, emulator_port)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {
            "HTTPS_PROXY": f"http://127.0.0.1:{server.server_address[1]}",
            "CURL_CA_BUNDLE": str(certificate),
            "NO_GCE_CHECK": "true",
            "GCS_RETRY_CONFIG_MAX_RETRIES": "0",
        }
        server.shutdown()


def _exchange(client: ssl.SSLSocket, emulator_port: int) -> None:
    with socket.create_connection(("127.0.0.1", emulator_port)) as emulator:
        there = threading.Thread(
            target=_pump, args=(client, emulator, _mend_request)
        )
        there.start()
        _pump(emulator, client, _mend_response)
        there.join()


def _pump(
    source: socket.socket,
    target: socket.socket,
    mend: Callable[[bytes], bytes],
) -> None:
    """Copies until the source ends."""
    with contextlib.suppress(OSError):
        while content := source.recv(1 << 16):
            target.sendall(mend(content))
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _mend_request(content: bytes) -> bytes:
    """Leaves one way to tell an upload's end; the emulator sees one only."""
    if b"Transfer-Encoding: chunked\r\n" not in content:
        return content
    return re.sub(rb"Content-Length: \d+\r\n", b"", content, count=1)


def _mend_response(content: bytes) -> bytes:
    """Keeps the rest of an upload encrypted."""
    return content.replace(b"Location: http://", b"Location: https://")


def _write_certificate(
    folder: pathlib.Path,
) -> tuple[pathlib.Path, pathlib.Path]:
    """Writes a certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, "googleapis.com")]
    )
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(h) for h in _HOSTS]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "proxy.pem", folder / "proxy.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
