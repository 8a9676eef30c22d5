"""curl's options: which there are, which take a value, and what a command line says with them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.processes import ExitProcess
from k8s_tutor.sim.runtime.programs.running import seconds

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

HINT = "curl: try 'curl --help' or 'curl --manual' for more information\n"
SHORT_FLAGS = frozenset("01234 6aBfgGiIjJklLMnNOpqRsSvVZ#") - {" "}
SHORT_VALUED = {
    "A": "user-agent", "b": "cookie", "c": "cookie-jar", "C": "continue-at", "d": "data", "D": "dump-header",
    "e": "referer", "E": "cert", "F": "form", "H": "header", "K": "config", "m": "max-time", "o": "output",
    "r": "range", "T": "upload-file", "u": "user", "U": "proxy-user", "w": "write-out", "x": "proxy", "X": "request",
    "y": "speed-time", "Y": "speed-limit", "z": "time-cond",
}  # fmt: skip
LONG_FLAGS = {
    "silent": "s", "include": "i", "head": "I", "location": "L", "fail": "f", "fail-with-body": "f", "insecure": "k",
    "show-error": "S", "verbose": "v", "remote-name": "O", "get": "G", "globoff": "g", "disable": "q",
    "no-buffer": "N", "no-progress-meter": "s", "ipv4": "4", "ipv6": "6", "version": "V", "compressed": "z",
    "http1.0": "0", "http1.1": "1", "http2": "2", "progress-bar": "#", "location-trusted": "L", "no-keepalive": "N",
    "path-as-is": "N", "retry-connrefused": "retry-connrefused", "retry-all-errors": "retry-all-errors",
    "tlsv1.2": "N", "tlsv1.3": "N", "create-dirs": "N", "fail-early": "N", "raw": "N", "tcp-nodelay": "N",
}  # fmt: skip
LONG_VALUED = frozenset(SHORT_VALUED.values()) | {
    "connect-timeout", "cacert", "key", "retry", "retry-delay", "retry-max-time", "resolve", "interface", "url",
    "data-raw", "data-binary", "data-ascii", "data-urlencode", "json", "oauth2-bearer", "noproxy", "max-redirs",
    "connect-to", "unix-socket", "limit-rate", "local-port", "keepalive-time", "capath", "aws-sigv4",
}  # fmt: skip
DATA = frozenset({"data", "data-raw", "data-binary", "data-ascii", "data-urlencode", "json"})


@dataclass(slots=True)
class Options:
    """What the arguments say: flags, values (the last of each), and what may be given several times."""

    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    headers: list[str] = field(default_factory=list)
    datas: list[tuple[str, str]] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    resolved: dict[tuple[str, int], str] = field(default_factory=dict)
    urls: list[str] = field(default_factory=list)

    def take(self, name: str, value: str) -> None:
        """Note an option's value."""
        if name == "header":
            self.headers.append(value)
        elif name in DATA:
            self.datas.append((name, value))
        elif name == "form":
            self.forms.append(value)
        elif name == "output":
            self.outputs.append(value)
        elif name == "url":
            self.urls.append(value)
        elif name == "resolve":
            host, _, rest = value.partition(":")
            port, _, address = rest.partition(":")
            if port.isdigit():
                self.resolved[host, int(port)] = address.split(",")[0]
        else:
            self.values[name] = value

    def seconds(self, name: str) -> float | None:
        """Return an option's seconds, None if it is not given."""
        return seconds(self.values[name]) if name in self.values else None


async def parse_options(process: "Process") -> Options:
    """Return what the arguments say; what is wrong in them ends curl with 2."""
    options = Options()
    rest = process.argv[1:]
    while rest:
        word = rest.pop(0)
        if word == "--":
            options.urls.extend(rest)
            break
        if word.startswith("--"):
            await _long(process, word, rest, options)
        elif word.startswith("-") and len(word) > 1:
            await _short(process, word, rest, options)
        else:
            options.urls.append(word)
    return options


async def _long(process: "Process", word: str, rest: list[str], options: Options) -> None:
    name = word[2:]
    if name in LONG_VALUED:
        options.take(name, await _value(process, word, rest))
    elif name in LONG_FLAGS:
        options.flags.add(LONG_FLAGS[name])
    elif name.startswith("no-") and name[3:] in LONG_FLAGS:
        options.flags.discard(LONG_FLAGS[name[3:]])
    else:
        await _refuse(process, f"curl: option {word}: is unknown\n")


async def _short(process: "Process", word: str, rest: list[str], options: Options) -> None:
    for index, letter in enumerate(word[1:], 2):
        if letter in SHORT_VALUED:
            options.take(SHORT_VALUED[letter], word[index:] or await _value(process, f"-{letter}", rest))
            return
        if letter not in SHORT_FLAGS:
            await _refuse(process, f"curl: option -{letter}: is unknown\n")
        options.flags.add(letter)


async def _value(process: "Process", word: str, rest: list[str]) -> str:
    if not rest:
        await _refuse(process, f"curl: option {word}: requires parameter\n")
    return rest.pop(0)


async def _refuse(process: "Process", text: str) -> None:
    await process.err(text + HINT)
    raise ExitProcess(2)
