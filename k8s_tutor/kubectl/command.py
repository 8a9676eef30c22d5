"""What a verb is, and the call it answers.

A verb is a class with its flags and three steps: `Verb.complete` reads the words of the call into the verb's fields,
`Verb.validate` refuses what cannot be meant, `Verb.run` acts and returns the exit code. A `Call` carries everything a
verb may touch: streams, folder, environment, client, editor; so verbs run alike in a terminal and inside the app.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, ClassVar

from k8s_tutor.client import Client
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag, Parsed

COMMON_FLAGS = (
    Flag("namespace", short="n", help="the namespace of this call"),
    Flag("context", help="the kubeconfig's context to use"),
    Flag("cluster", help="the kubeconfig's cluster to use"),
    Flag("user", help="the kubeconfig's user to use"),
    Flag("kubeconfig", help="the kubeconfig file to use"),
    Flag("server", short="s", help="the API server's address"),
    Flag("token", help="bearer token for the API server"),
    Flag("as", help="user to act as"),
    Flag("as-group", "array", help="group to act as; may repeat"),
    Flag("as-uid", help="UID to act as"),
    Flag("certificate-authority", help="file with the authority's certificate"),
    Flag("client-certificate", help="file with the client's certificate"),
    Flag("client-key", help="file with the client's key"),
    Flag("insecure-skip-tls-verify", "bool", help="do not check the server's certificate"),
    Flag("tls-server-name", help="name expected in the server's certificate"),
    Flag("request-timeout", default="0", help="seconds to wait for one answer; 0 waits for ever"),
    Flag("cache-dir", help="taken and ignored: discovery is cached in memory"),
    Flag("v", "int", short="v", help="log level; taken and ignored"),
    Flag("as-user-extra", "array", help="KEY=VALUE of the user to act as; may repeat; taken and ignored"),
    Flag("username", help="user name for basic authentication; taken and ignored"),
    Flag("password", help="password for basic authentication; taken and ignored"),
    Flag("proxy-url", help="taken and ignored"),
    Flag("kuberc", help="the file of the preferences to go by"),
    Flag("profile", default="none", help="taken and ignored"),
    Flag("profile-output", default="profile.pprof", help="taken and ignored"),
    Flag("log-flush-frequency", "duration", default=5.0, help="taken and ignored"),
    Flag("vmodule", help="taken and ignored"),
    Flag("warnings-as-errors", "bool", help="treat the server's warnings as failures"),
    Flag("match-server-version", "bool", help="taken and ignored"),
    Flag("disable-compression", "bool", help="taken and ignored"),
)


@dataclass(slots=True)
class Streams:
    """Where a call reads and writes. Text streams; bytes go to ``.buffer`` where there is one."""

    stdin: IO[Any] | None
    stdout: IO[str]
    stderr: IO[str]


@dataclass(slots=True, eq=False)
class Call:
    """One call of a verb."""

    words: Parsed
    streams: Streams
    cwd: Path
    env: Mapping[str, str]
    path: str
    kubeconfig: Path
    connect: Callable[[], Client]
    edit: Callable[[str, str], str] | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    interactive: bool = False
    terminal: "Terminal | None" = None
    _client: Client | None = None
    warned: int = 0
    on_cancel: list[Callable[[], None]] = field(default_factory=list)

    @property
    def client(self) -> Client:
        """The connection, made when first needed."""
        if self._client is None:
            self._client = self.connect()
        return self._client

    @property
    def arguments(self) -> list[str]:
        """The words that are not flags."""
        return self.words.arguments

    def flag(self, name: str) -> Any:
        """A flag's value."""
        return self.words.values[name]

    def changed(self, name: str) -> bool:
        """Whether a flag was given."""
        return name in self.words.changed

    @property
    def namespace(self) -> str:
        """The namespace of this call."""
        return self.words.get("namespace") or self.client.namespace

    @property
    def explicit_namespace(self) -> bool:
        """Whether the namespace was given on the command line."""
        return bool(self.words.get("namespace"))

    def out(self, text: str) -> None:
        """Print a line."""
        self.streams.stdout.write(text + "\n")

    def write(self, text: str) -> None:
        """Print as it is."""
        self.streams.stdout.write(text)

    def err(self, text: str) -> None:
        """Print a line to the error stream."""
        self.streams.stderr.write(text + "\n")

    def warn(self, text: str) -> None:
        """Tell one of the server's warnings."""
        self.warned += 1
        self.err(f"Warning: {text}")

    def request(self, method: str, path: str, **options: Any) -> Any:
        """Send a request, tell its warnings, decode the answer."""
        answer = self.client.request(method, path, **options)
        for text in answer.warnings:
            self.warn(text)
        return answer.json() if answer.data else {}

    def usage(self, message: str) -> CommandError:
        """Make the error for wrong words, with the pointer to the help."""
        return CommandError(f"{message}\nSee '{self.path} -h' for help and examples")

    def closing(self, close: Callable[[], None]) -> None:
        """Have something closed when the call is cancelled from another thread."""
        self.on_cancel.append(close)
        if self.cancelled.is_set():
            close()

    def cancel(self) -> None:
        """End a call that waits, follows or watches; safe from any thread."""
        self.cancelled.set()
        for close in list(self.on_cancel):
            close()


@dataclass(slots=True)
class Terminal:
    """The caller's terminal, for programs that want one: size, and raw mode around a session."""

    size: Callable[[], tuple[int, int]]
    raw: Callable[[], Any]


class Verb:
    """A verb of the command language; each call makes a new object."""

    name: ClassVar[str] = ""
    usage: ClassVar[str] = ""
    short: ClassVar[str] = ""
    long: ClassVar[str] = ""
    examples: ClassVar[str] = ""
    group: ClassVar[str] = "Other Commands"
    flags: ClassVar[tuple[Flag, ...]] = ()
    required: ClassVar[tuple[str, ...]] = ()
    aliases: ClassVar[tuple[str, ...]] = ()
    similar: ClassVar[tuple[str, ...]] = ()
    hidden: ClassVar[bool] = False
    has_inner: ClassVar[bool] = False
    subverbs: ClassVar[tuple[type["Verb"], ...]] = ()

    @classmethod
    def inner(cls) -> tuple[type["Verb"], ...]:
        """The verbs inside this one."""
        return cls.subverbs

    @classmethod
    def find_inner(cls, word: str) -> "type[Verb] | None":
        """Find a verb inside this one by name or alias."""
        return next((sub for sub in cls.inner() if word == sub.name or word in sub.aliases), None)

    def complete(self, call: Call) -> None:
        """Read the call into this object's fields."""

    def validate(self, call: Call) -> None:
        """Refuse what cannot be meant.

        Raises:
            CommandError: with the reason.
        """

    def run(self, call: Call) -> int:
        """Act, and return the exit code."""
        raise NotImplementedError
