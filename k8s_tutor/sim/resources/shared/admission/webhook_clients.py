"""How the API server reaches a webhook: a URL or a Service (upstream: apiserver ``util/webhook/validation.go``)."""

from urllib.parse import urlsplit

from k8s_tutor.apimachinery import names
from k8s_tutor.sim.resources.shared.check import At

_FORM = "; desired format: https://host[/path]"
_BAD_PORT = "port is not valid: must be between 1 and 65535, inclusive"
_MAX_PORT = 65535


def check_client(v: At) -> None:
    """Check a ``clientConfig``: exactly one of url and service."""
    if (v.get("url") is None) == (v.get("service") is None):
        v.required("", "exactly one of url or service is required")
    elif v.get("url") is not None:
        check_url(v)
    else:
        check_service(v.at("service"))


def check_url(v: At) -> None:
    """Check the ``url`` of a client configuration."""
    try:
        url = urlsplit(v.text("url"))
    except ValueError as error:
        v.required("url", f"url must be a valid URL: {error}{_FORM}")
        return
    if url.scheme != "https":
        v.invalid("url", f"'https' is the only allowed URL scheme{_FORM}", url.scheme)
    user, at, host = url.netloc.rpartition("@")
    if not host:
        v.invalid("url", f"host must be specified{_FORM}", "")
    for part, complaint in (
        (user if at else "", "user information is not permitted in the URL"),
        (url.fragment, "fragments are not permitted in the URL"),
        (url.query, "query parameters are not permitted in the URL"),
    ):
        if part:
            v.invalid("url", complaint, part)


def check_service(v: At) -> None:
    """Check a reference to a Service."""
    v.need("name")
    v.need("namespace")
    if not 1 <= v.number("port") <= _MAX_PORT:
        v.invalid("port", _BAD_PORT, v.number("port"))
    path = v.text("path")
    if path in ("", "/"):
        return
    if path == "//":
        v.invalid("path", "segment[0] may not be empty")
        return
    if not path.startswith("/"):
        v.invalid("path", "must start with a '/'")
    for number, step in enumerate(path[1:].removesuffix("/").split("/")):
        if not step:
            v.invalid("path", f"segment[{number}] may not be empty")
            continue
        for complaint in names.is_dns1123_subdomain(step):
            v.invalid("path", f"segment[{number}]: {complaint}")
