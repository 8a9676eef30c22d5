"""TLS over the cluster's own connections, done by OpenSSL in memory: the API server in the pod network, webhooks.

A ``TlsStream`` is used like a ``Stream``; the bytes that go over the connection are real records, so a client that
speaks TLS to a plain server fails as it would outside, and certificates are verified as OpenSSL does.
"""

import ssl

from k8s_tutor.sim.network.streams import CAPACITY, Stream

RECORD_TYPES = range(20, 25)


class TlsError(Exception):
    """The handshake failed.

    Attributes:
        plain: the other side does not speak TLS.
        verify: OpenSSL's words where the certificate was not accepted.
    """

    def __init__(self, message: str, *, plain: bool = False, verify: str = "", code: int = 0) -> None:
        super().__init__(message)
        self.plain, self.verify, self.code = plain, verify, code


class TlsStream:
    """One end of an encrypted connection; made by ``client`` or ``server``."""

    def __init__(self, stream: Stream, context: ssl.SSLContext, host: str | None, *, server: bool) -> None:
        self._stream = stream
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._rest = b""
        self.object = context.wrap_bio(self._incoming, self._outgoing, server_side=server, server_hostname=host)

    @property
    def peer(self) -> tuple[str, int]:
        """The other side's address."""
        return self._stream.peer

    async def handshake(self) -> None:
        """Agree on keys.

        Raises:
            TlsError: not TLS, or a certificate that is not accepted.
        """
        first = True
        while True:
            try:
                self.object.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._stream.read()
                if first and data and data[0] not in RECORD_TYPES:
                    raise TlsError("wrong version number", plain=True) from None
                first = False
                self._take(data)
            except ssl.SSLCertVerificationError as error:
                await self._flush()
                raise TlsError(str(error), verify=error.verify_message, code=error.verify_code) from None
            except ssl.SSLError as error:
                await self._flush()
                raise TlsError(error.reason or str(error)) from None
            else:
                await self._flush()
                return

    async def read(self, size: int = CAPACITY) -> bytes:
        """Return up to ``size`` bytes; empty at the end."""
        if self._rest:
            data, self._rest = self._rest[:size], self._rest[size:]
            return data
        while True:
            try:
                return self.object.read(size)
            except ssl.SSLWantReadError:
                await self._flush()
                self._take(await self._stream.read())
            except ssl.SSLError:
                return b""

    async def read_line(self, limit: int = CAPACITY) -> bytes:
        """Return bytes up to and with a line feed, or what there is at the end."""
        found = b""
        while len(found) < limit:
            data = await self.read()
            if not data:
                break
            head, feed, rest = data.partition(b"\n")
            found += head + feed
            if feed:
                self._rest = rest + self._rest
                break
        return found

    async def read_exactly(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer only at the end."""
        found = b""
        while len(found) < size:
            data = await self.read(size - len(found))
            if not data:
                break
            found += data
        return found

    def write_now(self, data: bytes) -> None:
        """Send without waiting."""
        self.object.write(data)
        self._stream.write_now(self._outgoing.read())

    async def write(self, data: bytes) -> None:
        """Send; BrokenPipeError when the other side has gone."""
        self.object.write(data)
        await self._flush()

    def close(self) -> None:
        """Leave."""
        self._stream.close()

    def _take(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            await self._stream.write(data)


async def client(stream: Stream, context: ssl.SSLContext, host: str) -> TlsStream:
    """Begin TLS as the client; ``host`` is verified as the context says."""
    return await _begun(TlsStream(stream, context, host, server=False))


async def server(stream: Stream, context: ssl.SSLContext) -> TlsStream:
    """Begin TLS as the server."""
    return await _begun(TlsStream(stream, context, None, server=True))


async def _begun(made: TlsStream) -> TlsStream:
    try:
        await made.handshake()
    except (BrokenPipeError, ValueError) as error:
        raise TlsError("connection reset by peer") from error
    return made


def client_context(authorities: str = "", *, verify: bool = True) -> ssl.SSLContext:
    """Return a client's settings: who may sign the server's certificate (PEM), or that it is not looked at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif authorities:
        context.load_verify_locations(cadata=authorities)
    return context
