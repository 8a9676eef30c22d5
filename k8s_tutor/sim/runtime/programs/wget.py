"""``wget``, busybox': HTTP inside the cluster."""

import posixpath
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import HttpResponse, NetworkError
from k8s_tutor.sim.network.http import split_url
from k8s_tutor.sim.runtime.opening import open_to_write
from k8s_tutor.sim.runtime.programs.fetching import MAX_REDIRECTS, request
from k8s_tutor.sim.runtime.programs.options import parse, usage
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.resolving import resolve

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


LONG = {
    "quiet": "q",
    "timeout": "T",
    "output-document": "O",
    "header": "h",
    "post-data": "p",
    "no-check-certificate": "L",
    "server-response": "S",
    "tries": "t",
    "spider": "s",
    "continue": "c",
    "user-agent": "U",
    "directory-prefix": "P",
}


@program("wget", memory=1 << 20)
async def wget(process: "Process") -> int:
    """Fetch a URL."""
    options, urls = await parse(process, "qScLs", "OTtPUYohp", LONG)
    if not urls:
        return await usage(process, "[-cqS] [--spider] [-O FILE] [-T SEC] URL...")
    quiet = "q" in options
    patience = float(options["T"]) if "T" in options else 900.0
    for url in urls:
        code = await _wget(process, url, options, patience, quiet=quiet)
        if code:
            return code
    return 0


async def _wget(process: "Process", url: str, options: dict[str, str], patience: float, *, quiet: bool) -> int:
    for _ in range(MAX_REDIRECTS):
        try:
            host, port, _target = split_url(url)
        except ValueError:
            await process.err(f"wget: bad address '{url}'\n")
            return 1
        addresses = await resolve(process, host)
        if not addresses:
            await process.err(f"wget: bad address '{host if port == 80 else f'{host}:{port}'}'\n")
            return 1
        if not quiet:
            await process.err(f"Connecting to {host if port == 80 else f'{host}:{port}'} ({addresses[0]}:{port})\n")
        headers = {"User-Agent": "Wget", "Connection": "close"}
        if "h" in options:
            name, _, value = options["h"].partition(":")
            headers[name] = value.strip()
        method = "POST" if "p" in options else "GET"
        if url.startswith("https://") and "L" not in options:
            await process.err("wget: note: TLS certificate validation not implemented\n")
        try:
            response = await request(
                process, method, url, addresses[0], headers, options.get("p", "").encode(), patience
            )
        except NetworkError as error:
            await process.err(_wget_words(error, addresses[0], port))
            return 1
        if "S" in options:
            await process.err(f"  HTTP/{response.version} {response.status} {response.reason}\n")
            await process.err("".join(f"  {name}: {value}\n" for name, value in response.headers.items()))
        location = response.headers.get("Location")
        if response.status in {301, 302, 303, 307, 308} and location:
            url = location if "://" in location else f"http://{host}:{port}{location}"
            continue
        if response.status >= 400:
            await process.err(
                f"wget: server returned error: HTTP/{response.version} {response.status} {response.reason}\n"
            )
            return 1
        return await _wget_save(process, url, options, response, quiet=quiet)
    await process.err("wget: too many redirections\n")
    return 1


def _wget_words(error: NetworkError, address: str, port: int) -> str:
    if error.kind == "timeout":
        return "wget: download timed out\n"
    if error.kind == "tls":
        return "ssl_client: TLS error from peer (alert code 70): protocol version\nwget: error getting response: Connection reset by peer\n"
    if error.kind == "unreachable":
        return f"wget: can't connect to remote host ({address}): No route to host\n"
    if error.kind == "refused":
        return f"wget: can't connect to remote host ({address}): Connection refused\n"
    del port
    return "wget: error getting response: Connection reset by peer\n"


async def _wget_save(
    process: "Process", url: str, options: dict[str, str], response: HttpResponse, *, quiet: bool
) -> int:
    if "s" in options:
        if not quiet:
            await process.err("remote file exists\n")
        return 0
    target = options.get("O") or posixpath.basename(split_url(url)[2].split("?")[0]) or "index.html"
    if target == "-":
        if not quiet:
            await process.err("writing to stdout\n")
        await process.write(1, response.body)
        if not quiet:
            await process.err(
                f"-                    100% |********************************| {len(response.body):5}  "
                "0:00:00 ETA\nwritten to stdout\n"
            )
        return 0
    if not options.get("O") and process.files.exists(target, process.cwd):
        await process.err(f"wget: can't open '{target}': File exists\n")
        return 1
    try:
        process.set_fd(5, open_to_write(process, target))
    except OSError as error:
        await process.err(f"wget: can't open '{target}': {error.strerror}\n")
        return 1
    await process.write(5, response.body)
    if not quiet:
        await process.err(
            f"saving to '{target}'\n{target:<20} 100% |********************************| "
            f"{len(response.body):5}  0:00:00 ETA\n'{target}' saved\n"
        )
    return 0
