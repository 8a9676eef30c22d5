"""Links of proxied pages: ``Location`` headers and URLs in HTML are led back through the proxy.

Mirrors ``apimachinery/pkg/util/proxy/transport.go``: a URL with an absolute path, without a host or with that of the
request, gets the proxy's path in front; all others stay.
"""

import html
import posixpath
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit, urlunsplit

URLS = {
    "a": ("href",),
    "applet": ("codebase",),
    "area": ("href",),
    "audio": ("src",),
    "base": ("href",),
    "blockquote": ("cite",),
    "body": ("background",),
    "button": ("formaction",),
    "command": ("icon",),
    "del": ("cite",),
    "embed": ("src",),
    "form": ("action",),
    "frame": ("longdesc", "src"),
    "head": ("profile",),
    "html": ("manifest",),
    "iframe": ("longdesc", "src"),
    "img": ("longdesc", "src", "usemap"),
    "input": ("src", "usemap", "formaction"),
    "ins": ("cite",),
    "link": ("href",),
    "object": ("classid", "codebase", "data", "usemap"),
    "q": ("cite",),
    "script": ("src",),
    "source": ("src",),
    "video": ("poster", "src"),
}


@dataclass(frozen=True, slots=True)
class Links:
    """How links are written.

    Args:
        prefix: the proxy's path, without a last slash.
        host: where the page was fetched (address and port).
        asked: the ``Host`` of the client's request.
    """

    prefix: str
    host: str
    asked: str

    def url(self, text: str) -> str:
        """Return a URL as the client is to follow it."""
        try:
            parts = urlsplit(text)
        except ValueError:
            return text
        if (parts.netloc and parts.netloc not in {self.host, self.asked}) or not parts.path.startswith("/"):
            return text
        scheme, netloc = ("", "") if parts.netloc != self.asked else (parts.scheme, parts.netloc)
        path = parts.path
        if not path.startswith(self.prefix):
            path = posixpath.normpath(f"{self.prefix}/{path.lstrip('/')}") + ("/" if path.endswith("/") else "")
        return urlunsplit((scheme, netloc, path, parts.query, parts.fragment))

    def page(self, text: str) -> str:
        """Return HTML with its links rewritten."""
        parser = _Rewriter(self)
        parser.feed(text)
        parser.close()
        return "".join(parser.written)


class _Rewriter(HTMLParser):
    """Writes what it reads; start tags anew."""

    def __init__(self, links: Links) -> None:
        super().__init__(convert_charrefs=False)
        self._links = links
        self.written: list[str] = []

    def _tag(self, tag: str, attributes: list[tuple[str, str | None]], end: str) -> None:
        named = URLS.get(tag, ())
        shown = "".join(
            f' {name}="{html.escape(self._links.url(value or "") if name in named else value or "")}"'
            for name, value in attributes
        )
        self.written.append(f"<{tag}{shown}{end}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag(tag, attrs, ">")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag(tag, attrs, "/>")

    def handle_endtag(self, tag: str) -> None:
        self.written.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.written.append(data)

    def handle_entityref(self, name: str) -> None:
        self.written.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.written.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.written.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.written.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.written.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.written.append(f"<![{data}]>")
