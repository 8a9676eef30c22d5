"""Changing files: cp, mv, rm, mkdir, rmdir, touch, ln, chmod, chown, truncate, mktemp, mkfifo, dd, install, sync."""

import errno
import posixpath
import random
import re
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.nodes import Directory, File, Node, Symlink, fail
from k8s_tutor.sim.runtime.opening import open_to_read, open_to_write
from k8s_tutor.sim.runtime.programs.options import applet, complain, gnu, human, parse, size, usage
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

TEMPORARY = "/tmp"  # noqa: S108 - inside the container


@program("mkdir", "rmdir")
async def directories(process: "Process") -> int:
    """Make or remove directories."""
    options, paths = await parse(process, "pv", "m", {"parents": "p", "mode": "m"})
    if not paths:
        return await usage(process, "missing operand" if gnu(process) else "[-m MODE] [-p] DIRECTORY...")
    files, who, making = process.files, process.credentials, applet(process) == "mkdir"
    mode = int(options["m"], 8) if options.get("m", "").isdigit() else 0o777 & ~process.umask
    status = 0
    for path in paths:
        try:
            if not making:
                files.remove_directory(path, process.cwd, who)
            elif "p" in options:
                files.make_directories(path, process.cwd, who, mode)
            else:
                files.make_directory(path.rstrip("/") or "/", process.cwd, who, mode)
        except OSError as error:
            status = await complain(
                process,
                path,
                error,
                "can't create directory '{path}': {error}" if making else "'{path}': {error}",
                "cannot create directory '{path}': {error}" if making else "failed to remove '{path}': {error}",
            )
    return status


@program("rm", "unlink")
async def remove(process: "Process") -> int:
    """Remove files."""
    options, paths = await parse(process, "rRfivd", long={"recursive": "r", "force": "f"})
    if not paths:
        return 0 if "f" in options else await usage(process, "missing operand" if gnu(process) else "[-irf] FILE...")
    files, who = process.files, process.credentials
    status = 0
    for path in paths:
        if posixpath.normpath(path) == "/" and options.keys() & {"r", "R"} and gnu(process):
            await process.err(
                "rm: it is dangerous to operate recursively on '/'\n"
                "rm: use --no-preserve-root to override this failsafe\n"
            )
            return 1
        try:
            node = files.find(path, process.cwd, follow=False, who=who).node
            if isinstance(node, Directory):
                if not options.keys() & {"r", "R"}:
                    status = await complain(
                        process, path, fail(errno.EISDIR), "'{path}' is a directory", "cannot remove '{path}': {error}"
                    )
                    continue
                files.remove_tree(path, process.cwd, who)
            else:
                files.unlink(path, process.cwd, who)
        except OSError as error:
            if error.errno == errno.ENOENT and "f" in options:
                continue
            status = await complain(
                process, path, error, "can't remove '{path}': {error}", "cannot remove '{path}': {error}"
            )
    return status


@program("touch")
async def touch(process: "Process") -> int:
    """Make files, or set their time."""
    options, paths = await parse(process, "acmh", "drt", {"no-create": "c", "date": "d"})
    files, who = process.files, process.credentials
    now = files.now()
    if "d" in options:
        from k8s_tutor.sim.runtime.programs.clocks import parse_date

        now = parse_date(options["d"], now) or now
    status = 0
    for path in paths:
        try:
            place = files.find(path, process.cwd, who=who)
            if place.node is None:
                if "c" in options:
                    continue
                files.file_for_writing(path, process.cwd, who, mode=0o666 & ~process.umask)
            files.change(path, process.cwd, who, mtime=now)
        except OSError as error:
            status = await complain(process, path, error, "{path}: {error}", "cannot touch '{path}': {error}")
    return status


@program("ln")
async def link(process: "Process") -> int:
    """Make links (a hard link is a second entry of the same file)."""
    options, paths = await parse(process, "sfnvr", long={"symbolic": "s", "force": "f"})
    if len(paths) < 2:
        paths = [*paths, posixpath.basename(paths[0])] if paths else paths
    if len(paths) < 2:
        return await usage(process, "missing file operand")
    files, who, target = process.files, process.credentials, paths[-1]
    try:
        if isinstance(files.find(target, process.cwd).node, Directory):
            target = posixpath.join(target, posixpath.basename(paths[0]))
        if "f" in options and files.find(target, process.cwd, follow=False).node is not None:
            files.unlink(target, process.cwd, who)
        node: Node = Symlink(paths[0], files.now()) if "s" in options else files.get(paths[0], process.cwd)
        files.put(target, node, process.cwd, who)
    except OSError as error:
        return await complain(process, target, error, "{path}: {error}", "failed to create link '{path}': {error}")
    return 0


@program("cp", "install")
async def copy(process: "Process") -> int:
    """Copy files."""
    options, paths = await parse(
        process, "rRafpdvLHPniuTD", "mtog", {"recursive": "r", "archive": "a", "force": "f", "target-directory": "t"}
    )
    if "t" in options:
        paths.append(options["t"])
    if len(paths) < 2:
        return await usage(process, "missing file operand" if gnu(process) else "[-arPLHpfinlsTu] SOURCE DEST")
    files, target = process.files, paths[-1]
    into = files.exists(target, process.cwd) and isinstance(files.get(target, process.cwd), Directory)
    if len(paths) > 2 and not into:
        await process.err(
            f"cp: target '{target}': No such file or directory\n"
            if gnu(process)
            else f"cp: target '{target}' is not a directory\n"
        )
        return 1
    status = 0
    for source in paths[:-1]:
        where = posixpath.join(target, posixpath.basename(source.rstrip("/"))) if into else target
        try:
            node = files.get(source, process.cwd, who=process.credentials)
            if isinstance(node, Directory) and not options.keys() & {"r", "R", "a"}:
                await process.err(
                    f"cp: -r not specified; omitting directory '{source}'\n"
                    if gnu(process)
                    else f"cp: omitting directory '{source}'\n"
                )
                status = 1
                continue
            await _copy(process, source, node, where, keep=bool(options.keys() & {"a", "p"}))
            if "m" in options:
                files.change(where, process.cwd, process.credentials, mode=int(options["m"], 8))
        except OSError as error:
            path = error.filename or where
            missing = error.errno == errno.ENOENT and path == source
            status = await complain(
                process,
                path,
                error,
                "can't stat '{path}': {error}" if missing else "can't create '{path}': {error}",
                "cannot stat '{path}': {error}" if missing else "cannot create regular file '{path}': {error}",
            )
    return status


async def _copy(process: "Process", source: str, node: Node, target: str, *, keep: bool) -> None:
    files, who = process.files, process.credentials
    await process.work(5e-6 + node.size * 1e-9)
    if isinstance(node, Directory):
        if not files.exists(target, process.cwd):
            files.make_directory(target, process.cwd, who, node.mode)
        for name, child in list(files.list(source, process.cwd, who)):
            await _copy(process, f"{source.rstrip('/')}/{name}", child, f"{target.rstrip('/')}/{name}", keep=keep)
        return
    if isinstance(node, Symlink):
        files.put(target, Symlink(node.target, files.now()), process.cwd, who)
        return
    if not who.may(node, 4):
        raise fail(errno.EACCES, source)
    made = files.file_for_writing(target, process.cwd, who, mode=node.mode & 0o777 & ~process.umask)
    if isinstance(made, File) and isinstance(node, File) and made is not node:
        made.truncate()
        offset = 0
        while chunk := node.read_at(offset, 65536):
            made.append(chunk)
            offset += len(chunk)
        made.mtime = node.mtime if keep else files.now()


@program("mv")
async def move(process: "Process") -> int:
    """Move files."""
    options, paths = await parse(process, "finvT")
    del options
    if len(paths) < 2:
        return await usage(process, "missing file operand" if gnu(process) else "[-finT] SOURCE DEST")
    files, who, target = process.files, process.credentials, paths[-1]
    there = files.get(target, process.cwd) if files.exists(target, process.cwd) else None
    into = isinstance(there, Directory)
    if len(paths) > 2 and not into and gnu(process):
        await process.err(f"mv: target '{target}': {'Not a directory' if there else 'No such file or directory'}\n")
        return 1
    into = into or len(paths) > 2
    status = 0
    for source in paths[:-1]:
        where = posixpath.join(target, posixpath.basename(source.rstrip("/"))) if into else target
        try:
            try:
                files.rename(source, where, process.cwd, who)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                await _copy(process, source, files.get(source, process.cwd, who=who), where, keep=True)
                files.remove_tree(source, process.cwd, who)
        except OSError as error:
            missing = error.errno == errno.ENOENT
            status = await complain(
                process,
                source,
                error,
                "can't rename '{path}': {error}",
                "cannot stat '{path}': {error}" if missing else "cannot move '{path}': {error}",
            )
    return status


@program("chmod", "chown", "chgrp")
async def change(process: "Process") -> int:
    """Change mode or owner."""
    words = process.argv[1:]
    recursive = any(re.fullmatch(r"-[RvfhcLHP]*R[RvfhcLHP]*|--recursive", word) for word in words)
    words = [word for word in words if not re.fullmatch(r"-[RvfhcLHP]+|--recursive", word)]
    if len(words) < 2:
        return await usage(process, "missing operand")
    spec, paths = words[0], words[1:]
    status = 0
    for path in paths:
        try:
            await _change(process, spec, path, recursive=recursive)
        except OSError as error:
            verb = "changing permissions of" if applet(process) == "chmod" else "changing ownership of"
            status = await complain(
                process,
                path,
                error,
                "{path}: {error}",
                "cannot access '{path}': {error}" if error.errno == 2 else verb + " '{path}': {error}",
            )
        except ValueError:
            await process.err(
                f"{applet(process)}: invalid mode: '{spec}'\n"
                if applet(process) == "chmod"
                else f"{applet(process)}: unknown user {spec}\n"
            )
            return 1
    return status


async def _change(process: "Process", spec: str, path: str, *, recursive: bool) -> None:
    files, who = process.files, process.credentials
    node = files.get(path, process.cwd, who=who)
    if applet(process) == "chmod":
        files.change(path, process.cwd, who, mode=_mode(spec, node, process.umask))
    else:
        files.change(path, process.cwd, who, owner=_owner(process, spec))
    if recursive and isinstance(node, Directory):
        for name, _ in list(files.list(path, process.cwd, who)):
            await _change(process, spec, f"{path.rstrip('/')}/{name}", recursive=True)


def _mode(spec: str, node: Node, umask: int) -> int:
    if re.fullmatch(r"[0-7]{1,4}", spec):
        return int(spec, 8)
    mode = node.mode
    for part in spec.split(","):
        match = re.fullmatch(r"([ugoa]*)([-+=])([rwxXst]*)", part)
        if match is None:
            raise ValueError(spec)
        who = match[1] or "a"
        bits = sum(
            {"r": 4, "w": 2, "x": 1, "X": 1 if isinstance(node, Directory) or mode & 0o111 else 0}.get(c, 0)
            for c in match[3]
        )
        mask = sum(bits << shift for letter, shift in (("u", 6), ("g", 3), ("o", 0)) if letter in who or "a" in who)
        if not match[1]:
            mask &= ~umask
        if "t" in match[3]:
            mask |= 0o1000
        full = sum(7 << shift for letter, shift in (("u", 6), ("g", 3), ("o", 0)) if letter in who or "a" in who)
        mode = mode | mask if match[2] == "+" else mode & ~mask if match[2] == "-" else (mode & ~full) | mask
    return mode


def _owner(process: "Process", spec: str) -> tuple[int, int]:
    from k8s_tutor.sim.runtime.identity import entries

    def number(text: str, database: str) -> int:
        if not text:
            return -1
        if text.isdigit():
            return int(text)
        found = next((line[2] for line in entries(process.container, database) if line[0] == text), None)
        if found is None:
            raise ValueError(text)
        return int(found)

    if applet(process) == "chgrp":
        return -1, number(spec, "group")
    user, _, group = spec.replace(".", ":").partition(":")
    return number(user, "passwd"), number(group, "group")


@program("truncate")
async def truncate(process: "Process") -> int:
    """Set a file's size."""
    options, paths = await parse(process, "c", "s", {"size": "s"})
    for path in paths:
        node = process.files.file_for_writing(path, process.cwd, process.credentials)
        if isinstance(node, File):
            try:
                node.truncate(size(options.get("s", "0")))
            except OSError as error:
                return await complain(process, path, error)
    return 0


@program("mktemp")
async def mktemp(process: "Process") -> int:
    """Make a temporary file or directory."""
    options, operands = await parse(process, "dqut", "p")
    template = operands[0] if operands else "tmp.XXXXXX"
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    name = re.sub(r"X+$", lambda match: "".join(random.choice(letters) for _ in match[0]), template)
    path = (
        name
        if operands and "/" in name
        else posixpath.join(options.get("p", process.env.get("TMPDIR", TEMPORARY)), name)
    )
    files = process.files
    if "d" in options:
        files.make_directory(path, process.cwd, process.credentials, 0o700)
    else:
        files.file_for_writing(path, process.cwd, process.credentials, mode=0o600)
    await process.out(path + "\n")
    return 0


@program("mkfifo")
async def mkfifo(process: "Process") -> int:
    """Make named pipes."""
    for path in process.argv[1:]:
        process.files.make_fifo(path, process.cwd, process.credentials)
    return 0


@program("sync")
async def sync(process: "Process") -> int:
    """Nothing is buffered."""
    del process
    return 0


@program("dd")
async def dd(process: "Process") -> int:
    """Copy blocks."""
    fields = dict(word.partition("=")[::2] for word in process.argv[1:])
    block = size(fields.get("bs", "512"))
    limit = size(fields["count"]) if "count" in fields else None
    try:
        if "if" in fields:
            process.set_fd(0, open_to_read(process, fields["if"]))
        if "of" in fields:
            process.set_fd(1, open_to_write(process, fields["of"], read="notrunc" in fields.get("conv", "")))
    except OSError as error:
        name = (
            fields.get("if")
            if "of" not in fields or (0 in process.fds and error.filename == fields.get("if"))
            else fields["of"]
        )
        return await complain(
            process, str(name), error, "can't open '{path}': {error}", "failed to open '{path}': {error}"
        )
    full_in = full_out = partial = copied = 0
    status = 0
    started = process.container.clock.now()
    while limit is None or full_in + partial < limit:
        got = 0
        ended = False
        while got < block:
            data = await process.read(0, min(65536, block - got))
            if not data:
                ended = True
                break
            try:
                await process.write(1, data)
            except OSError as error:
                if isinstance(error, BrokenPipeError):
                    raise
                status = await complain(
                    process,
                    fields.get("of", "standard output"),
                    error,
                    "error writing '{path}': {error}",
                    "error writing '{path}': {error}",
                )
                ended = True
                break
            got += len(data)
        copied += got
        await process.work(got * 1e-9)
        if got == block:
            full_in += 1
            full_out += 1
        elif got:
            partial += 1
        if ended:
            break
    taken = max(process.container.clock.now() - started, copied / 1.5e9, 1e-6)
    if fields.get("status") != "none":
        amount = f"{copied} bytes ({human(copied)}B) copied, {taken:.6f} seconds, {human(copied / taken)}B/s"
        await process.err(f"{full_in}+{partial} records in\n{full_out}+{partial} records out\n{amount}\n")
    return status
