"""Builtins about processes and commands: wait, jobs, kill, type, command, alias, umask, ulimit, times."""

import asyncio
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime import launching, signals
from k8s_tutor.sim.runtime.processes import Process
from k8s_tutor.sim.runtime.shell import children, commands
from k8s_tutor.sim.runtime.shell.builtins import builtin, find, quote

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.interpreter import Shell

KEYWORDS = frozenset(
    ["if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "{", "}", "!", "in"]
)


@builtin("wait")
async def wait(shell: "Shell", arguments: list[str]) -> int:
    """Wait for children; a trapped signal ends the waiting."""
    if not arguments:
        for job in list(shell.jobs):
            if await _wait_one(shell, job) is None:
                return 128 + shell.pending[-1] if shell.pending else 0
        shell.jobs.clear()
        return 0
    if arguments == ["-n"] and shell.words.flavour == "bash":
        arguments = [str(job.pid) for job in shell.jobs if job.alive][:1] or [str(job.pid) for job in shell.jobs[-1:]]
    status = 0
    for argument in arguments:
        found = _job(shell, argument)
        if found is None:
            if shell.words.flavour == "bash":
                await shell.process.err(shell.words.builtin("wait", f"pid {argument} is not a child of this shell"))
            status = 127
            continue
        code = await _wait_one(shell, found, told=True)
        if code is None:
            return 128 + shell.pending[-1] if shell.pending else 0
        status = code
    return status


async def _wait_one(shell: "Shell", job: Process, *, told: bool = False) -> int | None:
    """Return the job's status; None if a signal came first; ``told``: say of what signal it died."""
    if job.alive:
        process = shell.process
        shell.waiting = asyncio.get_running_loop().create_future()
        if shell.pending:
            return None
        ended = asyncio.ensure_future(job.wait())
        try:
            await process.pause(asyncio.wait({ended, shell.waiting}, return_when=asyncio.FIRST_COMPLETED))
        finally:
            ended.cancel()
            shell.waiting.cancel()
            shell.waiting = None
        process.rested()
        if job.exit_code is None:
            return None
    text = shell.job_texts.pop(job.pid, None)
    if text is not None and (told or shell.words.flavour == "bash"):
        await children.mourn(shell, job, text, background=True)
    return job.exit_code or 0


def _job(shell: "Shell", text: str) -> Process | None:
    if text.startswith("%"):
        number = text[1:]
        jobs = [job for job in shell.jobs if job.alive] or shell.jobs
        if number in {"", "%", "+"}:
            return jobs[-1] if jobs else None
        return jobs[int(number) - 1] if number.isdigit() and int(number) <= len(jobs) else None
    return next((job for job in shell.jobs if str(job.pid) == text), None)


@builtin("jobs")
async def jobs(shell: "Shell", arguments: list[str]) -> int:
    """Show background jobs."""
    shell.jobs = [job for job in shell.jobs if job.alive]
    for number, job in enumerate(shell.jobs, 1):
        if "-p" in arguments:
            await shell.process.out(f"{job.pid}\n")
        else:
            mark = "+" if number == len(shell.jobs) else "-" if number == len(shell.jobs) - 1 else " "
            await shell.process.out(f"[{number}]{mark}  Running                    {' '.join(job.argv)}\n")
    return 0


@builtin("fg", "bg")
async def foreground(shell: "Shell", arguments: list[str]) -> int:
    """Wait for a background job."""
    job = _job(shell, arguments[0] if arguments else "%")
    if job is None or not job.alive:
        bash = shell.words.flavour == "bash"
        text = "No current job" if not bash else "current: no such job" if shell.interactive else "no job control"
        await shell.process.err(shell.words.builtin("fg", text))
        return 1 if bash else 2
    await shell.process.out(" ".join(job.argv) + "\n")
    return await children.wait_for(shell, job)


def _signal_table(flavour: str) -> str:
    if flavour == "ash":
        return "".join(f"{each:2}) {name}\n" for each, name in signals.NAMES.items())
    if flavour == "dash":
        return "".join(f"{name}\n" for name in ("0", *signals.NAMES.values()))
    shown = [f"{each:2}) SIG{name}" for each, name in signals.NAMES.items()]
    return "".join("\t".join(shown[at : at + 5]) + "\n" for at in range(0, len(shown), 5))


@builtin("kill")
async def kill(shell: "Shell", arguments: list[str]) -> int:
    """Send signals to processes."""
    if arguments[:1] == ["-l"]:
        if len(arguments) > 1:
            for argument in arguments[1:]:
                asked = int(argument) & 127 if argument.isdigit() else signals.parse(argument) or 0
                await shell.process.out(f"{signals.NAMES.get(asked, asked) if argument.isdigit() else asked}\n")
            return 0
        await shell.process.out(_signal_table(shell.words.flavour))
        return 0
    number = signals.SIGTERM
    rest = list(arguments)
    if rest and rest[0].startswith("-") and rest[0] != "--":
        word = rest.pop(0)
        name = rest.pop(0) if word in {"-s", "-n"} and rest else word[1:]
        wanted = signals.parse(name)
        if wanted is None:
            await shell.process.err(shell.words.kill_signal(name))
            return 2 if shell.words.flavour == "dash" else 1
        number = wanted
    rest = rest[1:] if rest[:1] == ["--"] else rest
    if not rest:
        await shell.process.err(shell.words.kill_nobody())
        return 1 if shell.words.flavour == "ash" else 2
    return await send(shell, rest, number)


async def send(shell: "Shell", targets: list[str], number: int) -> int:
    """Send a signal to processes and jobs by name."""
    status = 0
    for target in targets:
        job = _job(shell, target) if target.startswith("%") else None
        pid = job.pid if job else int(target) if target.lstrip("-").isdigit() else None
        if pid is None:
            await shell.process.err(shell.words.kill_whom(target))
            status = 2 if shell.words.flavour == "dash" else 1
            continue
        found = (
            [each for each in shell.process.table if each.pid != 1 and each is not shell.process]
            if pid == -1
            else [each for each in (shell.process.table.get(abs(pid)),) if each]
        )
        if not found and pid != -1:
            await shell.process.err(shell.words.kill_failed(pid, "No such process"))
            status = 1
        for each in found:
            who = shell.process.credentials
            if who.uid not in {0, each.credentials.uid}:
                await shell.process.err(shell.words.kill_failed(each.pid, "Operation not permitted"))
                status = 1
                continue
            each.signal(number, inside=True)
    await asyncio.sleep(0)
    return status


@builtin("type")
async def describe(shell: "Shell", arguments: list[str]) -> int:
    """Say what names mean."""
    status = 0
    for name in arguments:
        text = _describe(shell, name)
        if text is None:
            status = 127 if shell.words.flavour != "bash" else 1
            text = f"{name}: not found"
        await shell.process.out(text + "\n")
    return status


def _describe(shell: "Shell", name: str) -> str | None:
    if name in shell.aliases:
        return f"{name} is an alias for {shell.aliases[name]}"
    if name in KEYWORDS:
        return f"{name} is a shell keyword"
    if name in shell.functions:
        return f"{name} is a {'shell function' if shell.words.flavour != 'bash' else 'function'}"
    found = find(name)
    if found is not None:
        kind = "special shell builtin" if found.special and shell.words.flavour != "bash" else "shell builtin"
        return f"{name} is a {kind}"
    path = which(shell, name)
    return None if path is None else f"{name} is {path}"


def which(shell: "Shell", name: str) -> str | None:
    """Return the path of a command."""
    process = shell.process
    try:
        return launching.search(process.files, name, shell.get("PATH") or "", process.cwd, process.credentials)
    except (launching.NotFoundInPathError, OSError):
        return None


@builtin("command")
async def command(shell: "Shell", arguments: list[str]) -> int:
    """Run a command passing over functions, or say where it is (-v, -V)."""
    if arguments[:1] == ["-V"]:
        return await describe(shell, arguments[1:])
    if arguments[:1] == ["-v"]:
        status = 0
        for name in arguments[1:]:
            known = name in shell.functions or name in KEYWORDS or find(name) is not None
            path = (
                f"alias {name}='{shell.aliases[name]}'"
                if name in shell.aliases
                else name
                if known
                else which(shell, name)
            )
            if path is None:
                status = 127 if shell.words.flavour != "bash" else 1
            else:
                await shell.process.out(path + "\n")
        return status
    arguments = [argument for argument in arguments if argument != "-p"] if arguments[:1] == ["-p"] else arguments
    if not arguments:
        return 0
    found = find(arguments[0])
    if found is not None:
        return await found.run(shell, arguments[1:])
    child = await children.fork(shell, lambda inner: commands.execute(inner, arguments, {}))
    return await children.wait_for(shell, child)


@builtin("alias")
async def alias(shell: "Shell", arguments: list[str]) -> int:
    """Define or show aliases."""
    status = 0
    for name, value in sorted(shell.aliases.items()) if not arguments else ():
        await shell.process.out(f"{_alias_word(shell)}{name}={quote(value)}\n")
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if equals:
            shell.aliases[name] = value
        elif name in shell.aliases:
            await shell.process.out(f"{_alias_word(shell)}{name}={quote(shell.aliases[name])}\n")
        else:
            await shell.process.err(shell.words.builtin("alias", f"{name} not found"))
            status = 1
    return status


def _alias_word(shell: "Shell") -> str:
    return "alias " if shell.words.flavour == "bash" else ""


@builtin("unalias")
async def unalias(shell: "Shell", arguments: list[str]) -> int:
    """Forget aliases."""
    if "-a" in arguments:
        shell.aliases.clear()
    for name in arguments:
        shell.aliases.pop(name, None)
    return 0


@builtin("umask")
async def umask(shell: "Shell", arguments: list[str]) -> int:
    """Show or set the mode mask."""
    if arguments and arguments[0].isdigit():
        shell.process.umask = int(arguments[0], 8) & 0o777
    else:
        await shell.process.out(f"{shell.process.umask:04o}\n")
    return 0


@builtin("ulimit")
async def ulimit(shell: "Shell", arguments: list[str]) -> int:
    """Show a limit."""
    known = {"-n": "1048576", "-u": str(shell.process.container.config.limits.pids)}
    await shell.process.out(known.get(arguments[0] if arguments else "-f", "unlimited") + "\n")
    return 0


@builtin("times", special=True)
async def times(shell: "Shell", arguments: list[str]) -> int:
    """Show CPU time."""
    del arguments
    used = shell.process.container.cgroup.cpu_seconds()
    await shell.process.out(f"0m{used:.3f}s 0m0.000s\n0m0.000s 0m0.000s\n")
    return 0


@builtin("hash")
async def forget_paths(shell: "Shell", arguments: list[str]) -> int:
    """Nothing is remembered, so nothing is to be done."""
    del shell, arguments
    return 0
