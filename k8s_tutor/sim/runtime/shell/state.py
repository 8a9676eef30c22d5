"""A shell's variables, parameters, options, functions."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.processes import Process

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.messages import Words
    from k8s_tutor.sim.runtime.shell.syntax import Node

MUCH = 1 << 20
TEXT_BYTES = 16 << 20  # of a shell, in our own memory
BASH_VERSION = "5.2.15(1)-release"


class Variables:
    """The state that a subshell copies."""

    def __init__(self, process: Process, words: "Words") -> None:
        self.process = process
        self.words = words
        self.name = words.name
        self.parameters: list[str] = []
        self.options: set[str] = set()
        self.functions: dict[str, Node] = {}
        self.aliases: dict[str, str] = {}
        self.interactive = False
        self.main_pid = process.pid
        self.arrays: dict[str, dict[int | str, str]] = {}
        self.associative: set[str] = set()
        self.integers: set[str] = set()
        self._values: dict[str, str] = {}
        self._exported: set[str] = set()
        self._readonly: set[str] = set()
        self._locals: list[dict[str, tuple[str | None, bool]]] = []
        self._size = 0
        self._seed = 1

    def import_environment(self) -> None:
        """Take over the process's environment."""
        for name, value in self.process.env.items():
            # What is no name of a variable (data-1) reaches programs all the same; dash alone drops it.
            if name.isidentifier() or self.words.flavour != "dash":
                self._values[name] = value
                self._exported.add(name)
        self._values.setdefault("IFS", " \t\n")
        self._values.setdefault("PS4", "+ ")
        self._values["PWD"] = self.process.cwd
        if self.words.flavour == "bash":
            self._values |= {
                "BASH": "/bin/bash",
                "BASH_VERSION": BASH_VERSION,
                "HOSTNAME": self.process.container.hostname,
            }
            numbers = ("5", "2", "15", "1", "release", "x86_64-pc-linux-gnu")
            self.arrays["BASH_VERSINFO"] = dict(enumerate(numbers))
        self._values["OPTIND"] = "1"
        self._values["PPID"] = str(self.process.parent.pid if self.process.parent else 0)
        level = self._values.get("SHLVL", "0")
        self._values["SHLVL"] = str(int(level) + 1 if level.isdigit() else 1)
        self._exported |= {"SHLVL", "PWD"} if self.words.flavour != "dash" else {"PWD"}
        if self.words.flavour == "dash":
            self._values.pop("SHLVL") if "SHLVL" not in self.process.env else None

    def copy_variables(self, other: "Variables") -> None:
        """Copy all to a subshell's."""
        other.name, other.parameters, other.options = self.name, list(self.parameters), set(self.options)
        other.functions, other.aliases = dict(self.functions), dict(self.aliases)
        if self.arrays:
            other.arrays = {name: dict(elements) for name, elements in self.arrays.items()}
        other.associative, other.integers = set(self.associative), set(self.integers)
        other.take(
            dict(self._values), set(self._exported), set(self._readonly), [dict(frame) for frame in self._locals]
        )

    def take(
        self,
        values: dict[str, str],
        exported: set[str],
        readonly: set[str],
        scopes: list[dict[str, tuple[str | None, bool]]],
    ) -> None:
        """Have these variables from now on."""
        self._values, self._exported, self._readonly, self._locals = values, exported, readonly, scopes
        self._size = sum(map(len, values.values()))

    @property
    def memory(self) -> int:
        """Bytes that the variables take."""
        return self._size

    def account(self, size: int) -> None:
        """Count further bytes (of an array's elements)."""
        self._size += size

    # -- variables

    def get(self, name: str) -> str | None:
        """Return a variable's value; None if it is not set."""
        if name == "RANDOM":
            self._seed = (self._seed * 1103515245 + 12345 + self.process.pid) & 0x7FFFFFFF
            return str(self._seed >> 16 & 0x7FFF) if self.words.flavour != "dash" else None
        if name == "LINENO":
            return str(self.words.line)
        if name == "SECONDS" and self.words.flavour == "bash":
            return str(int(self.process.container.clock.now() - self.process.started_at))
        if name in self.arrays:
            return self.arrays[name].get(0)
        return self._values.get(name)

    def array(self, name: str) -> dict[int | str, str]:
        """Return an array's elements; a variable is an array of one."""
        if name in self.arrays:
            return self.arrays[name]
        value = self._values.get(name)
        return {} if value is None else {0: value}

    def check_writable(self, name: str) -> None:
        """Raise ExpansionError if a variable is readonly."""
        if name in self._readonly:
            from k8s_tutor.sim.runtime.shell.expansion import ExpansionError

            raise ExpansionError(self.words.read_only(name))

    def put(self, name: str, value: str) -> None:
        """Set a variable.

        Raises:
            ExpansionError: it is readonly.
        """
        self.check_writable(name)
        if name in self.integers:
            value = str(self.expander.evaluate(value))  # type: ignore[attr-defined]
        if name in self.arrays:
            self.arrays[name][0] = value
            return
        self._size += len(value) - len(self._values.get(name, ""))
        self._values[name] = value
        if "a" in self.options:
            self._exported.add(name)

    def unset(self, name: str) -> bool:
        """Forget a variable; False if it is readonly."""
        if name in self._readonly:
            return False
        base, bracket, index = name.partition("[")
        if bracket and base in self.arrays:
            self.arrays[base].pop(int(index[:-1]) if index[:-1].isdigit() else index[:-1], None)
            return True
        self.arrays.pop(name, None)
        self._size -= len(self._values.pop(name, ""))
        self._exported.discard(name)
        return True

    def lookup(self, name: str) -> str | None:
        """Return a parameter's value: a variable, a position, or a special one."""
        if name.isdigit():
            number = int(name)
            if number == 0:
                return self.name
            return self.parameters[number - 1] if number <= len(self.parameters) else None
        special = {
            "#": lambda: str(len(self.parameters)),
            "?": lambda: str(getattr(self, "status", 0)),
            "$": lambda: str(self.main_pid),
            "-": self._flags,
            "@": lambda: " ".join(self.parameters) if self.parameters else None,
            "*": lambda: " ".join(self.parameters) if self.parameters else None,
            "!": self._background,
        }.get(name)
        return special() if special else self.get(name)

    def _flags(self) -> str:
        found = "".join(sorted(option for option in self.options if len(option) == 1))
        return f"{found}hBc" if self.words.flavour == "bash" and not self.words.script else found

    def _background(self) -> str | None:
        process: Process | None = getattr(self, "background", None)
        return None if process is None else str(process.pid)

    def export(self, name: str) -> None:
        """Give a variable to programs."""
        self._exported.add(name)

    def unexport(self, name: str) -> None:
        """Keep a variable from programs."""
        self._exported.discard(name)

    def make_readonly(self, name: str) -> None:
        """Let a variable be changed no more."""
        self._readonly.add(name)

    def exported(self) -> dict[str, str]:
        """Return the environment for programs."""
        return {name: value for name, value in self._values.items() if name in self._exported}

    def names(self) -> list[str]:
        """Return all variables' names, sorted."""
        return sorted(self._values)

    def readonly_names(self) -> list[str]:
        """Return the readonly ones, sorted."""
        return sorted(self._readonly)

    # -- functions' local variables

    def enter_function(self) -> None:
        """Begin a scope."""
        self._locals.append({})

    def make_local(self, name: str) -> bool:
        """Let a variable be the function's own; False outside of functions."""
        if not self._locals:
            return False
        self._locals[-1].setdefault(name, (self._values.get(name), name in self._exported))
        return True

    def leave_function(self) -> None:
        """End the scope: what was hidden comes back."""
        for name, (value, exported) in self._locals.pop().items():
            if value is None:
                self._values.pop(name, None)
            else:
                self._values[name] = value
            (self._exported.add if exported else self._exported.discard)(name)

    def home_of(self, user: str) -> str | None:
        """Return a user's home directory."""
        from k8s_tutor.sim.runtime.identity import entries

        return next((line[5] for line in entries(self.process.container, "passwd") if line[0] == user), None)
