"""``wget`` (busybox') and ``curl``: HTTP inside the cluster."""

import posixpath
import re
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import HttpResponse, NetworkError, Tls
from k8s_tutor.sim.network.http import split_url
from k8s_tutor.sim.runtime.opening import open_to_write
from k8s_tutor.sim.runtime.programs.options import parse, usage
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.resolving import resolve
from k8s_tutor.sim.runtime.programs.running import seconds

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

MAX_REDIRECTS = 10


async def request(
    process: "Process",
    method: str,
    url: str,
    address: str,
    headers: dict[str, str],
    body: bytes,
    patience: float | None,
    tls: Tls | None = None,
) -> HttpResponse:
    """Make a request to an address that is already known."""
    host, port, target = split_url(url)
    given = {name.lower() for name in headers}
    named = headers if "host" in given else {"Host": host if port in {80, 443} else f"{host}:{port}", **headers}
    scheme = "https" if url.startswith("https://") else "http"
    network = process.container.runtime.network
    await process.work(0.0008)
    return await process.pause(  # type: ignore[no-any-return]
        network.http(
            process.container.config.pod_ip, method, f"{scheme}://{address}:{port}{target}", named, body, patience, tls
        )
    )


@program("wget", memory=1 << 20)
async def wget(process: "Process") -> int:
    """Fetch a URL."""
    options, urls = (
        await parse(
            process,
            "qScL",
            "OTtPUYo",
            {
                "quiet": "q",
                "timeout": "T",
                "output-document": "O",
                "header": "h",
                "post-data": "p",
                "no-check-certificate": "L",
                "server-response": "S",
                "tries": "t",
            },
        )
        if not _long_only(process)
        else await _wget_long(process)
    )
    if not urls:
        return await usage(process, "[-cqS] [--spider] [-O FILE] [-T SEC] URL...")
    quiet = "q" in options
    patience = float(options["T"]) if "T" in options else 900.0
    for url in urls:
        code = await _wget(process, url, options, patience, quiet=quiet)
        if code:
            return code
    return 0


def _long_only(process: "Process") -> bool:
    return any(word.startswith(("--spider", "--header", "--post-data")) for word in process.argv)


async def _wget_long(process: "Process") -> tuple[dict[str, str], list[str]]:
    """Parse with the options that have no letter of their own."""
    process.argv = [re.sub(r"^--spider$", "-s", word) for word in process.argv]
    return await parse(
        process,
        "qScLs",
        "OTtPUYohp",
        {
            "quiet": "q",
            "timeout": "T",
            "output-document": "O",
            "header": "h",
            "post-data": "p",
            "no-check-certificate": "L",
            "server-response": "S",
            "tries": "t",
        },
    )


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
    if not options.get("O") and process.container.files.exists(target, process.cwd):
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


CURL_LONG = {
    "silent": "s",
    "output": "o",
    "write-out": "w",
    "header": "H",
    "data": "d",
    "request": "X",
    "include": "i",
    "head": "I",
    "location": "L",
    "fail": "f",
    "max-time": "m",
    "insecure": "k",
    "show-error": "S",
    "verbose": "v",
    "user": "u",
    "user-agent": "A",
    "remote-name": "O",
    "connect-timeout": "T",
    "data-raw": "d",
    "json": "J",
    "retry": "r",
    "data-binary": "d",
    "compressed": "z",
    "no-progress-meter": "s",
    "get": "G",
    "cacert": "C",
    "oauth2-bearer": "B",
    "no-buffer": "N",
    "fail-with-body": "f",
}
CURL_FLAGS = "siILfkSvOgNzG46#"
CURL_VALUED = "owHdXmuATJrecbxFCB"


@program("curl", memory=2 << 20)
async def curl(process: "Process") -> int:
    """Transfer URLs."""
    headers: dict[str, str] = {"Accept": "*/*"}
    datas: list[str] = []
    words = process.argv[1:]
    for index, word in enumerate(words):
        value = words[index + 1] if index + 1 < len(words) else ""
        if word in {"-H", "--header"}:
            name, _, text = value.partition(":")
            headers[name.strip()] = text.strip()
        elif word in {"-d", "--data", "--data-raw", "--data-binary"}:
            datas.append(value)
        elif re.match(r"-d.", word):
            datas.append(word[2:])
    options, urls = await parse(process, CURL_FLAGS, CURL_VALUED, CURL_LONG)
    if not urls:
        await process.err(
            "curl: (2) no URL specified\n"
            if len(words)
            else "curl: try 'curl --help' or 'curl --manual' for more information\n"
        )
        return 2
    if "J" in options:
        datas.append(options["J"])
        headers["Content-Type"] = headers.get("Content-Type", "application/json")
    if "A" in options:
        headers["User-Agent"] = options["A"]
    if "B" in options:
        headers["Authorization"] = f"Bearer {options['B']}"
    headers.setdefault("User-Agent", "curl/8.11.1")
    body = "&".join(_data(process, text) for text in datas).encode()
    if datas:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    code = 0
    for url in urls:
        code = await _curl(process, url, options, headers, body)
    return code


def _data(process: "Process", text: str) -> str:
    if not text.startswith("@"):
        return text
    try:
        return process.container.files.read_file(text[1:], process.cwd, process.credentials).decode("utf-8", "replace")
    except OSError:
        return ""


async def _curl(process: "Process", url: str, options: dict[str, str], headers: dict[str, str], body: bytes) -> int:
    method = options.get("X") or ("HEAD" if "I" in options else "POST" if body else "GET")
    limit = seconds(options["m"]) if "m" in options else None
    connect = seconds(options["T"]) if "T" in options else None
    patience = min((value for value in (limit, connect) if value is not None), default=None)
    start = process.container.clock.now()
    for _ in range(MAX_REDIRECTS):
        try:
            host, port, _target = split_url(url)
        except ValueError:
            return await _curl_failed(process, options, 3, "URL using bad/illegal format or missing URL")
        addresses = await resolve(process, host)
        if not addresses:
            return await _curl_failed(process, options, 6, f"Could not resolve host: {host}", url)
        tls = _tls(process, options, host) if url.startswith("https://") else None
        if isinstance(tls, str):
            return await _curl_failed(process, options, 77, tls, url)
        try:
            response = await request(process, method, url, addresses[0], headers, body, patience, tls)
        except NetworkError as error:
            elapsed = int((process.container.clock.now() - start) * 1000)
            code, text = {
                "timeout": (
                    28,
                    f"Connection timed out after {elapsed} milliseconds"
                    if limit
                    else f"Failed to connect to {host} port {port} after {elapsed} ms: Could not connect to server",
                ),
                "reset": (52, "Empty reply from server"),
                "tls": (35, f"TLS connect error: {error.message}"),
                "certificate": (60, f"SSL certificate problem: {error.message}"),
            }.get(
                error.kind,
                (7, f"Failed to connect to {host} port {port} after {elapsed} ms: Could not connect to server"),
            )
            return await _curl_failed(process, options, code, text, url)
        location = response.headers.get("Location")
        if "L" in options and response.status in {301, 302, 303, 307, 308} and location:
            url = location if "://" in location else f"http://{host}:{port}{location}"
            continue
        return await _curl_show(process, url, options, response, addresses[0], start)
    return await _curl_failed(process, options, 47, "Maximum (10) redirects followed")


def _tls(process: "Process", options: dict[str, str], host: str) -> Tls | str:
    """Return whom curl believes, or what is wrong with the file of authorities."""
    if "k" in options:
        return Tls()
    if "C" not in options:
        return Tls(verify=True, host=host)
    try:
        text = process.container.files.read_file(options["C"], process.cwd, process.credentials).decode()
    except (OSError, UnicodeDecodeError):
        text = ""
    if "BEGIN CERTIFICATE" not in text:
        return f"error adding trust anchors from file: {options['C']}"
    return Tls(verify=True, authorities=text, host=host)


async def _curl_failed(process: "Process", options: dict[str, str], code: int, text: str, url: str = "") -> int:
    if "s" not in options or "S" in options:
        await process.err(f"curl: ({code}) {text}\n")
    if "w" in options:
        await process.out(_written(options["w"], 0, 0, url, 0.0, ""))
    return code


async def _curl_show(
    process: "Process", url: str, options: dict[str, str], response: HttpResponse, address: str, start: float
) -> int:
    head = (
        f"HTTP/{response.version} {response.status} {response.reason}\r\n"
        + "".join(
            f"{name}: {value}\r\n"
            for name, value in {"Content-Length": str(len(response.body)), **response.headers}.items()
        )
        + "\r\n"
    )
    if "v" in options:
        await process.err(
            f"* Connected to {split_url(url)[0]} ({address}) port {split_url(url)[1]}\n"
            + "".join(f"< {line}\n" for line in head.split("\r\n")[:-1])
        )
    failed = "f" in options and response.status >= 400
    data = b"" if failed else response.body if "I" not in options else b""
    if options.keys() & {"i", "I"} and not failed:
        data = head.encode() + data
    target = options.get("o") or (posixpath.basename(split_url(url)[2]) if "O" in options else "-")
    if target == "-":
        await process.write(1, data)
    elif target != "/dev/null":
        try:
            process.set_fd(5, open_to_write(process, target))
            await process.write(5, data)
        except OSError:
            return await _curl_failed(
                process, options, 23, f"Failure writing output to destination, passed {len(data)} returned 0"
            )
    elapsed = process.container.clock.now() - start
    if "w" in options:
        await process.out(_written(options["w"], response.status, len(response.body), url, elapsed, address))
    if failed:
        return await _curl_failed(
            process,
            {name: value for name, value in options.items() if name != "w"},
            22,
            f"The requested URL returned error: {response.status}",
        )
    return 0


def _written(pattern: str, status: int, size: int, url: str, elapsed: float, address: str) -> str:
    fields = {
        "http_code": f"{status:03}",
        "response_code": f"{status:03}",
        "size_download": str(size),
        "url_effective": url,
        "time_total": f"{elapsed:.6f}",
        "remote_ip": address,
        "content_type": "",
        "time_connect": "0.000300",
    }
    text = re.sub(r"%\{(\w+)\}", lambda match: fields.get(match[1], ""), pattern)
    return text.replace("\\n", "\n").replace("\\t", "\t").replace("%%", "%")
