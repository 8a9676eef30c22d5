"""Pages of lists, and the continue tokens by which the next one is asked for.

Mirrors ``apiserver/pkg/storage/continue.go``: a token tells the resource version of the first page, of whose state all
pages are, and where in the collection the next one begins.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.options import ListOptions
from k8s_tutor.sim.apiserver.selection import Selection
from k8s_tutor.sim.machinery.status import bad_request
from k8s_tutor.sim.machinery.store import Entry

LATEST = -1
TOKEN_VERSION = "meta.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class Page:
    """What a list shows.

    Attributes:
        entries: the objects.
        version: of the list.
        token: asks for the next page; "" if this is the last.
        remaining: how many objects follow, where that is known.
    """

    entries: Sequence[Entry]
    version: str
    token: str = ""
    remaining: int | None = None

    @property
    def metadata(self) -> Json:
        """The list's ``metadata``."""
        meta: Json = {"resourceVersion": self.version}
        if self.token:
            meta["continue"] = self.token
            if self.remaining is not None:
                meta["remainingItemCount"] = self.remaining
        return meta


def first_page(entries: Sequence[Entry], chosen: Selection, limit: int, namespace: str | None, version: int) -> Page:
    """Return the first ``limit`` that fit; there is more as long as anything follows, whether it fits or not."""
    found: list[Entry] = []
    for index, entry in enumerate(entries):
        if chosen.everything or chosen.fits(entry.obj):
            found.append(entry)
        if len(found) == limit:
            left = len(entries) - index - 1
            if not left:
                break
            token = make_token(version, _position(entry, namespace) + "\x00")
            return Page(found, str(version), token, left if chosen.everything else None)
    return Page(found, str(version))


def read_token(options: ListOptions) -> tuple[int, str]:
    """Return the resource version that a token tells (``LATEST``: none any more), and where its page begins.

    Raises:
        ApiError: 400.
    """
    try:
        raw = base64.urlsafe_b64decode(options.token + "=" * (-len(options.token) % 4))
    except ValueError:
        raise bad_request("invalid continue token: continue key is not valid: illegal base64 data") from None
    try:
        body = orjson.loads(raw)
        found = int(body["rv"]), str(body["start"])
    except (ValueError, KeyError, TypeError):
        first = raw[:1].decode("latin-1")
        text = f"invalid character '{first}' looking for beginning of value"
        raise bad_request(f"invalid continue token: continue key is not valid: {text}") from None
    if options.version not in {"", "0"}:
        raise bad_request("specifying resource version is not allowed when using continue")
    return found


def make_token(version: int, start: str) -> str:
    """Return a token for the page that begins at ``start``."""
    body = orjson.dumps({"v": TOKEN_VERSION, "rv": version, "start": start})
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def _position(entry: Entry, namespace: str | None) -> str:
    """Return an object's key under the collection, as etcd orders it."""
    meta = entry.obj["metadata"]
    if namespace is None and meta.get("namespace"):
        return f"/{meta['namespace']}/{meta['name']}"
    return f"/{meta['name']}"
