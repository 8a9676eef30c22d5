"""nginx's configuration language: directives and blocks, includes, and which location serves a path."""

import re
from dataclasses import dataclass, field

from k8s_tutor.sim.runtime.filesystem import FileSystem
from k8s_tutor.sim.runtime.shell import patterns

MAX_DEPTH = 8
KNOWN = frozenset(
    [
        "user",
        "worker_processes",
        "error_log",
        "pid",
        "events",
        "http",
        "worker_connections",
        "include",
        "default_type",
        "log_format",
        "access_log",
        "sendfile",
        "tcp_nopush",
        "keepalive_timeout",
        "gzip",
        "server",
        "listen",
        "server_name",
        "root",
        "index",
        "location",
        "return",
        "proxy_pass",
        "try_files",
        "alias",
        "add_header",
        "error_page",
        "proxy_set_header",
        "proxy_http_version",
        "client_max_body_size",
        "stub_status",
        "rewrite",
        "deny",
        "allow",
        "set",
        "if",
        "upstream",
        "autoindex",
        "expires",
        "resolver",
        "types",
        "charset",
        "proxy_read_timeout",
        "proxy_connect_timeout",
        "server_tokens",
        "tcp_nodelay",
        "daemon",
        "map",
        "auth_basic",
        "auth_basic_user_file",
        "ssl_certificate",
        "ssl_certificate_key",
        "limit_req",
        "limit_req_zone",
        "proxy_redirect",
        "internal",
        "etag",
        "stream",
    ]
)


class ConfigError(Exception):
    """The configuration is wrong; the message is nginx's."""


@dataclass(slots=True)
class Block:
    """Directives in order; each with its words and perhaps a block."""

    items: list[tuple[str, list[str], "Block | None"]] = field(default_factory=list)

    def all(self, name: str) -> list[list[str]]:
        """Return the words of every directive of this name."""
        return [words for each, words, _ in self.items if each == name]

    def first(self, name: str) -> list[str] | None:
        """Return the words of the first directive of this name."""
        return next((words for each, words, _ in self.items if each == name), None)

    def all_blocks(self, name: str) -> list["Block"]:
        """Return the blocks of this name."""
        return [block for each, _, block in self.items if each == name and block is not None]

    def location(self, path: str) -> tuple["Block | None", str]:
        """Return the location for a path and its prefix: exact, regular expression, longest prefix."""
        best: Block | None = None
        longest = ""
        expression: Block | None = None
        stop = False
        for name, words, block in self.items:
            if name != "location" or block is None or not words:
                continue
            modifier, pattern = (words[0], words[1]) if len(words) > 1 else ("", words[0])
            if modifier == "=":
                if path == pattern:
                    return block, pattern
            elif modifier in {"~", "~*"}:
                if expression is None and re.search(pattern, path, re.IGNORECASE if modifier == "~*" else 0):
                    expression = block
            elif path.startswith(pattern) and len(pattern) > len(longest):
                best, longest, stop = block, pattern, modifier == "^~"
        return (expression, "") if expression is not None and not stop else (best, longest)


def read_config(files: FileSystem, path: str) -> Block:
    """Read a configuration with its includes.

    Raises:
        ConfigError: a file is missing or wrong.
    """
    return _Reader(files).read(path, 0)


class _Reader:
    def __init__(self, files: FileSystem) -> None:
        self._files = files

    def read(self, path: str, depth: int) -> Block:
        try:
            text = self._files.read_file(path).decode("utf-8", "replace")
        except OSError as error:
            raise ConfigError(f'open() "{path}" failed ({error.errno}: {error.strerror})') from error
        tokens = _tokens(text)
        block, at = self._block(tokens, 0, path, depth, top=True)
        del at
        return block

    def _block(self, tokens: list[tuple[str, int]], at: int, path: str, depth: int, *, top: bool) -> tuple[Block, int]:
        block = Block()
        words: list[str] = []
        line = 1
        while at < len(tokens):
            token, line = tokens[at]
            at += 1
            if token == ";":
                if not words:
                    raise ConfigError(f'unexpected ";" in {path}:{line}')
                self._directive(block, words, path, line, depth)
                words = []
            elif token == "{":
                inner, at = self._block(tokens, at, path, depth, top=False)
                if words:
                    self._check(words[0], path, line)
                    block.items.append((words[0], words[1:], inner))
                words = []
            elif token == "}":
                if top or words:
                    raise ConfigError(f'unexpected "}}" in {path}:{line}')
                return block, at
            else:
                words.append(token.strip("\"'"))
        if not top or words:
            raise ConfigError(
                f'unexpected end of file, expecting "{"}" if not words else ";"}"'
                + (' or "}"' if words else "")
                + f" in {path}:{line}"
            )
        return block, at

    def _directive(self, block: Block, words: list[str], path: str, line: int, depth: int) -> None:
        if words[0] != "include":
            self._check(words[0], path, line)
            block.items.append((words[0], words[1:], None))
            return
        if depth >= MAX_DEPTH:
            raise ConfigError(f"too many includes in {path}:{line}")
        pattern = words[1] if words[1].startswith("/") else f"/etc/nginx/{words[1]}"
        for name in self._matching(pattern):
            block.items.extend(self.read(name, depth + 1).items)

    def _matching(self, pattern: str) -> list[str]:
        folder, _, last = pattern.rpartition("/")
        if not patterns.has_magic(last):
            return [pattern] if not pattern.endswith("mime.types") else []
        try:
            return [f"{folder}/{name}" for name, _ in self._files.list(folder) if patterns.matches(last, name)]
        except OSError:
            return []

    @staticmethod
    def _check(name: str, path: str, line: int) -> None:
        if name not in KNOWN and not re.fullmatch(
            r"(proxy|gzip|ssl|fastcgi|client|large|send|keepalive|open|log|real|sub)_\w+|[\w/.+-]+/[\w.+-]+|server|default|\d+|least_conn|ip_hash|multi_accept",
            name,
        ):
            raise ConfigError(f'unknown directive "{name}" in {path}:{line}')


def _tokens(text: str) -> list[tuple[str, int]]:
    found = []
    line = 1
    for match in re.finditer(
        r"\n|#[^\n]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[{};]|[^\s{};]+(?:\$\{\w+\}[^\s{};]*)*", text
    ):
        token = match[0]
        if token == "\n":
            line += 1
        elif not token.startswith("#"):
            found.append((token, line))
            line += token.count("\n")
    return found
