"""Simple commands: assignments, builtins, functions, and programs that the process or a child becomes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime import launching
from k8s_tutor.sim.runtime.nodes import fail
from k8s_tutor.sim.runtime.processes import ExitProcess
from k8s_tutor.sim.runtime.shell import bash, children, syntax
from k8s_tutor.sim.runtime.shell.flow import COMMAND_COST, ReturnFunction
from k8s_tutor.sim.runtime.shell.messages import Words
from k8s_tutor.sim.runtime.shell.state import MUCH, TEXT_BYTES

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.builtins import Builtin
    from k8s_tutor.sim.runtime.shell.interpreter import Shell

LONGEST_ARGUMENT = 128 << 10  # MAX_ARG_STRLEN
LONGEST_ARGUMENTS = 2 << 20
MAX_CALLS = 200


async def simple(shell: "Shell", node: syntax.Simple, *, last: bool) -> int:
    """Run a simple command."""
    shell.words.line = node.line
    await shell.process.work(COMMAND_COST)
    shell.substituted = 0
    words = await shell.expander.fields(node.words)
    if not words:
        return await _assign(shell, node)
    await _trace(shell, node, words)
    builtin = _builtin(shell, words[0])
    function = shell.functions.get(words[0])
    if builtin is not None and (builtin.special or function is None):
        return await _run_builtin(shell, builtin, node, words)
    if function is not None:
        return await _call(shell, function, node, words)
    return await _external(shell, node, words, last=last)


async def _assign(shell: "Shell", node: syntax.Simple) -> int:
    for assignment in node.assignments:
        await bash.assign(shell, assignment)
    if shell.memory > MUCH:
        await shell.process.keep(shell.memory, TEXT_BYTES)
    async with shell.redirector.during(node.redirects) as fine:
        return shell.substituted if fine else 1


async def _trace(shell: "Shell", node: syntax.Simple, words: list[str]) -> None:
    if "x" in shell.options:
        from k8s_tutor.sim.runtime.shell.builtins import quote

        shown = [f"{each.name}={await shell.expander.text(each.value)}" for each in node.assignments]
        await shell.process.err(
            f"{shell.get('PS4') or '+ '}{' '.join(shown + [quote(word, bare=True) for word in words])}\n"
        )


def _builtin(shell: "Shell", name: str) -> "Builtin | None":
    if shell.words.flavour == "bash":
        from k8s_tutor.sim.runtime.shell.bash_builtins import find_bash

        return find_bash(name)
    from k8s_tutor.sim.runtime.shell.builtins import find

    return find(name, shell.words.flavour)


async def _run_builtin(shell: "Shell", builtin: "Builtin", node: syntax.Simple, words: list[str]) -> int:
    saved: dict[str, str | None] = {}
    for assignment in node.assignments:
        if not builtin.special:
            saved[assignment.name] = shell.get(assignment.name)
        await bash.assign(shell, assignment)
    try:
        if words[0] == "exec":
            return await builtin.run(shell, words[1:], node.redirects)
        async with shell.redirector.during(node.redirects) as fine:
            if not fine:
                if builtin.special and not shell.interactive:
                    raise ExitProcess(2)
                return 2 if shell.words.flavour == "dash" else 1
            return await _guarded(shell, builtin, words)
    finally:
        for name, value in saved.items():
            shell.unset(name) if value is None else shell.put(name, value)


async def _guarded(shell: "Shell", builtin: "Builtin", words: list[str]) -> int:
    try:
        return await builtin.run(shell, words[1:])
    except BrokenPipeError:
        raise
    except OSError as error:
        await shell.process.err(shell.words.say(f"{words[0]}: {error.strerror}"))
        return 1


async def _call(shell: "Shell", function: syntax.Node, node: syntax.Simple, words: list[str]) -> int:
    if shell.calls >= MAX_CALLS:
        await shell.process.err(shell.words.say("maximum function recursion depth exceeded"))
        raise ExitProcess(2)
    for assignment in node.assignments:
        await bash.assign(shell, assignment)
    saved, shell.parameters = shell.parameters, words[1:]
    loops, shell.loops = shell.loops, 0
    shell.calls += 1
    shell.enter_function()
    names = shell.arrays.get("FUNCNAME")
    if shell.words.flavour == "bash":
        shell.arrays["FUNCNAME"] = dict(enumerate([words[0], *(names or {}).values()]))
    try:
        async with shell.redirector.during(node.redirects) as fine:
            return await shell.node(function) if fine else 1
    except ReturnFunction as leaving:
        return leaving.code
    finally:
        shell.leave_function()
        if names is None:
            shell.arrays.pop("FUNCNAME", None)
        else:
            shell.arrays["FUNCNAME"] = names
        shell.calls -= 1
        shell.parameters, shell.loops = saved, loops


async def _external(shell: "Shell", node: syntax.Simple, words: list[str], *, last: bool) -> int:
    env = {each.name: await shell.expander.text(each.value, assignment=True) for each in node.assignments}

    async def body(shell: "Shell") -> int:
        if not await shell.redirector.apply(node.redirects):
            return 1 if shell.words.flavour != "dash" else 2
        return await execute(shell, words, env)

    if last and not shell.traps and shell.process.terminal is None:
        return await body(shell)
    return await children.wait_for(shell, await children.fork(shell, body), node.text)


async def execute(shell: "Shell", words: list[str], env: dict[str, str], builtin: str = "") -> int:
    """Become another program; return the status if it cannot be executed, or when it has ended.

    Args:
        shell: whose process becomes it.
        words: the command.
        env: variables for it alone.
        builtin: who complains if it is not found, if not the shell.
    """
    process = shell.process
    path_text = env.get("PATH", shell.get("PATH") or "")
    name = words[0]
    try:
        if not name:
            raise launching.NotFoundInPathError(name)
        path = launching.search(process.files, name, path_text, process.cwd, process.credentials)
        executable = launching.resolve(process.files, path, words, process.cwd, process.credentials)
    except launching.NotFoundInPathError:
        text = shell.words.builtin(builtin, f"{name}: not found") if builtin else shell.words.not_found(name)
        await process.err(text)
        return 127
    except OSError as error:
        if error.errno == fail(8).errno:
            return await _script(shell, path, words)
        missing = error.errno == 2
        text = "not found" if missing and shell.words.flavour != "bash" else error.strerror or ""
        if error.errno == 21:
            text = "Permission denied" if shell.words.flavour != "bash" else "Is a directory"
        await process.err(shell.words.cannot_execute(name, text))
        return 127 if missing else 126
    process.env = {**shell.exported(), **env}
    if _too_long(words, process.env):
        await process.err(shell.words.cannot_execute(name, "Argument list too long"))
        return 126
    return await launching.replace(process, executable)


async def _script(shell: "Shell", path: str, words: list[str]) -> int:
    """Run a text file without ``#!`` as a script of this shell."""
    process = shell.process
    text = process.files.read_file(path, process.cwd, process.credentials).decode("utf-8", "replace")
    shell.words = Words(shell.words.flavour, path, script=True)
    shell.parameters = words[1:]
    shell.name = path
    return await shell.run_text(text)


def _too_long(words: list[str], env: Mapping[str, str]) -> bool:
    """Tell whether execve would refuse arguments and environment (E2BIG)."""
    sizes = [len(word) for word in words] + [len(name) + len(value) + 1 for name, value in env.items()]
    return max(sizes) >= LONGEST_ARGUMENT or sum(sizes) >= LONGEST_ARGUMENTS
