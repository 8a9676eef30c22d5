"""``curl``: HTTP inside the cluster, with curl's options, exit codes and words."""

import base64
import posixpath
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from k8s_tutor.sim.network import HttpResponse, NetworkError, Tls
from k8s_tutor.sim.network.http import split_url
from k8s_tutor.sim.runtime.opening import open_to_write
from k8s_tutor.sim.runtime.programs.curl_options import HINT, Options, parse_options
from k8s_tutor.sim.runtime.programs.fetching import MAX_REDIRECTS, request
from k8s_tutor.sim.runtime.programs.reading import Input
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.resolving import resolve

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

VERSION = "8.11.1"


class CurlError(Exception):
    """A transfer failed.

    Args:
        code: the exit code.
        message: curl's words.
        kind: the network's kind of failure.
    """

    def __init__(self, code: int, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.kind = code, message, kind


@program("curl", memory=2 << 20)
async def curl(process: "Process") -> int:
    """Transfer URLs."""
    options = await parse_options(process)
    if "V" in options.flags:
        await process.out(f"curl {VERSION} (x86_64-pc-linux) libcurl/{VERSION}\nProtocols: http https\n")
        return 0
    if not options.urls:
        await process.err("curl: (2) no URL specified\n" if len(process.argv) > 1 else HINT)
        return 2
    code = 0
    for index, url in enumerate(options.urls):
        output = options.outputs[index] if index < len(options.outputs) else "-"
        code = await Transfer(process, options, url, output).run()
    return code


class Transfer:
    """One URL: what is sent, retries and redirects, and where the answer goes."""

    def __init__(self, process: "Process", options: Options, url: str, output: str) -> None:
        self._process, self._options, self._url, self._output = process, options, url, output
        self._headers: dict[str, str] = {}
        self._body = b""
        self._address = ""
        self._started = process.container.clock.now()

    async def run(self) -> int:
        """Make the transfer and return curl's exit code."""
        try:
            await self._prepare()
            response = await self._with_retries()
            return await self._show(response)
        except CurlError as error:
            return await self._failed(error)

    async def _prepare(self) -> None:
        """Make body and headers of what the options say."""
        options = self._options
        self._headers = {"User-Agent": options.values.get("user-agent", f"curl/{VERSION}"), "Accept": "*/*"}
        parts = [await self._data(kind, text) for kind, text in options.datas]
        self._body = b"&".join(parts)
        if "G" in options.flags:
            query = self._body.decode("utf-8", "replace")
            self._url += ("&" if "?" in self._url else "?") + query if query else ""
            self._body = b""
        elif parts:
            as_json = any(kind == "json" for kind, _ in options.datas)
            self._headers["Content-Type"] = "application/json" if as_json else "application/x-www-form-urlencoded"
        if options.forms:
            boundary = "------------------------k8stutor00000000"
            self._headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
            pieces = [await self._form(text, boundary) for text in options.forms]
            self._body = b"".join(pieces) + f"--{boundary}--\r\n".encode()
        if "upload-file" in options.values:
            self._body = await self._file(options.values["upload-file"])
        for name, header in (("referer", "Referer"), ("cookie", "Cookie"), ("range", "Range")):
            if name in options.values:
                self._headers[header] = ("bytes=" if name == "range" else "") + options.values[name]
        if "user" in options.values:
            self._headers["Authorization"] = f"Basic {base64.b64encode(options.values['user'].encode()).decode()}"
        if "oauth2-bearer" in options.values:
            self._headers["Authorization"] = f"Bearer {options.values['oauth2-bearer']}"
        for line in options.headers:
            name, colon, text = line.partition(":")
            self._headers = {key: value for key, value in self._headers.items() if key.lower() != name.strip().lower()}
            if text.strip() or (not colon and name.endswith(";")):
                self._headers[name.strip().rstrip(";")] = text.strip()

    async def _data(self, kind: str, text: str) -> bytes:
        if kind == "data-urlencode":
            name, equals, value = text.partition("=")
            return (f"{name}={quote(value, safe='')}" if name and equals else quote(value or name, safe="")).encode()
        if kind == "data-raw" or not text.startswith("@"):
            return text.encode()
        data = await self._file(text[1:])
        return data if kind in {"data-binary", "json"} else data.replace(b"\r", b"").replace(b"\n", b"")

    async def _form(self, text: str, boundary: str) -> bytes:
        name, _, value = text.partition("=")
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if value.startswith("@"):
            path = value[1:].split(";")[0]
            head += f'; filename="{posixpath.basename(path)}"\r\nContent-Type: application/octet-stream'
            return head.encode() + b"\r\n\r\n" + await self._file(path) + b"\r\n"
        return f"{head}\r\n\r\n{value}\r\n".encode()

    async def _file(self, path: str) -> bytes:
        process = self._process
        if path == "-":
            return await Input(process, process.fds[0], "-").whole()
        try:
            return process.files.read_file(path, process.cwd, process.credentials)
        except OSError:
            raise CurlError(26, f"Failed to open {path}") from None

    def _method(self) -> str:
        options = self._options
        if "request" in options.values:
            return options.values["request"]
        if "upload-file" in options.values:
            return "PUT"
        posting = (options.datas and "G" not in options.flags) or options.forms
        return "HEAD" if "I" in options.flags else "POST" if posting else "GET"

    async def _with_retries(self) -> HttpResponse:
        options = self._options
        left = int(options.values.get("retry", "0") or 0)
        delay = options.seconds("retry-delay") or 1.0
        while True:
            try:
                response = await self._follow()
            except CurlError as error:
                again = error.kind == "timeout" or "retry-all-errors" in options.flags
                again = again or (error.kind == "refused" and "retry-connrefused" in options.flags)
                if not left or not again:
                    raise
                reason = "timeout" if error.kind == "timeout" else "connection refused"
            else:
                if not left or response.status not in {408, 429, 500, 502, 503, 504}:
                    return response
                reason = "HTTP error"
            if "s" not in options.flags:
                await self._process.err(
                    f"Warning: Problem: {reason}. Will retry in {delay:.0f} second{'s' if delay > 1 else ''}. "
                    f"{left} retr{'ies' if left > 1 else 'y'} left.\n"
                )
            left -= 1
            await self._process.sleep(delay)
            delay = delay if "retry-delay" in options.values else delay * 2

    async def _follow(self) -> HttpResponse:
        method = self._method()
        url = self._url
        for _ in range(int(self._options.values.get("max-redirs", MAX_REDIRECTS))):
            response = await self._once(url, method)
            place = next((value for name, value in response.headers.items() if name.lower() == "location"), "")
            if "L" not in self._options.flags or response.status not in {301, 302, 303, 307, 308} or not place:
                self._url = url
                return response
            host, port, _target = split_url(url)
            url = place if "://" in place else f"{url.partition('://')[0]}://{host}:{port}{place}"
            if response.status in {301, 302, 303} and "request" not in self._options.values:
                method, self._body = "HEAD" if method == "HEAD" else "GET", b""
        raise CurlError(47, f"Maximum ({self._options.values.get('max-redirs', MAX_REDIRECTS)}) redirects followed")

    async def _once(self, url: str, method: str) -> HttpResponse:
        options, process = self._options, self._process
        try:
            host, port, target = split_url(url)
        except ValueError:
            raise CurlError(3, "URL using bad/illegal format or missing URL") from None
        scheme = url.partition("://")[0] if "://" in url else "http"
        if scheme not in {"http", "https"}:
            raise CurlError(1, f'Protocol "{scheme}" not supported')
        known = options.resolved.get((host, port))
        addresses = [known] if known else await resolve(process, host)
        if not addresses:
            raise CurlError(6, f"Could not resolve host: {host}")
        self._address = addresses[0]
        tls = self._tls(host) if scheme == "https" else None
        limit, connecting = options.seconds("max-time"), options.seconds("connect-timeout")
        patience = min((value for value in (limit, connecting) if value is not None), default=None)
        begun = process.container.clock.now()
        if "v" in options.flags:
            shown = "".join(f"> {name}: {value}\n" for name, value in {"Host": host, **self._headers}.items())
            await process.err(f"*   Trying {addresses[0]}:{port}...\n")
            await process.err(
                f"* Connected to {host} ({addresses[0]}) port {port}\n> {method} {target} HTTP/1.1\n{shown}>\n"
            )
        try:
            return await request(process, method, url, addresses[0], self._headers, self._body, patience, tls)
        except NetworkError as error:
            elapsed = int((process.container.clock.now() - begun) * 1000)
            raise _words(error, host, port, elapsed, limited=limit is not None) from None

    def _tls(self, host: str) -> Tls:
        """Return whom curl believes."""
        if "k" in self._options.flags:
            return Tls()
        path = self._options.values.get("cacert")
        if path is None:
            return Tls(verify=True, host=host)
        files, who = self._process.files, self._process.credentials
        try:
            text = files.read_file(path, self._process.cwd, who).decode()
        except (OSError, UnicodeDecodeError):
            text = ""
        if "BEGIN CERTIFICATE" not in text:
            raise CurlError(77, f"error adding trust anchors from file: {path}")
        return Tls(verify=True, authorities=text, host=host)

    async def _failed(self, error: CurlError) -> int:
        flags = self._options.flags
        if "s" not in flags or "S" in flags:
            await self._process.err(f"curl: ({error.code}) {error.message}\n")
        if "write-out" in self._options.values:
            await self._process.out(self._written(None))
        return error.code

    async def _show(self, response: HttpResponse) -> int:
        process, flags = self._process, self._options.flags
        lines = {"Content-Length": str(len(response.body)), **response.headers}
        head = f"HTTP/{response.version} {response.status} {response.reason}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
        if "v" in flags:
            await process.err("".join(f"< {line}\n" for line in head.split("\r\n")[:-1]))
        failed = "f" in flags and response.status >= 400
        data = b"" if failed or "I" in flags else response.body
        if flags & {"i", "I"} and not failed:
            data = head.encode() + data
        if "dump-header" in self._options.values:
            await self._save(self._options.values["dump-header"], head.encode())
        target = posixpath.basename(split_url(self._url)[2].split("?")[0]) if "O" in flags else self._output
        await self._save(target, data)
        if "write-out" in self._options.values:
            await process.out(self._written(response))
        if failed:
            if "s" not in flags or "S" in flags:
                await process.err(f"curl: (22) The requested URL returned error: {response.status}\n")
            return 22
        return 0

    async def _save(self, target: str, data: bytes) -> None:
        process = self._process
        if target == "-":
            await process.write(1, data)
        elif target != "/dev/null":
            try:
                process.set_fd(5, open_to_write(process, target))
                await process.write(5, data)
            except OSError:
                words = f"Failure writing output to destination, passed {len(data)} returned 0"
                raise CurlError(23, words) from None

    def _written(self, response: HttpResponse | None) -> str:
        elapsed = f"{self._process.container.clock.now() - self._started:.6f}"
        headers = {name.lower(): value for name, value in (response.headers if response else {}).items()}
        fields = {
            "http_code": f"{response.status if response else 0:03}",
            "response_code": f"{response.status if response else 0:03}",
            "size_download": str(len(response.body) if response else 0),
            "url_effective": self._url,
            "url": self._url,
            "time_total": elapsed,
            "time_starttransfer": elapsed,
            "time_connect": "0.000300",
            "time_namelookup": "0.000150",
            "remote_ip": self._address,
            "local_ip": self._process.container.config.pod_ip,
            "content_type": headers.get("content-type", ""),
            "redirect_url": headers.get("location", ""),
            "method": self._method(),
            "num_redirects": "0",
            "http_version": response.version if response else "0",
        }
        text = re.sub(r"%\{(\w+)\}", lambda match: fields.get(match[1], ""), self._options.values["write-out"])
        return text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").replace("%%", "%")


def _words(error: NetworkError, host: str, port: int, elapsed: int, *, limited: bool) -> CurlError:
    """Return curl's code and words for a failure of the network."""
    connecting = f"Failed to connect to {host} port {port} after {elapsed} ms: Could not connect to server"
    code, text = {
        "timeout": (28, f"Connection timed out after {elapsed} milliseconds" if limited else connecting),
        "reset": (52, "Empty reply from server"),
        "tls": (35, f"TLS connect error: {error.message}"),
        "certificate": (60, f"SSL certificate problem: {error.message}"),
    }.get(error.kind, (7, connecting))
    return CurlError(code, text, error.kind)
