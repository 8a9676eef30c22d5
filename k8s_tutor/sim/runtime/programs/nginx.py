"""``nginx``: the web server's start-up, configuration, access log and signals."""

import functools
import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import HttpRequest, HttpResponse, NetworkError
from k8s_tutor.sim.network.http import split_url
from k8s_tutor.sim.runtime.filesystem import FileSystem
from k8s_tutor.sim.runtime.nodes import Directory, File
from k8s_tutor.sim.runtime.programs.nginx_config import Block, ConfigError, read_config
from k8s_tutor.sim.runtime.programs.registry import resident
from k8s_tutor.sim.runtime.programs.serving import hand_over, listen, stop_on
from k8s_tutor.sim.runtime.programs.templates import moment
from k8s_tutor.sim.runtime.signals import SIGHUP, SIGINT, SIGQUIT, SIGTERM

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

TYPES = {
    "html": "text/html",
    "htm": "text/html",
    "css": "text/css",
    "js": "application/javascript",
    "json": "application/json",
    "txt": "text/plain",
    "xml": "text/xml",
    "png": "image/png",
    "svg": "image/svg+xml",
    "ico": "image/x-icon",
    "jpg": "image/jpeg",
}
ENTRYPOINT = """\
/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration
/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/
/docker-entrypoint.sh: Launching /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh
10-listen-on-ipv6-by-default.sh: info: Getting the checksum of /etc/nginx/conf.d/default.conf
10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in /etc/nginx/conf.d/default.conf
/docker-entrypoint.sh: Sourcing /docker-entrypoint.d/15-local-resolvers.envsh
/docker-entrypoint.sh: Launching /docker-entrypoint.d/20-envsubst-on-templates.sh
/docker-entrypoint.sh: Launching /docker-entrypoint.d/30-tune-worker-processes.sh
/docker-entrypoint.sh: Configuration complete; ready for start up
"""
NOTICES = (
    'using the "epoll" event method',
    "nginx/{version}",
    "built by gcc 12.2.0 (Debian 12.2.0-14+deb12u1) ",
    "OS: Linux 6.12.0-k8s-tutor",
    "getrlimit(RLIMIT_NOFILE): 1048576:1048576",
    "start worker processes",
    "start worker process 29",
    "start worker process 30",
)


@resident("nginx-entrypoint", memory=400 << 10)
def entrypoint(process: "Process") -> None:
    """The image's entrypoint script: prepares, and executes its arguments."""
    words = (
        process.argv[process.argv.index("/docker-entrypoint.sh") + 1 :]
        if "/docker-entrypoint.sh" in process.argv
        else process.argv[1:]
    )
    if not words:
        process.end(0)
        return
    if words[0] in {"nginx", "nginx-debug"}:
        process.say(ENTRYPOINT)
    hand_over(process, words)


@resident("nginx", memory=3 << 20)
def nginx(process: "Process") -> None:
    """Serve, or (-v, -t, -T, -s) say something and end."""
    words = process.argv[1:]
    version = process.container.image.version
    if "-v" in words or "-V" in words:
        process.say(f"nginx version: nginx/{version}\n", 2)
        process.end(0)
        return
    server = Server(process)
    path = words[words.index("-c") + 1] if "-c" in words[:-1] else "/etc/nginx/nginx.conf"
    try:
        server.load(path)
    except ConfigError as error:
        process.say(f"{_stamp(process)} [emerg] {process.pid}#{process.pid}: {error}\n", 2)
        process.say(f"nginx: [emerg] {error}\n", 2)
        if "-t" in words:
            process.say(f"nginx: configuration file {path} test failed\n", 2)
        process.end(1)
        return
    if "-t" in words or "-T" in words:
        process.say(
            f"nginx: the configuration file {path} syntax is ok\nnginx: configuration file {path} test is successful\n",
            2,
        )
        process.end(0)
    elif "-s" in words[:-1]:
        _send(process, words[words.index("-s") + 1])
    else:
        server.start()


def _stamp(process: "Process") -> str:
    return moment(process, "%Y/%m/%d %H:%M:%S")


def _send(process: "Process", name: str) -> None:
    number = {"stop": SIGTERM, "quit": SIGQUIT, "reload": SIGHUP, "reopen": 10}.get(name)
    master = next((each for each in process.table if each is not process and each.argv[0].startswith("nginx")), None)
    if number is None or master is None:
        process.say(
            f'nginx: invalid option: "-s {name}"\n'
            if number is None
            else 'nginx: [error] invalid PID number "" in "/run/nginx.pid"\n',
            2,
        )
        process.end(1)
        return
    process.say(f"{_stamp(process)} [notice] {process.pid}#{process.pid}: signal process started\n", 2)
    master.signal(number)
    process.end(0)


@dataclass(slots=True)
class Site:
    """One ``server`` block."""

    ports: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    block: Block | None = None


class Server:
    """A running nginx."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._path = ""
        self._sites: list[Site] = []

    def load(self, path: str) -> None:
        """Read the configuration."""
        self._path = path
        container = self._process.container
        if container.untouched("/etc"):
            if "nginx" not in container.image.cache:
                container.image.cache["nginx"] = self._read(container.image.files, path)
            self._sites = container.image.cache["nginx"]
        else:
            self._sites = self._read(container.files, path)

    @staticmethod
    def _read(files: FileSystem, path: str) -> list[Site]:
        config = read_config(files, path)
        sites = []
        for http in config.all_blocks("http"):
            for block in http.all_blocks("server"):
                listens = [words[0] for words in block.all("listen")] or ["80"]
                ports = [int(text.rsplit(":", 1)[-1]) for text in listens if text.rsplit(":", 1)[-1].isdigit()]
                names = [name for words in block.all("server_name") for name in words]
                sites.append(Site(list(dict.fromkeys(ports)), names, block))
        return sites

    def start(self) -> None:
        """Listen and say so."""
        process = self._process
        stamp, version = _stamp(process), process.container.image.version
        for port in sorted({port for site in self._sites for port in site.ports}):
            if not listen(process, port, functools.partial(self.answer, port=port)):
                text = f"bind() to 0.0.0.0:{port} failed (98: Address already in use)"
                process.say(f"{stamp} [emerg] {process.pid}#{process.pid}: {text}\nnginx: [emerg] {text}\n", 2)
                process.end(1)
                return
        process.say(
            "".join(
                f"{stamp} [notice] {process.pid}#{process.pid}: {line.replace('{version}', version)}\n"
                for line in NOTICES
            ),
            2,
        )
        process.container.cgroup.set_memory(process, 5 << 20)
        stop_on(
            process, (SIGTERM, SIGINT), 0, 0.0, lambda: self._notice("signal 15 (SIGTERM) received, exiting", "exit")
        )
        stop_on(
            process,
            (SIGQUIT,),
            0,
            0.05,
            lambda: self._notice("signal 3 (SIGQUIT) received, shutting down", "gracefully shutting down", "exit"),
        )
        process.handlers[SIGHUP] = self._reload

    def _notice(self, *lines: str) -> None:
        process = self._process
        process.say("".join(f"{_stamp(process)} [notice] {process.pid}#{process.pid}: {line}\n" for line in lines), 2)

    def _reload(self, number: int) -> None:
        del number
        try:
            self.load(self._path)
            self._notice("signal 1 (SIGHUP) received, reconfiguring", "reconfiguring", "start worker processes")
        except ConfigError as error:
            self._process.say(f"{_stamp(self._process)} [emerg] {self._process.pid}#{self._process.pid}: {error}\n", 2)

    # -- requests

    async def answer(self, request: HttpRequest, port: int) -> HttpResponse:
        """Answer a request and log it."""
        host = request.headers.get("host", "").split(":")[0]
        sites = [site for site in self._sites if port in site.ports]
        site = next((site for site in sites if host in site.names), sites[0])
        response = await self._respond(site.block or Block(), request)
        response.headers.setdefault("Content-Type", "text/html")
        response.headers = {
            "Server": f"nginx/{self._process.container.image.version}",
            "Date": moment(self._process, "%a, %d %b %Y %H:%M:%S GMT"),
            **response.headers,
        }
        self._log(site.block or Block(), request, response)
        self._process.container.cgroup.spend(0.0001)
        if request.method == "HEAD":
            response.headers["Content-Length"] = str(len(response.body))
            response.body = b""
        return response

    def _log(self, block: Block, request: HttpRequest, response: HttpResponse) -> None:
        if block.first("access_log") == ["off"]:
            return
        when = moment(self._process, "%d/%b/%Y:%H:%M:%S +0000")
        agent, referer = request.headers.get("user-agent", "-"), request.headers.get("referer", "-")
        forwarded = request.headers.get("x-forwarded-for", "-")
        self._process.say(
            f'{request.peer} - - [{when}] "{request.method} {request.target} HTTP/{request.version}" {response.status} '
            f'{len(response.body)} "{referer}" "{agent}" "{forwarded}"\n'
        )

    async def _respond(self, server: Block, request: HttpRequest) -> HttpResponse:
        location, prefix = server.location(request.path)
        scope = location or server
        returned = scope.first("return") or server.first("return")
        if returned:
            return self._returned(returned, scope, request)
        proxied = scope.first("proxy_pass")
        if proxied:
            return await self._proxy(proxied[0], prefix, request)
        if scope.first("stub_status") is not None:
            return HttpResponse(
                200,
                b"Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n",
                {"Content-Type": "text/plain"},
            )
        if request.method not in {"GET", "HEAD"}:
            return self._error(405)
        alias = scope.first("alias")
        root = (scope.first("root") or server.first("root") or ["/etc/nginx/html"])[0]
        path = alias[0] + request.path[len(prefix) :] if alias else root + request.path
        index = scope.first("index") or server.first("index") or ["index.html"]
        return self._file(path, request, index, scope)

    def _returned(self, words: list[str], scope: Block, request: HttpRequest) -> HttpResponse:
        code = int(words[0]) if words[0].isdigit() else 302
        text = words[-1] if len(words) > 1 or not words[0].isdigit() else ""
        for name, value in (
            ("$hostname", self._process.container.hostname),
            ("$host", request.headers.get("host", "")),
            ("$request_uri", request.target),
            ("$uri", request.path),
            ("$remote_addr", request.peer),
            ("$server_addr", self._process.container.config.pod_ip),
            ("\\n", "\n"),
        ):
            text = text.replace(name, value)
        if 300 <= code < 400:
            response = self._error(code)
            response.headers["Location"] = text
            return response
        if not text:
            return self._error(code) if code >= 300 else HttpResponse(code)
        kind = (scope.first("default_type") or ["text/plain"])[0]
        added = {header[0]: header[1] for header in scope.all("add_header") if len(header) > 1}
        return HttpResponse(code, text.encode(), {"Content-Type": kind, **added})

    async def _proxy(self, target: str, prefix: str, request: HttpRequest) -> HttpResponse:
        process = self._process
        from k8s_tutor.sim.runtime.programs.resolving import Resolver, is_address

        try:
            host, port, base = split_url(target)
        except ValueError:
            return self._error(502)
        network = process.container.runtime.network
        if not is_address(host):
            resolver = Resolver(process)
            _, found = network.dns.resolve(host, resolver.searches, resolver.ndots)
            if not found:
                return self._error(502)
            host = found[0]
        has_path = target.partition("://")[2].find("/") >= 0
        path = base.rstrip("/") + "/" + request.target[len(prefix) :].lstrip("/") if has_path else request.target
        headers = {**request.headers, "x-forwarded-for": request.peer}
        try:
            response = await network.http(
                process.container.config.pod_ip,
                request.method,
                f"http://{host}:{port}{path}",
                headers,
                request.body,
                60.0,
            )
        except NetworkError as error:
            process.say(
                f"{_stamp(process)} [error] 29#29: *1 connect() failed (111: {error.message}) while connecting to upstream\n",
                2,
            )
            return self._error(504 if error.kind == "timeout" else 502)
        return HttpResponse(
            response.status,
            response.body,
            {name: value for name, value in response.headers.items() if name.lower() not in {"server", "date"}},
        )

    def _file(self, path: str, request: HttpRequest, index: list[str], scope: Block) -> HttpResponse:
        files, who = self._process.files, self._process.credentials
        tries = scope.first("try_files")
        if tries:
            for candidate in tries[:-1]:
                tried = candidate.replace("$uri", path)
                if files.exists(tried.rstrip("/")):
                    path = tried
                    break
            else:
                last = tries[-1]
                if last.startswith("="):
                    return self._error(int(last[1:]))
                path = path[: len(path) - len(request.path)] + last
        try:
            node = files.get(posixpath.normpath(path), who=who)
            if isinstance(node, Directory):
                if not request.path.endswith("/"):
                    response = self._error(301)
                    response.headers["Location"] = request.path + "/"
                    return response
                names = [name for name in index if files.exists(posixpath.join(path, name))]
                if not names:
                    return self._missing(path, 403, f'directory index of "{path}" is forbidden', request)
                path = posixpath.join(path, names[0])
                node = files.get(path, who=who)
            if not who.may(node, 4):
                return self._missing(path, 403, f'open() "{path}" failed (13: Permission denied)', request)
        except OSError:
            return self._missing(path, 404, f'open() "{path}" failed (2: No such file or directory)', request)
        data = node.read() if isinstance(node, File) else b""
        return HttpResponse(200, data, {"Content-Type": TYPES.get(path.rsplit(".", 1)[-1], "application/octet-stream")})

    def _missing(self, path: str, status: int, text: str, request: HttpRequest) -> HttpResponse:
        del path
        process = self._process
        process.say(
            f"{_stamp(process)} [error] 29#29: *1 {text}, client: {request.peer}, server: localhost, request: "
            f'"{request.method} {request.target} HTTP/{request.version}", host: "{request.headers.get("host", "")}"\n',
            2,
        )
        return self._error(status)

    def _error(self, status: int) -> HttpResponse:
        response = HttpResponse(status)
        phrase = {405: "Not Allowed", 302: "Found"}.get(status, response.reason)
        response.body = (
            f"<html>\r\n<head><title>{status} {phrase}</title></head>\r\n<body>\r\n<center><h1>{status} {phrase}</h1></center>\r\n"
            f"<hr><center>nginx/{self._process.container.image.version}</center>\r\n</body>\r\n</html>\r\n"
        ).encode()
        return response
