"""What probes and HTTP hooks ask for: ports by number or name, URLs, headers (upstream: ``pkg/probe/http/request.go``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.network import NetworkError


def container_port(port: int | str, container: Json) -> int:
    """Return a port's number.

    Raises:
        LookupError: no port of the container has this name.
    """
    if isinstance(port, int):
        return port
    for one in container.get("ports") or ():
        if one.get("name") == port:
            return int(one["containerPort"])
    if port.isdigit():
        return int(port)
    raise LookupError(f'strconv.Atoi: parsing "{port}": invalid syntax')


def probe_url(action: Json, pod_ip: str, port: int) -> str:
    """Return the URL of an httpGet action."""
    path = action.get("path") or ""
    slash = "" if path.startswith("/") else "/"
    return f"{(action.get('scheme') or 'HTTP').lower()}://{action.get('host') or pod_ip}:{port}{slash}{path}"


def probe_headers(action: Json, purpose: str) -> dict[str, str]:
    """Return the headers of an httpGet action."""
    headers = {"User-Agent": f"kube-{purpose}/1.37", "Accept": "*/*"}
    for header in action.get("httpHeaders") or ():
        headers[header["name"]] = header["value"]
    return {name: value for name, value in headers.items() if value or name != "Accept"}


def dial_words(error: NetworkError) -> str:
    """Return what Go says of a connection that could not be opened."""
    words = {
        "refused": "connect: connection refused",
        "timeout": "i/o timeout",
        "unreachable": "connect: no route to host",
        "reset": "read: connection reset by peer",
    }
    return words.get(error.kind) or f"lookup {error.message.removeprefix('no such host: ')}: no such host"


def go_seconds(seconds: float) -> str:
    """Return whole seconds as Go prints a duration."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
