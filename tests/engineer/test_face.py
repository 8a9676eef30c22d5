"""What the API server shows of itself: component statuses, health lists, errors for curl, frames of protobuf."""

import asyncio
import ssl
import struct

from tests.conftest import Kubectl, Server, ServerFactory


async def get(s: Server, path: str, *headers: str) -> bytes:
    """Send one GET as raw HTTP; returns what comes within a moment, headers and all."""
    context = ssl.create_default_context(cadata=s.cluster.identity.ca_pem)
    reader, writer = await asyncio.open_connection("127.0.0.1", s.api.port, ssl=context)
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {s.token}",
        "Connection: close",
        *headers,
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    found = await reader.read()
    writer.close()
    return found


async def test_component_statuses_are_listed_with_their_health(server: ServerFactory, kubectl: Kubectl) -> None:
    s = await server()
    done = await kubectl(s, "get", "cs")
    assert done.out.splitlines()[0].split() == ["NAME", "STATUS", "MESSAGE", "ERROR"]
    assert done.out.splitlines()[3].split() == ["scheduler", "Healthy", "ok"]
    s.cluster.components.stop("kube-scheduler")
    done = await kubectl(s, "get", "cs", "scheduler")
    assert done.out.splitlines()[1].split()[:2] == ["scheduler", "Unhealthy"]
    assert "NotFound" in (await kubectl(s, "get", "cs", "other")).err


async def test_health_lists_its_checks_and_fails_without_quorum(server: ServerFactory, kubectl: Kubectl) -> None:
    s = await server()
    lines = (await kubectl(s, "get", "--raw", "/readyz?verbose")).out.splitlines()
    assert lines[:4] == ["[+]ping ok", "[+]log ok", "[+]etcd ok", "[+]etcd-readiness ok"]
    assert "[+]poststarthook/rbac/bootstrap-roles ok" in lines
    assert lines[-1] == "readyz check passed"
    assert "[+]shutdown ok" not in (await kubectl(s, "get", "--raw", "/livez?verbose")).out
    s.cluster.etcd.set_running("etcd-0", running=False)
    failed = await get(s, "/readyz")
    assert failed.startswith(b"HTTP/1.1 500")
    assert b"[-]etcd failed: reason withheld" in failed


async def test_curl_gets_errors_in_lines(server: ServerFactory) -> None:
    s = await server()
    body = (await get(s, "/api/v1/namespaces/default/pods/none", "User-Agent: curl/8.11.1")).split(b"\r\n\r\n", 1)[1]
    assert body.startswith(b'{\n  "kind": "Status",\n')
    assert body.endswith(b"}\n")


async def test_a_watch_in_protobuf_is_a_row_of_frames(server: ServerFactory) -> None:
    s = await server()
    path = "/api/v1/namespaces?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Ddefault"
    answer = await get(s, path, "Accept: application/vnd.kubernetes.protobuf")
    head, body = answer.split(b"\r\n\r\n", 1)
    assert b"application/vnd.kubernetes.protobuf;stream=watch" in head
    chunk = body.split(b"\r\n", 1)[1]
    (length,) = struct.unpack(">I", chunk[:4])
    frame = chunk[4 : 4 + length]
    assert len(frame) == length
    assert frame.startswith(b"\x0a\x05ADDED")
    assert b"k8s\x00" in frame
