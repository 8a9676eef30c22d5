"""Answers of Go's HTTP servers: who sets no content type gets one by the first bytes (``net/http`` sniffing)."""

import json
import re

from k8s_tutor.sim.network import HttpResponse

PLAIN, HTML = "text/plain; charset=utf-8", "text/html; charset=utf-8"
SNIFFED = 512
TAGS = "!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--"
_HTML = re.compile(rb"[\t\n\f\r ]*<(" + TAGS.encode() + rb")[ >]", re.IGNORECASE)
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def sniffed(data: bytes) -> str:
    """Return the content type that Go finds in the first bytes."""
    head = data[:SNIFFED]
    if _HTML.match(head):
        return HTML
    if re.match(rb"[\t\n\f\r ]*<\?xml", head):
        return "text/xml; charset=utf-8"
    return "application/octet-stream" if _BINARY.search(head) else PLAIN


def text(value: str, status: int = 200) -> HttpResponse:
    """Return an answer with a text."""
    data = value.encode()
    return HttpResponse(status, data, {"Content-Type": sniffed(data)})


def as_json(value: object, status: int = 200) -> HttpResponse:
    """Return an answer with JSON, written as Go writes it."""
    return text(json.dumps(value, separators=(",", ":"), ensure_ascii=False), status)
