"""Looking at files: ls, stat, find, du, readlink, realpath, basename, dirname, file system space."""

import datetime
import posixpath
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.identity import entries
from k8s_tutor.sim.runtime.nodes import Directory, File, Node, Symlink
from k8s_tutor.sim.runtime.programs.options import applet, complain, gnu, human, parse, usage
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


def mode_text(node: Node) -> str:
    """Return ``drwxr-xr-x``."""
    bits = "".join(letter if node.mode >> (8 - index) & 1 else "-" for index, letter in enumerate("rwxrwxrwx"))
    if node.mode & 0o1000:
        bits = bits[:-1] + ("t" if bits[-1] == "x" else "T")
    return node.kind + bits


def owner(process: "Process", number: int, database: str) -> str:
    """Return a user's or group's name, or its number."""
    return next((line[0] for line in entries(process.container, database) if line[2] == str(number)), str(number))


@program("ls")
async def ls(process: "Process") -> int:
    """List directories."""
    options, paths = await parse(
        process,
        "laA1hRdrtSFinpsCxgkLGoX",
        "wIT",
        {
            "all": "a",
            "almost-all": "A",
            "human-readable": "h",
            "recursive": "R",
            "directory": "d",
            "reverse": "r",
            "color": "G",
            "full-time": "l",
        },
    )
    files = process.files
    process.container.current = process
    status = 0
    plain: list[tuple[str, Node]] = []
    folders: list[str] = []
    for path in paths or ["."]:
        try:
            follow = "l" not in options or path.endswith("/")
            node = files.get(path, process.cwd, follow=follow, who=process.credentials)
            if isinstance(node, Symlink) or (isinstance(node, Directory) and "d" not in options):
                try:
                    inner = files.get(path, process.cwd, who=process.credentials)
                except OSError:
                    inner = node
                node = inner if "l" not in options or isinstance(node, Directory) else node
        except OSError as error:
            status = 2 if gnu(process) else 1
            await complain(process, path, error, "{path}: {error}", "cannot access '{path}': {error}")
            continue
        if isinstance(node, Directory) and "d" not in options:
            folders.append(path)
        else:
            plain.append((path, node))
    if plain:
        await process.out(_listing(process, plain, options, ""))
    for index, path in enumerate(folders):
        heading = len(folders) > 1 or bool(plain) or "R" in options
        status = max(status, await _folder(process, path, options, heading=heading, first=index == 0 and not plain))
    return status


async def _folder(process: "Process", path: str, options: dict[str, str], *, heading: bool, first: bool) -> int:
    files = process.files
    try:
        found = list(files.list(path, process.cwd, process.credentials))
    except OSError as error:
        return await complain(
            process, path, error, "can't open '{path}': {error}", "cannot open directory '{path}': {error}"
        ) * (2 if gnu(process) else 1)
    if "a" in options:
        here = files.get(path, process.cwd)
        above = files.get(posixpath.join(path, ".."), process.cwd)
        found = [(".", here), ("..", above), *found]
    elif "A" not in options:
        found = [(name, node) for name, node in found if not name.startswith(".")]
    await process.work(len(found) * 3e-6)
    text = "" if first or not heading else "\n"
    if heading:
        text += f"{path}:\n"
    if "l" in options or "s" in options:
        blocks = sum((node.size + 4095) // 4096 * 4 for _, node in found)
        text += f"total {blocks}\n"
    await process.out(text + _listing(process, found, options, path))
    status = 0
    if "R" in options:
        for name, node in found:
            if isinstance(node, Directory) and name not in {".", ".."}:
                status = max(
                    status, await _folder(process, f"{path.rstrip('/')}/{name}", options, heading=True, first=False)
                )
    return status


def _listing(process: "Process", found: list[tuple[str, Node]], options: dict[str, str], folder: str) -> str:
    if "t" in options:
        found = sorted(found, key=lambda item: (-item[1].mtime, item[0]))
    elif "S" in options:
        found = sorted(found, key=lambda item: (-item[1].size, item[0]))
    elif gnu(process):
        found = sorted(found, key=lambda item: item[0])
    if "r" in options:
        found = found[::-1]
    names = [
        (f"{node.inode:7} " if "i" in options else "") + _shown(process, name, node, options, folder)
        for name, node in found
    ]
    if "l" in options or "n" in options or "g" in options:
        return _long(process, found, names, options)
    terminal = process.fds.get(1)
    if terminal is not None and terminal.is_tty and "1" not in options:
        return _columns(names, process.terminal.size.width if process.terminal else 80)
    return "".join(name + "\n" for name in names)


def _shown(process: "Process", name: str, node: Node, options: dict[str, str], folder: str) -> str:
    mark = ""
    if options.keys() & {"F", "p"}:
        mark = "/" if isinstance(node, Directory) else ""
        if "F" in options and not mark:
            mark = "@" if isinstance(node, Symlink) else "*" if node.mode & 0o111 else ""
    del process, folder
    if isinstance(node, Symlink) and "l" in options:
        return f"{name} -> {node.target}"
    return name + mark


def _columns(names: list[str], width: int) -> str:
    if not names:
        return ""
    column = max(len(name) for name in names) + 2
    per_line = max(1, width // column)
    rows = (len(names) + per_line - 1) // per_line
    return "".join("".join(name.ljust(column) for name in names[row::rows]).rstrip() + "\n" for row in range(rows))


def _long(process: "Process", found: list[tuple[str, Node]], names: list[str], options: dict[str, str]) -> str:
    now = process.container.clock.now()
    numeric = "n" in options
    rows = []
    for (_, node), name in zip(found, names, strict=True):
        moment = datetime.datetime.fromtimestamp(node.mtime, datetime.UTC)
        recent = now - 15768000 < node.mtime <= now + 60
        date = f"{moment:%b} {moment.day:2} {moment:%H:%M}" if recent else f"{moment:%b} {moment.day:2}  {moment:%Y}"
        links = 2 if isinstance(node, Directory) else 1
        user = str(node.uid) if numeric else owner(process, node.uid, "passwd")
        group = str(node.gid) if numeric else owner(process, node.gid, "group")
        size = "1,   3" if node.kind == "c" else human(node.size) if "h" in options else str(node.size)
        rows.append((mode_text(node), str(links), user, group, size, date, name))
    if not gnu(process):
        return "".join(f"{r[0]} {r[1]:>4} {r[2]:<8} {r[3]:<8} {r[4]:>9} {r[5]} {r[6]}\n" for r in rows)
    widths = [max((len(row[index]) for row in rows), default=0) for index in range(5)]
    return "".join(
        f"{r[0]} {r[1]:>{widths[1]}} {r[2]:<{widths[2]}} {r[3]:<{widths[3]}} {r[4]:>{widths[4]}} {r[5]} {r[6]}\n"
        for r in rows
    )


@program("stat")
async def stat(process: "Process") -> int:
    """Show what is known of files."""
    options, paths = await parse(process, "Lft", "c", {"format": "c"})
    status = 0
    for path in paths:
        try:
            node = process.files.get(path, process.cwd, follow="L" in options, who=process.credentials)
        except OSError as error:
            status = await complain(
                process, path, error, "can't stat '{path}': {error}", "cannot statx '{path}': {error}"
            )
            continue
        moment = datetime.datetime.fromtimestamp(node.mtime, datetime.UTC)
        kind = {
            "-": "regular file",
            "d": "directory",
            "l": "symbolic link",
            "c": "character special file",
            "p": "fifo",
        }[node.kind]
        if isinstance(node, File) and node.size == 0:
            kind = "regular empty file"
        fields = {
            "n": path,
            "s": str(node.size),
            "a": f"{node.mode & 0o7777:o}",
            "A": mode_text(node),
            "u": str(node.uid),
            "g": str(node.gid),
            "U": owner(process, node.uid, "passwd"),
            "G": owner(process, node.gid, "group"),
            "Y": str(int(node.mtime)),
            "y": f"{moment:%Y-%m-%d %H:%M:%S.%f}000 +0000",
            "F": kind,
            "i": str(node.inode),
            "h": "1",
            "b": str((node.size + 511) // 512),
        }
        if "c" in options:
            text = options["c"]
            for letter, value in fields.items():
                text = text.replace(f"%{letter}", value)
            await process.out(text + "\n")
            continue
        stamp = fields["y"]
        await process.out(
            f"  File: {path}\n  Size: {node.size:<10}\tBlocks: {fields['b']:<10} IO Block: 4096   {kind}\n"
            f"Device: 0,50\tInode: {node.inode:<11} Links: 1\n"
            f"Access: ({node.mode & 0o7777:04o}/{mode_text(node)})  Uid: ({node.uid:5}/{fields['U']:>8})   "
            f"Gid: ({node.gid:5}/{fields['G']:>8})\nAccess: {stamp}\nModify: {stamp}\nChange: {stamp}\n"
        )
    return status


@program("du")
async def du(process: "Process") -> int:
    """Sum up file sizes."""
    options, paths = await parse(process, "sahkmcxb", "d", {"summarize": "s", "human-readable": "h", "max-depth": "d"})
    depth = 0 if "s" in options else int(options.get("d", "9999"))
    status = 0

    async def show(size: int, path: str) -> None:
        kilobytes = (size + 1023) // 1024
        text = (
            human(size)
            if "h" in options
            else str(size if "b" in options else kilobytes // 1024 if "m" in options else kilobytes)
        )
        await process.out(f"{text}\t{path}\n")

    async def walk(path: str, node: Node, level: int) -> int:
        if not isinstance(node, Directory):
            size = (node.size + 4095) // 4096 * 4096
            if "a" in options or level == 0:
                await show(size, path)
            return size
        total = 4096
        for name, child in process.files.list(path, process.cwd, process.credentials):
            await process.work(2e-6)
            total += await walk(f"{path.rstrip('/')}/{name}", child, level + 1)
        if level <= depth:
            await show(total, path)
        return total

    for path in paths or ["."]:
        try:
            await walk(path, process.files.get(path, process.cwd), 0)
        except OSError as error:
            status = await complain(process, path, error, "{path}: {error}", "cannot access '{path}': {error}")
    return status


@program("readlink", "realpath")
async def resolve(process: "Process") -> int:
    """Show where links lead."""
    options, paths = await parse(process, "fnemqsv")
    status = 0
    files = process.files
    process.container.current = process
    for path in paths:
        try:
            if applet(process) == "realpath" or options.keys() & {"f", "e", "m"}:
                await process.out(files.find(path, process.cwd, who=process.credentials).path + "\n")
                continue
            node = files.get(path, process.cwd, follow=False, who=process.credentials)
            if not isinstance(node, Symlink):
                status = 1
                continue
            await process.out(node.target + "\n")
        except OSError as error:
            status = 1
            if applet(process) == "realpath":
                await complain(process, path, error)
    return status


@program("basename", "dirname")
async def names(process: "Process") -> int:
    """Take paths apart."""
    operands = [word for word in process.argv[1:] if word != "--"]
    if not operands:
        return await usage(process, "missing operand")
    path = operands[0].rstrip("/") or "/"
    if applet(process) == "dirname":
        await process.out((posixpath.dirname(path) or ".") + "\n")
        return 0
    name = posixpath.basename(path) or "/"
    if len(operands) > 1 and name != operands[1]:
        name = name.removesuffix(operands[1])
    await process.out(name + "\n")
    return 0


@program("pwd")
async def pwd(process: "Process") -> int:
    """Print the working directory."""
    await process.out(process.cwd + "\n")
    return 0


@program("df")
async def df(process: "Process") -> int:
    """Show file systems' space."""
    options, _ = await parse(process, "hkPTamH", "t")
    disk = process.container.config.limits.ephemeral_storage or 40 << 30
    rows = []
    for mount in process.files.mounts:
        if mount.kind in {"proc", "cgroup2"}:
            continue
        total = (mount.quota.limit if mount.quota and mount.quota.limit else None) or (
            64 << 20 if mount.kind == "tmpfs" else disk
        )
        used = mount.quota.used if mount.quota else 0
        show = human if "h" in options else lambda number: str(int(number) // 1024)
        percent = f"{min(100, -(-used * 100 // total))}%"
        rows.append([mount.source, show(total), show(used), show(max(0, total - used)), percent, mount.path])
    heading = (
        "Filesystem                Size      Used Available Use% Mounted on"
        if "h" in options
        else ("Filesystem           1K-blocks      Used Available Use% Mounted on")
    )
    lines = [heading] + [f"{r[0]:<20} {r[1]:>9} {r[2]:>9} {r[3]:>9} {r[4]:>4} {r[5]}" for r in rows]
    await process.out("".join(line + "\n" for line in lines))
    return 0


@program("mount")
async def mount(process: "Process") -> int:
    """Show what is mounted, or of one type (``-t``); nothing can be."""
    options, operands = await parse(process, "arw", "to")
    if operands:
        await process.err("mount: permission denied (are you root?)\n")
        return 1
    kinds = options["t"].split(",") if "t" in options else None
    for each in process.files.mounts:
        if kinds is not None and each.kind not in kinds:
            continue
        await process.out(
            f"{each.source} on {each.path} type {each.kind} ({'ro' if each.read_only else 'rw'},relatime)\n"
        )
    return 0


@program("umount")
async def umount(process: "Process") -> int:
    """Refuse, as without CAP_SYS_ADMIN."""
    await process.err(f"umount: can't unmount {process.argv[-1]}: Operation not permitted\n")
    return 1
