"""HTTP servers with or without TLS: certificate and key come from the container's files.

The image's own ``localhost.crt`` and ``localhost.key`` are made when somebody serves with them.
"""

import os
import ssl
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import HttpRequest, HttpResponse, Stream
from k8s_tutor.sim.runtime.programs.serving import listen

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

Answer = Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]
OWN = ("localhost.crt", "localhost.key")
_own: list[tuple[bytes, bytes]] = []


def listen_http(process: "Process", port: int, answer: Answer, certificate: str = "", key: str = "") -> bool:
    """Serve HTTP, HTTPS if a certificate's file is named; False if the port is in use.

    Raises:
        OSError: a file is missing or is none.
    """
    if not certificate:
        return listen(process, port, answer)
    context = server_context(*(_material(process, path) for path in (certificate, key or certificate)))

    async def accept(stream: Stream) -> None:
        from k8s_tutor.sim.network import http, tls  # OpenSSL's settings are needed by few

        try:
            secure = await tls.server(stream, context)
        except tls.TlsError:
            return
        await http.serve(secure, answer)

    return listen(process, port, accept=accept)


def server_context(certificate: bytes, key: bytes) -> ssl.SSLContext:
    """Return a server's settings.

    Raises:
        OSError: they are no certificate and key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # OpenSSL reads them from a file only: one of ours, which is gone at once.
    descriptor, path = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(certificate + b"\n" + key)
        context.load_cert_chain(path)
    finally:
        Path(path).unlink()
    return context


def _material(process: "Process", path: str) -> bytes:
    try:
        return process.files.read_file(path, process.cwd, process.credentials)
    except OSError:
        name = path.lstrip("./")
        if name not in OWN:
            raise
    return own_files()[OWN.index(name)]


def own_files() -> tuple[bytes, bytes]:
    """Return the image's certificate and key; made once, when they are first asked for."""
    if not _own:
        from k8s_tutor.sim.auth import pki

        made = pki.issue(pki.make_ca("localhost"), "localhost", hosts=("127.0.0.1", "::1", "localhost"))
        _own.append((made.certificate.encode(), made.key.encode()))
    return _own[0]


def lay_own_files(process: "Process") -> None:
    """Put the image's certificate and key where a server of files would find them."""
    for name, content in zip(OWN, own_files(), strict=True):
        process.files.write_file(f"/{name}", content)
