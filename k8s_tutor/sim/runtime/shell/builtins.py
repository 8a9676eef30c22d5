"""The shell's own commands, those that change the shell; ``plain`` has those that only print or test."""

import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.nodes import Directory, fail
from k8s_tutor.sim.runtime.processes import ExitProcess
from k8s_tutor.sim.runtime.shell import commands
from k8s_tutor.sim.runtime.shell.flow import BreakLoop, ReturnFunction
from k8s_tutor.sim.runtime.shell.syntax import Redirect

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.interpreter import Shell

Run = Callable[..., Awaitable[int]]
LETTERS = {
    "allexport": "a",
    "errexit": "e",
    "nounset": "u",
    "xtrace": "x",
    "noglob": "f",
    "noexec": "n",
    "verbose": "v",
    "noclobber": "C",
    "monitor": "m",
    "notify": "b",
}


@dataclass(frozen=True, slots=True)
class Builtin:
    """One command; a special one keeps its assignments and ends the shell on errors."""

    name: str
    run: Run
    special: bool = False


_builtins: dict[str, Builtin] = {}


def builtin(*names: str, special: bool = False) -> Callable[[Run], Run]:
    """Register a builtin."""

    def register(run: Run) -> Run:
        for name in names:
            _builtins[name] = Builtin(name, run, special)
        return run

    return register


MISSING = {
    "ash": frozenset({"declare", "typeset"}),
    "dash": frozenset({"[[", "declare", "let", "source", "typeset"}),
}


def find(name: str, flavour: str = "") -> Builtin | None:
    """Return the builtin of this name, if the shell has it."""
    if name in MISSING.get(flavour, ()):
        return None
    if "echo" not in _builtins:
        import k8s_tutor.sim.runtime.shell.jobs
        import k8s_tutor.sim.runtime.shell.plain
        import k8s_tutor.sim.runtime.shell.taking  # noqa: F401 - they register themselves
    return _builtins.get(name)


def quote(text: str, *, bare: bool = False) -> str:
    """Return text as the shell would read it again; ``bare``: without quotes where none are needed."""
    if bare and text and all(character.isalnum() or character in "-_./:=,+@%^" for character in text):
        return text
    return "'" + text.replace("'", "'\"'\"'" if not bare else "'\\''") + "'"


@builtin(":", special=True)
async def colon(shell: "Shell", arguments: list[str]) -> int:
    """Do nothing."""
    del shell, arguments
    return 0


@builtin("cd", "chdir")
async def change_directory(shell: "Shell", arguments: list[str]) -> int:
    """Change the working directory."""
    arguments = [argument for argument in arguments if argument not in {"-L", "-P", "--"}]
    process = shell.process
    target = arguments[0] if arguments else shell.get("HOME") or "/"
    if target == "-":
        target = shell.get("OLDPWD") or ""
        if not target:
            await process.err(shell.words.builtin("cd", "OLDPWD not set"))
            return 1
    try:
        place = process.files.find(target, process.cwd, who=process.credentials)
        if place.node is None:
            raise fail(2, target)
        if not isinstance(place.node, Directory):
            raise fail(20, target)
        if not process.credentials.may(place.node, 1):
            raise fail(13, target)
    except OSError as error:
        text = {"ash": f"can't cd to {target}: {error.strerror}", "dash": f"can't cd to {target}"}
        await process.err(shell.words.builtin("cd", text.get(shell.words.flavour, f"{target}: {error.strerror}")))
        return 2 if shell.words.flavour != "bash" else 1
    shell.put("OLDPWD", process.cwd)
    process.cwd = place.path
    shell.put("PWD", place.path)
    if arguments and arguments[0] == "-":
        await process.out(place.path + "\n")
    return 0


@builtin("exit", special=True)
async def leave(shell: "Shell", arguments: list[str]) -> int:
    """End the shell."""
    if arguments and not arguments[0].isdigit():
        text = "{0}: numeric argument required" if shell.words.flavour == "bash" else "Illegal number: {0}"
        await shell.process.err(shell.words.builtin("exit", text.format(arguments[0])))
        raise ExitProcess(2)
    raise ExitProcess(int(arguments[0]) & 0xFF if arguments else shell.status)


@builtin("return", special=True)
async def leave_function(shell: "Shell", arguments: list[str]) -> int:
    """End a function or a sourced file."""
    if shell.words.flavour == "bash" and not shell.calls and not shell.sourcing:
        await shell.process.err(shell.words.builtin("return", "can only `return' from a function or sourced script"))
        return 2
    raise ReturnFunction(int(arguments[0]) & 0xFF if arguments and arguments[0].isdigit() else shell.status)


@builtin("break", special=True)
async def leave_loop(shell: "Shell", arguments: list[str]) -> int:
    """Break out of loops."""
    return await _loops(shell, arguments, again=False)


@builtin("continue", special=True)
async def next_round(shell: "Shell", arguments: list[str]) -> int:
    """Go to a loop's next round."""
    return await _loops(shell, arguments, again=True)


async def _loops(shell: "Shell", arguments: list[str], *, again: bool) -> int:
    if not shell.loops:
        if shell.words.flavour == "bash":
            text = "only meaningful in a `for', `while', or `until' loop"
            await shell.process.err(shell.words.builtin("continue" if again else "break", text))
        return 0
    levels = int(arguments[0]) if arguments and arguments[0].isdigit() else 1
    raise BreakLoop(min(levels, shell.loops), again=again)


@builtin("set", special=True)
async def set_options(shell: "Shell", arguments: list[str]) -> int:
    """Set options and parameters; without arguments show the variables."""
    if not arguments:
        for name in shell.names():
            await shell.process.out(f"{name}={quote(shell.get(name) or '')}\n")
        return 0
    rest = list(arguments)
    while rest and rest[0][:1] in {"-", "+"} and len(rest[0]) > 1:
        word = rest.pop(0)
        if word == "--":
            shell.parameters = rest
            return 0
        on = word[0] == "-"
        if word[1:] == "o":
            if not rest:
                for long, letter in sorted(LETTERS.items()):
                    await shell.process.out(f"{long:<16}{'on' if letter in shell.options else 'off'}\n")
                return 0
            option = rest.pop(0)
            if not await _switch(shell, LETTERS.get(option, option), on=on, known=option in {*LETTERS, "pipefail"}):
                return 2
            continue
        for letter in word[1:]:
            if letter == "o" and rest:
                option = rest.pop(0)
                if not await _switch(shell, LETTERS.get(option, option), on=on, known=option in {*LETTERS, "pipefail"}):
                    return 2
            elif not await _switch(shell, letter, on=on, known=letter in "abCefhimnuvx"):
                return 2
    if rest:
        shell.parameters = rest
    return 0


async def _switch(shell: "Shell", option: str, *, on: bool, known: bool) -> bool:
    if not known:
        await shell.process.err(shell.words.builtin("set", f"illegal option {'-' if on else '+'}{option}"))
        return False
    (shell.options.add if on else shell.options.discard)(option)
    return True


@builtin("shift", special=True)
async def shift(shell: "Shell", arguments: list[str]) -> int:
    """Drop the first parameters."""
    count = int(arguments[0]) if arguments and arguments[0].isdigit() else 1
    if count > len(shell.parameters):
        if shell.words.flavour == "dash":
            await shell.process.err(shell.words.builtin("shift", "can't shift that many"))
            raise ExitProcess(2)
        return 1
    del shell.parameters[:count]
    return 0


@builtin("unset", special=True)
async def unset(shell: "Shell", arguments: list[str]) -> int:
    """Forget variables (-v) or functions (-f)."""
    functions = "-f" in arguments
    status = 0
    for name in arguments:
        if name.startswith("-"):
            continue
        if functions:
            shell.functions.pop(name, None)
        elif not shell.unset(name):
            await shell.process.err(shell.words.read_only(name))
            status = 1
    return status


@builtin("export", special=True)
async def export(shell: "Shell", arguments: list[str]) -> int:
    """Give variables to programs."""
    remove = "-n" in arguments
    names = [argument for argument in arguments if argument not in {"-p", "-n", "--"}]
    if not names:
        prefix = "declare -x" if shell.words.flavour == "bash" else "export"
        for name, value in sorted(shell.exported().items()):
            await shell.process.out(f"{prefix} {name}={quote(value)}\n")
    for argument in names:
        name, equals, value = argument.partition("=")
        if not name.isidentifier():
            bash = shell.words.flavour == "bash"
            text = f"`{argument}': not a valid identifier" if bash else f"{argument}: bad variable name"
            await shell.process.err(shell.words.builtin("export", text))
            return 1 if bash else 2
        if equals:
            shell.put(name, value)
        (shell.unexport if remove else shell.export)(name)
    return 0


@builtin("readonly", special=True)
async def readonly(shell: "Shell", arguments: list[str]) -> int:
    """Let variables be changed no more."""
    names = [argument for argument in arguments if argument != "-p"]
    for name in shell.readonly_names() if not names else ():
        await shell.process.out(f"readonly {name}={quote(shell.get(name) or '')}\n")
    for argument in names:
        name, equals, value = argument.partition("=")
        if equals:
            shell.put(name, value)
        shell.make_readonly(name)
    return 0


@builtin("local", "declare", "typeset")
async def local(shell: "Shell", arguments: list[str]) -> int:
    """Let variables be the function's own."""
    for argument in arguments:
        if argument.startswith("-"):
            continue
        name, equals, value = argument.partition("=")
        if not shell.make_local(name) and shell.words.flavour != "bash":
            await shell.process.err(shell.words.builtin("local", "not in a function"))
            return 1
        if equals:
            shell.put(name, value)
    return 0


@builtin("eval", special=True)
async def evaluate(shell: "Shell", arguments: list[str]) -> int:
    """Run text as a program."""
    return await shell.run_text(" ".join(arguments)) if arguments else 0


@builtin(".", "source", special=True)
async def source(shell: "Shell", arguments: list[str]) -> int:
    """Run a file in this shell."""
    if not arguments:
        return 2
    process = shell.process
    try:
        text = process.files.read_file(arguments[0], process.cwd, process.credentials)
    except OSError as error:
        if shell.words.flavour == "bash":
            await process.err(shell.words.say(f"{arguments[0]}: {error.strerror}"))
            return 1
        ash = f"can't open '{arguments[0]}': {error.strerror}"
        missing = "No such file" if error.errno == errno.ENOENT else error.strerror
        await process.err(
            shell.words.builtin(".", ash if shell.words.flavour == "ash" else f"cannot open {arguments[0]}: {missing}")
        )
        raise ExitProcess(2) from error
    saved = shell.parameters
    if len(arguments) > 1:
        shell.parameters = arguments[1:]
    shell.sourcing += 1
    try:
        return await shell.run_text(text.decode("utf-8", "replace"))
    except ReturnFunction as leaving:
        return leaving.code
    finally:
        shell.sourcing -= 1
        if len(arguments) > 1:
            shell.parameters = saved


@builtin("exec", special=True)
async def execute(shell: "Shell", arguments: list[str], redirects: list[Redirect] | None = None) -> int:
    """Become another program; without one, redirect for good."""
    if not await shell.redirector.apply(redirects or []):
        raise ExitProcess(2)
    if not arguments:
        return 0
    shell.traps.clear()
    raise ExitProcess(await commands.execute(shell, arguments, {}, builtin="exec"))


@builtin("trap", special=True)
async def trap(shell: "Shell", arguments: list[str]) -> int:
    """Say what to do when signals come."""
    arguments = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not arguments:
        for number, action in sorted(shell.traps.items()):
            name = {0: "EXIT", -1: "ERR"}.get(number) or signals.NAMES.get(number, str(number))
            name = f"SIG{name}" if number > 0 and shell.words.flavour == "bash" else name
            await shell.process.out(f"trap -- {quote(action)} {name}\n")
        return 0
    if len(arguments) == 1 or arguments[0].isdigit():
        action, names = "-", arguments
    else:
        action, names = arguments[0], arguments[1:]
    status = 0
    for name in names:
        wanted = -1 if name == "ERR" and shell.words.flavour == "bash" else signals.parse(name)
        if wanted is None:
            text = (
                f"trap: {name}: invalid signal specification"
                if shell.words.flavour == "ash"
                else f"trap: {name}: bad trap"
            )
            await shell.process.err(shell.words.say(text))
            status = 1
            continue
        _set_trap(shell, wanted, action)
    return status


def _set_trap(shell: "Shell", number: int, action: str) -> None:
    handlers = shell.process.handlers
    if action == "-":
        shell.traps.pop(number, None)
        handlers.pop(number, None)
        shell.handle_interrupt()
        return
    shell.traps[number] = action
    if number == 0 and action and shell.words.flavour == "bash":
        # Only then does bash catch what would end it: to run the trap first.
        for ending in (signals.SIGTERM, signals.SIGHUP):
            handlers.setdefault(ending, shell.caught)
    if number > 0:
        handlers[number] = shell.caught if action else None
