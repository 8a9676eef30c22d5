"""Programs that run other programs: env, xargs, timeout, nohup, time, nice, watch, which."""

import asyncio
import re

from k8s_tutor.sim.runtime import launching, signals
from k8s_tutor.sim.runtime.descriptors import OpenFile
from k8s_tutor.sim.runtime.processes import Process
from k8s_tutor.sim.runtime.programs.options import applet, gnu, parse, usage
from k8s_tutor.sim.runtime.programs.reading import read_all
from k8s_tutor.sim.runtime.programs.registry import program


async def start(
    process: Process, argv: list[str], env: dict[str, str] | None = None, output: OpenFile | None = None
) -> Process | int:
    """Start a child; the exit status (126, 127) if it cannot be executed, after saying why.

    Args:
        process: its parent, whose descriptors it takes over.
        argv: the command.
        env: instead of the parent's environment.
        output: for stdout and stderr.
    """
    container = process.container
    environment = process.env if env is None else env
    name = applet(process)
    if len(container.processes) >= container.config.limits.pids:
        await process.err(f"{name}: fork: Resource temporarily unavailable\n")
        return 1
    try:
        path = launching.search(
            process.files, argv[0], environment.get("PATH", launching.DEFAULT_PATH), process.cwd, process.credentials
        )
        executable = launching.resolve(process.files, path, argv, process.cwd, process.credentials)
    except (launching.NotFoundInPathError, OSError) as error:
        missing = isinstance(error, launching.NotFoundInPathError) or error.errno == 2
        text = "No such file or directory" if missing else getattr(error, "strerror", "")
        await process.err(
            f"{name}: '{argv[0]}': {text}\n"
            if gnu(process) and name in {"env", "timeout"}
            else f"{name}: failed to run command '{argv[0]}': {text}\n"
            if gnu(process)
            else f"{name}: can't execute '{argv[0]}': {text}\n"
        )
        return 127 if missing else 126
    child = Process(container, argv, dict(environment), process.cwd, parent=process)
    for number in (0, 1, 2):
        if number in process.fds:
            child.set_fd(number, output if output is not None and number else process.fds[number])
    launching.begin(child, executable)
    return child


async def run_command(process: Process, argv: list[str], env: dict[str, str] | None = None) -> int:
    """Run a command and return its exit status."""
    child = await start(process, argv, env)
    return child if isinstance(child, int) else int(await process.pause(child.wait()))


@program("env", "printenv")
async def env(process: Process) -> int:
    """Show the environment, or run a command in a changed one."""
    words = process.argv[1:]
    if applet(process) == "printenv":
        if words:
            missing = [word for word in words if word not in process.env]
            await process.out("".join(process.env[word] + "\n" for word in words if word in process.env))
            return 1 if missing else 0
        await process.out("".join(f"{name}={value}\n" for name, value in process.env.items()))
        return 0
    environment = dict(process.env)
    while words:
        if words[0] in {"-", "-i"}:
            environment.clear()
        elif words[0] == "-u" and len(words) > 1:
            environment.pop(words.pop(1), None)
        elif "=" in words[0]:
            name, _, value = words[0].partition("=")
            environment[name] = value
        else:
            break
        words.pop(0)
    if words:
        return await run_command(process, words, environment)
    await process.out("".join(f"{name}={value}\n" for name, value in environment.items()))
    return 0


@program("xargs")
async def xargs(process: Process) -> int:
    """Run a command with arguments from standard input."""
    options, command = await parse(process, "0rtpx", "nIPLsE", stop=True)
    data = (await read_all(process, [], [])).decode("utf-8", "surrogateescape")
    if "0" in options:
        items = [item for item in data.split("\0") if item]
    elif "I" in options or "L" in options:
        items = [line.strip() for line in data.split("\n") if line.strip()]
    else:
        items = [part[1:-1] if part[:1] in {'"', "'"} else part for part in re.findall(r"\"[^\"]*\"|'[^']*'|\S+", data)]
    command = command or ["echo"]
    if not items and ("r" in options or not gnu(process) or "I" in options):
        if "r" in options or "I" in options:
            return 0
    if "I" in options:
        batches = [[part.replace(options["I"], item) for part in command] for item in items]
    else:
        size = int(options.get("n") or options.get("L") or 5000)
        batches = [[*command, *items[at : at + size]] for at in range(0, max(1, len(items)), size)]
    status = 0
    for batch in batches:
        if "t" in options:
            await process.err(" ".join(batch) + "\n")
        code = await run_command(process, batch)
        if code in {126, 127}:
            return code
        status = 123 if code else status
    return status


def seconds(text: str) -> float:
    """Return a duration like 5, 0.5, 2m, 1h, 1d, infinity.

    Raises:
        ValueError: it is none.
    """
    if text in {"inf", "infinity"}:
        return 10.0**10
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    value = float(text[:-1]) * units[text[-1]] if text[-1:] in units else float(text)
    if value < 0:
        raise ValueError(text)
    return value


@program("sleep", "usleep", memory=300 << 10)
async def sleep(process: Process) -> int:
    """Sleep in cluster time."""
    if len(process.argv) < 2:
        return await usage(process, "missing operand" if gnu(process) else "[N]...")
    total = 0.0
    for word in process.argv[1:]:
        try:
            total += seconds(word) / (1e6 if applet(process) == "usleep" else 1)
        except ValueError:
            await process.err(
                f"sleep: invalid time interval '{word}'\nTry 'sleep --help' for more information.\n"
                if gnu(process)
                else f"sleep: invalid number '{word}'\n"
            )
            return 1
    await process.sleep(total)
    return 0


@program("timeout")
async def timeout(process: Process) -> int:
    """Run a command with a time limit."""
    options, words = await parse(
        process, "pvf", "sk", {"signal": "s", "kill-after": "k", "preserve-status": "p", "foreground": "f"}, stop=True
    )
    if len(words) < 2:
        return await usage(process, "missing operand", 125)
    try:
        limit = seconds(words[0])
    except ValueError:
        await process.err(f"timeout: invalid time interval '{words[0]}'\n")
        return 125
    child = await start(process, words[1:])
    if isinstance(child, int):
        return child
    number = signals.parse(options.get("s", "TERM")) or signals.SIGTERM
    clock = process.container.clock
    expired: list[bool] = []

    def expire() -> None:
        expired.append(True)
        child.signal(number)

    timers = [clock.call_later(limit, expire)] if limit else []
    if "k" in options:
        timers.append(clock.call_later(limit + seconds(options["k"]), child.signal, signals.SIGKILL))
    try:
        code = int(await process.pause(child.wait()))
    except asyncio.CancelledError:
        child.terminate(process.signal_number or signals.SIGKILL)
        raise
    finally:
        for timer in timers:
            timer.cancel()
    if not expired or "p" in options:
        return code
    if gnu(process):
        return 137 if child.signal_number == signals.SIGKILL else 124
    # busybox' timeout is itself the command's process: the shell sees it die of the signal.
    process.signal_number = child.signal_number
    return code


@program("nohup", "nice", "renice", "setsid", "stdbuf")
async def wrap(process: Process) -> int:
    """Run a command as it is (priorities and sessions make no difference here)."""
    words = process.argv[1:]
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word == "-n" and words:
            words.pop(0)
    if not words:
        return await usage(process, "missing operand", 125) if applet(process) != "nice" else 0
    return await run_command(process, words)


@program("time")
async def time(process: Process) -> int:
    """Run a command and show how long it took."""
    clock = process.container.clock
    before, used = clock.now(), process.container.cgroup.cpu_seconds()
    words = [word for word in process.argv[1:] if word != "-p"]
    code = await run_command(process, words) if words else 0
    real, cpu = clock.now() - before, process.container.cgroup.cpu_seconds() - used
    await process.err(
        "".join(
            f"{name}\t{int(value // 60)}m {value % 60:.2f}s\n"
            for name, value in (("real", real), ("user", cpu), ("sys", 0.0))
        )
    )
    return code


@program("watch")
async def watch(process: Process) -> int:
    """Run a command again and again."""
    options, words = await parse(process, "tdbegx", "n", stop=True)
    interval = float(options.get("n", "2"))
    while True:
        if "t" not in options:
            await process.out(f"\x1b[H\x1b[JEvery {interval:.1f}s: {' '.join(words)}\n\n")
        await run_command(process, ["sh", "-c", " ".join(words)])
        await process.sleep(interval)


@program("which")
async def which(process: Process) -> int:
    """Show where commands are."""
    status = 0
    for name in process.argv[1:]:
        try:
            path = launching.search(process.files, name, process.env.get("PATH", ""), process.cwd, process.credentials)
            await process.out(path + "\n")
        except (launching.NotFoundInPathError, OSError):
            status = 1
    return status


@program("true")
async def true(process: Process) -> int:
    """Succeed."""
    del process
    return 0


@program("false")
async def false(process: Process) -> int:
    """Fail."""
    del process
    return 1


@program("busybox")
async def busybox(process: Process) -> int:
    """Run an applet by name."""
    if len(process.argv) > 1 and not process.argv[1].startswith("-"):
        return await run_command(process, process.argv[1:])
    version = process.container.image.version
    await process.out(
        f"BusyBox v{version} (2024-09-26 21:31:42 UTC) multi-call binary.\nUsage: busybox [function [arguments]...]\n"
    )
    return 0
