"""Processes as seen and signalled from inside: ps, top, kill, pidof, pgrep, pkill, killall, pstree."""

import re
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.backtracking import limited
from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.cgroup import NODE_CORES, NODE_MEMORY
from k8s_tutor.sim.runtime.programs.listing import owner
from k8s_tutor.sim.runtime.programs.options import applet, gnu, parse, usage
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


def _user(process: "Process") -> str:
    return owner(process, process.credentials.uid, "passwd")


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02}"


@program("ps")
async def ps(process: "Process") -> int:
    """List processes."""
    words = process.argv[1:]
    columns = next((word[2:] or words[index + 1] for index, word in enumerate(words) if word.startswith("-o")), "")
    full = any("f" in word for word in words if word.startswith("-") and not word.startswith("-o"))
    now = process.container.clock.now()
    if columns:
        names = columns.split(",")
        await process.out(" ".join(name.split("=")[0].upper().ljust(6) for name in names).rstrip() + "\n")
        for each in process.table:
            values = {
                "pid": str(each.pid),
                "ppid": str(each.parent.pid if each.parent else 0),
                "user": _user(each),
                "comm": _name(each),
                "args": " ".join(each.argv),
                "cmd": " ".join(each.argv),
                "stat": "S",
                "time": "0:00",
                "rss": str(each.container.cgroup.memory_of(each) // 1024),
            }
            await process.out(" ".join(values.get(name.split("=")[0], "-").ljust(6) for name in names).rstrip() + "\n")
    elif not gnu(process):
        await process.out("PID   USER     TIME  COMMAND\n")
        for each in process.table:
            await process.out(f"{each.pid:5} {_user(each):<8} {'0:00':>5} {' '.join(each.argv)}\n")
    elif any("u" in word and "a" in word for word in words):
        await process.out("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n")
        for each in process.table:
            rss = each.container.cgroup.memory_of(each) // 1024
            await process.out(
                f"{_user(each):<8} {each.pid:7}  0.0 {rss * 102400 / NODE_MEMORY:4.1f} {rss * 2:6} {rss:5} ?        "
                f"Ss   00:00   0:00 {' '.join(each.argv)}\n"
            )
    elif full:
        await process.out("UID          PID    PPID  C STIME TTY          TIME CMD\n")
        for each in process.table:
            await process.out(
                f"{_user(each):<8} {each.pid:7} {each.parent.pid if each.parent else 0:7}  0 00:00 ?        "
                f"00:00:00 {' '.join(each.argv)}\n"
            )
    else:
        await process.out("    PID TTY          TIME CMD\n")
        for each in process.table:
            await process.out(f"{each.pid:7} ?        00:00:{int(now - each.started_at) * 0:02} {_name(each)}\n")
    return 0


def _name(process: "Process") -> str:
    return process.argv[0].rsplit("/", 1)[-1][:15]


@program("top")
async def top(process: "Process") -> int:
    """Show processes and what they use, again and again."""
    options, _ = await parse(process, "bHm", "nd")
    rounds = int(options.get("n", "0")) or 10**9
    interval = float(options.get("d", "5"))
    for number in range(rounds):
        if number:
            await process.sleep(interval)
        await process.out(_screen(process, clear="b" not in options))
    return 0


def _screen(process: "Process", *, clear: bool) -> str:
    group = process.container.cgroup
    busy = min(100, group.cpu_millicores() / NODE_CORES / 10)
    used = NODE_MEMORY // 4096 + group.memory // 1024
    lines = [
        f"Mem: {used}K used, {NODE_MEMORY // 1024 - used}K free, 0K shrd, 0K buff, 0K cached",
        f"CPU: {busy:3.0f}% usr   0% sys   0% nic {100 - busy:3.0f}% idle   0% io   0% irq   0% sirq",
        f"Load average: 0.10 0.08 0.05 1/{len(process.table)} {process.pid}",
        "  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND",
    ]
    for each in process.table:
        size = each.container.cgroup.memory_of(each) // 1024
        lines.append(
            f"{each.pid:5} {each.parent.pid if each.parent else 0:5} {_user(each):<8} S    {size:6} "
            f"{size * 102400 // NODE_MEMORY:3}%   0   0% {' '.join(each.argv)}"
        )
    return ("\x1b[H\x1b[J" if clear else "") + "\n".join(lines) + "\n"


@program("kill")
async def kill(process: "Process") -> int:
    """Send signals by number."""
    words = process.argv[1:]
    if words[:1] == ["-l"]:
        await process.out("".join(f"{number:2}) {name}\n" for number, name in signals.NAMES.items()))
        return 0
    number: int | None = signals.SIGTERM
    if words and words[0].startswith("-"):
        word = words.pop(0)
        number = signals.parse(words.pop(0) if word == "-s" else word[1:])
    if not words or number is None:
        return await usage(process, "bad signal name" if number is None else "you need to specify whom to kill")
    status = 0
    for word in words:
        target = process.table.get(int(word)) if word.isdigit() else None
        if target is None:
            await process.err(f"kill: can't kill pid {word}: No such process\n")
            status = 1
        else:
            target.signal(number, inside=True)
    return status


@program("pidof", "pgrep", "pkill", "killall")
async def by_name(process: "Process") -> int:
    """Find or signal processes by name."""
    name = applet(process)
    number = signals.SIGTERM
    words: list[str] = []
    full = False
    for word in process.argv[1:]:
        if word.startswith("-") and len(word) > 1:
            if signals.parse(word[1:]) is not None and name in {"pkill", "killall"}:
                number = signals.parse(word[1:]) or number
            full |= "f" in word
        else:
            words.append(word)
    if not words:
        return await usage(process, "no matching criteria specified", 2)

    def matches(each: "Process") -> bool:
        if each is process:
            return False
        if name in {"pidof", "killall"}:
            return _name(each) in words
        text = " ".join(each.argv) if full else _name(each)
        with limited(words[0], text):
            return re.search(words[0], text) is not None

    found = [each for each in process.table if matches(each)]
    if name == "pidof":
        if found:
            await process.out(" ".join(str(each.pid) for each in reversed(found)) + "\n")
    elif name == "pgrep":
        await process.out("".join(f"{each.pid}\n" for each in found))
    else:
        for each in found:
            each.signal(number, inside=True)
        if not found and name == "killall":
            await process.err(f"killall: {words[0]}: no process killed\n")
    return 0 if found else 1


@program("pstree")
async def pstree(process: "Process") -> int:
    """Show processes as a tree."""

    async def show(parent: "Process | None", indent: str) -> None:
        for each in process.table:
            if each.parent is parent or (parent is None and each.parent is not None and not each.parent.alive):
                await process.out(f"{indent}{_name(each)}\n")
                await show(each, indent + "  ")

    await show(None, "")
    return 0
