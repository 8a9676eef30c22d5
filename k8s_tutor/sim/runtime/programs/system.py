"""Who and where a process is: id, hostname, uname, free, nproc, tty and the like."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.cgroup import NODE_CORES, NODE_MEMORY
from k8s_tutor.sim.runtime.procfs import KERNEL
from k8s_tutor.sim.runtime.programs.listing import owner
from k8s_tutor.sim.runtime.programs.options import applet, gnu, human, parse
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


@program("id", "groups")
async def identity(process: "Process") -> int:
    """Show user and groups."""
    options, _ = await parse(process, "ugGnr")
    who = process.credentials
    groups = list(dict.fromkeys([who.gid, *sorted(who.groups)]))  # the kernel keeps them sorted
    if applet(process) == "groups":
        await process.out(" ".join(owner(process, group, "group") for group in groups) + "\n")
        return 0
    if options.keys() & {"u", "g", "G"}:
        numbers = [who.uid] if "u" in options else [who.gid] if "g" in options else groups
        database = "passwd" if "u" in options else "group"
        named = [owner(process, number, database) if "n" in options else str(number) for number in numbers]
        await process.out(" ".join(named) + "\n")
        return 0

    def shown(number: int, database: str) -> str:
        name = owner(process, number, database)
        return f"{number}({name})" if name != str(number) else str(number)

    text = f"uid={shown(who.uid, 'passwd')} gid={shown(who.gid, 'group')}"
    text += " groups=" + ",".join(shown(group, "group") for group in groups)
    await process.out(text + "\n")
    return 0


@program("effective-uid")
async def effective_uid(process: "Process") -> int:
    """Tell the effective user, as Kubernetes' test program for privilege escalation."""
    await process.out(f"Effective uid: {process.credentials.uid}\n")
    return 0


@program("whoami", "logname")
async def whoami(process: "Process") -> int:
    """Show the user's name."""
    name = owner(process, process.credentials.uid, "passwd")
    if name.isdigit():
        await process.err(
            f"whoami: unknown uid {name}\n" if not gnu(process) else f"whoami: cannot find name for user ID {name}\n"
        )
        return 1
    await process.out(name + "\n")
    return 0


@program("hostname")
async def hostname(process: "Process") -> int:
    """Show the host name or address."""
    options, operands = await parse(process, "isfdIA")
    config = process.container.config
    if operands:
        await process.err("hostname: sethostname: Operation not permitted\n")
        return 1
    if options.keys() & {"i", "I"}:
        await process.out(config.pod_ip + (" \n" if "I" in options else "\n"))
    elif "f" in options and config.domain:
        await process.out(f"{process.container.hostname}.{config.domain}\n")
    elif "d" in options:
        await process.out(config.domain + "\n")
    else:
        await process.out(process.container.hostname + "\n")
    return 0


@program("uname", "arch")
async def uname(process: "Process") -> int:
    """Show the system's name."""
    options, _ = await parse(process, "asnrvmpio")
    if applet(process) == "arch":
        await process.out("x86_64\n")
        return 0
    fields = {
        "s": "Linux",
        "n": process.container.hostname,
        "r": KERNEL,
        "v": "#1 SMP PREEMPT_DYNAMIC",
        "m": "x86_64",
        "o": "GNU/Linux" if gnu(process) else "Linux",
    }
    wanted = list(fields) if "a" in options else [letter for letter in fields if letter in options] or ["s"]
    await process.out(" ".join(fields[letter] for letter in wanted) + "\n")
    return 0


@program("nproc")
async def nproc(process: "Process") -> int:
    """Show the node's processors (a limit does not change it)."""
    await process.out(f"{int(NODE_CORES)}\n")
    return 0


@program("free")
async def free(process: "Process") -> int:
    """Show the node's memory (a limit does not change it)."""
    options, _ = await parse(process, "bkmgh")
    unit = 1 if "b" in options else 1 << 20 if "m" in options else 1 << 30 if "g" in options else 1 << 10
    used = NODE_MEMORY // 4

    def show(size: int) -> str:
        return human(size) if "h" in options else str(size // unit)

    rows = {"Mem:": (NODE_MEMORY, used, NODE_MEMORY - 2 * used, 0, used, NODE_MEMORY - used), "Swap:": (0, 0, 0)}
    await process.out(f"{'':8}{'total':>12}{'used':>12}{'free':>12}{'shared':>12}{'buff/cache':>12}{'available':>12}\n")
    for name, sizes in rows.items():
        await process.out(f"{name:8}" + "".join(f"{show(size):>12}" for size in sizes) + "\n")
    return 0


@program("tty")
async def tty(process: "Process") -> int:
    """Show the terminal."""
    await process.out("/dev/pts/0\n" if process.fds[0].is_tty else "not a tty\n")
    return 0 if process.fds[0].is_tty else 1


@program("stty")
async def stty(process: "Process") -> int:
    """Show or set the terminal's size and echo."""
    terminal = process.terminal
    if terminal is None:
        await process.err(
            "stty: standard input: Inappropriate ioctl for device\n"
            if gnu(process)
            else "stty: standard input: Not a tty\n"
        )
        return 1
    if process.argv[1:] == ["size"]:
        await process.out(f"{terminal.size.height} {terminal.size.width}\n")
    elif "-echo" in process.argv:
        terminal.echo = False
    elif "echo" in process.argv or "sane" in process.argv:
        terminal.echo = True
    else:
        await process.out(f"speed 38400 baud; rows {terminal.size.height}; columns {terminal.size.width};\n")
    return 0


@program("clear", "reset")
async def clear(process: "Process") -> int:
    """Clear the screen."""
    await process.out("\x1b[H\x1b[J")
    return 0


@program("dmesg")
async def dmesg(process: "Process") -> int:
    """Refuse, as in a container without privileges."""
    await process.err("dmesg: klogctl: Operation not permitted\n")
    return 1


@program("groupadd", "useradd", "adduser", "addgroup")
async def add_user(process: "Process") -> int:
    """Add a user to passwd."""
    options, operands = await parse(process, "DHSMmrNo", "uGgsdhck")
    if not operands:
        return 1
    files = process.files
    number = options.get("u", "1000")
    if "group" not in applet(process):
        old = files.read_file("/etc/passwd")
        files.write_file(
            "/etc/passwd", old + f"{operands[0]}:x:{number}:{number}::/home/{operands[0]}:/bin/sh\n".encode()
        )
    old = files.read_file("/etc/group")
    files.write_file("/etc/group", old + f"{operands[0]}:x:{options.get('g', number)}:\n".encode())
    return 0
