"""PEM blocks, read as Go's ``encoding/pem`` reads them: whatever is no block is skipped."""

import base64
import re
from typing import NamedTuple

from cryptography import x509

_BLOCK = re.compile(rb"^-----BEGIN ([^\n]*?)-----[ \t\r]*\n(.*?)^-----END \1-----[ \t\r]*$", re.MULTILINE | re.DOTALL)
_HEADER = re.compile(rb"^[^:\n]+:[^\n]*\n", re.MULTILINE)


class Block(NamedTuple):
    """One block: its type, whether it has headers, and its content."""

    kind: str
    headers: bool
    der: bytes


def pem_blocks(data: bytes) -> list[Block]:
    """Return all blocks of a text."""
    found = []
    for match in _BLOCK.finditer(data):
        head, blank, body = match[2].partition(b"\n\n")
        headers = bool(blank) and _HEADER.match(head + b"\n") is not None
        content = body if headers else match[2]
        try:
            der = base64.b64decode(b"".join(content.split()), validate=True)
        except ValueError:
            continue
        found.append(Block(match[1].decode(errors="replace"), headers, der))
    return found


def certificates_problem(data: bytes) -> str:
    """Return what is wrong with a chain of certificates, or ""."""
    blocks = pem_blocks(data)
    for block in blocks:
        if block.kind != "CERTIFICATE":
            return f'only CERTIFICATE PEM blocks are allowed, found "{block.kind}"'
        if block.headers:
            return "no PEM block headers are permitted"
        try:
            x509.load_der_x509_certificate(block.der)
        except ValueError:
            return "x509: malformed certificate"
    return "" if blocks else "must contain at least one CERTIFICATE PEM block"
