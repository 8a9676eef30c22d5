"""``tar`` and ``gzip``: what ``kubectl cp`` needs, and learners use. Binary safe."""

import gzip as compression
import io
import posixpath
import tarfile
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.nodes import Directory, File, Node, Symlink
from k8s_tutor.sim.runtime.opening import open_to_read, open_to_write
from k8s_tutor.sim.runtime.programs.options import applet, complain, gnu, parse
from k8s_tutor.sim.runtime.programs.reading import Input
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

LONG = {
    "create": "c",
    "extract": "x",
    "list": "t",
    "file": "f",
    "directory": "C",
    "gzip": "z",
    "verbose": "v",
    "get": "x",
    "no-same-permissions": "p",
    "no-same-owner": "o",
    "exclude": "X",
}


@program("tar", memory=1 << 20)
async def tar(process: "Process") -> int:
    """Pack and unpack."""
    words = process.argv[1:]
    if words and not words[0].startswith("-"):
        process.argv[1] = "-" + words[0]
    options, paths = await parse(process, "cxtvzjJpomkhOPa", "fCXT", LONG)
    cwd = posixpath.normpath(posixpath.join(process.cwd, options["C"])) if "C" in options else process.cwd
    archive = options.get("f", "-")
    if not isinstance(_there(process, cwd), Directory):
        await process.err(
            f"tar: {options['C']}: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now\n"
            if gnu(process)
            else f"tar: can't change directory to '{options['C']}': No such file or directory\n"
        )
        return 2 if gnu(process) else 1
    if "c" in options:
        return await _create(process, archive, cwd, paths, options)
    if options.keys() & {"x", "t"}:
        return await _extract(process, archive, cwd, paths, options)
    await process.err("tar: must specify one of -c, -x, -t\n")
    return 1


def _there(process: "Process", path: str) -> Node | None:
    try:
        return process.files.get(path, who=process.credentials)
    except OSError:
        return None


async def _create(process: "Process", archive: str, cwd: str, paths: list[str], options: dict[str, str]) -> int:
    if not paths:
        await process.err("tar: empty archive\n")
        return 1
    if archive != "-":
        process.set_fd(1, open_to_write(process, archive))
    buffer = io.BytesIO()
    status = 0
    stripped = False
    with tarfile.open(fileobj=buffer, mode="w:gz" if "z" in options else "w", format=tarfile.GNU_FORMAT) as pack:
        for path in paths:
            if path.startswith("/") and not stripped:
                stripped = True
                await process.err(
                    "tar: Removing leading `/' from member names\n"
                    if gnu(process)
                    else "tar: removing leading '/' from member names\n"
                )
            try:
                node = process.files.get(path, cwd, follow="h" in options, who=process.credentials)
            except OSError as error:
                status = 1 if not gnu(process) else 2
                await complain(process, path, error, "{path}: {error}", "{path}: Cannot stat: {error}")
                continue
            await _add(process, pack, path, node, cwd, options)
    if status:
        await process.err(
            "tar: error exit delayed from previous errors\n"
            if not gnu(process)
            else "tar: Exiting with failure status due to previous errors\n"
        )
    data = buffer.getvalue()
    await process.keep(len(data))
    for at in range(0, len(data), 65536):
        await process.write(1, data[at : at + 65536])
    return status


async def _add(
    process: "Process", pack: tarfile.TarFile, path: str, node: Node, cwd: str, options: dict[str, str]
) -> None:
    await process.work(2e-5 + node.size * 1e-9)
    info = tarfile.TarInfo(path.lstrip("/") or ".")
    info.mode, info.uid, info.gid, info.mtime = node.mode & 0o7777, node.uid, node.gid, int(node.mtime)
    if "v" in options:
        await process.write(2 if options.get("f", "-") == "-" else 1, f"{info.name}\n".encode())
    if isinstance(node, Directory):
        info.type = tarfile.DIRTYPE
        pack.addfile(info)
        for name, child in process.files.list(path, cwd, process.credentials):
            await _add(process, pack, f"{path.rstrip('/')}/{name}", child, cwd, options)
    elif isinstance(node, Symlink):
        info.type, info.linkname = tarfile.SYMTYPE, node.target
        pack.addfile(info)
    elif isinstance(node, File):
        data = node.read()
        info.size = len(data)
        pack.addfile(info, io.BytesIO(data))


async def _extract(process: "Process", archive: str, cwd: str, paths: list[str], options: dict[str, str]) -> int:
    try:
        file = process.fds[0] if archive == "-" else open_to_read(process, archive)
    except OSError as error:
        return await complain(process, archive, error, "can't open '{path}': {error}", "{path}: Cannot open: {error}")
    data = await Input(process, file, archive).whole()
    try:
        pack = tarfile.open(fileobj=io.BytesIO(data), mode="r:*")  # noqa: SIM115 - closed with the data
    except tarfile.TarError:
        if not data:
            await process.err(
                "tar: short read\n" if not gnu(process) else "tar: This does not look like a tar archive\n"
            )
        else:
            await process.err(
                "tar: invalid tar magic\n" if not gnu(process) else "tar: This does not look like a tar archive\n"
            )
        return 1 if not gnu(process) else 2
    status = 0
    for member in pack:
        if paths and not any(
            member.name == path.rstrip("/") or member.name.startswith(path.rstrip("/") + "/") for path in paths
        ):
            continue
        if "v" in options or "t" in options:
            await process.out(member.name + ("/" if member.isdir() else "") + "\n")
        if "x" in options:
            try:
                await _unpack(process, pack, member, cwd)
            except OSError as error:
                status = await complain(
                    process, member.name, error, "can't open '{path}': {error}", "{path}: Cannot open: {error}"
                )
    return status


async def _unpack(process: "Process", pack: tarfile.TarFile, member: tarfile.TarInfo, cwd: str) -> None:
    files, who = process.files, process.credentials
    path = member.name.lstrip("/")
    if ".." in path.split("/"):
        await process.err(f"tar: name with '..' is ignored: {member.name}\n")
        return
    whole = posixpath.join(cwd, path)
    parent = posixpath.dirname(whole)
    if not files.exists(parent):
        files.make_directories(parent, "/", who)
    if member.isdir():
        if not files.exists(whole):
            files.make_directory(whole, "/", who, member.mode or 0o755)
        return
    if member.issym():
        if files.find(whole, follow=False).node is not None:
            files.unlink(whole, "/", who)
        files.put(whole, Symlink(member.linkname, files.now()), "/", who)
        return
    content = pack.extractfile(member)
    files.write_file(whole, content.read() if content else b"", "/", who)
    files.change(whole, "/", mode=member.mode & 0o777)
    await process.work(2e-5 + member.size * 1e-9)


@program("gzip", "gunzip", "zcat")
async def gzip(process: "Process") -> int:
    """Compress or decompress files or standard input."""
    options, paths = await parse(process, "dckfn123456789tqv")
    decompress = "d" in options or applet(process) != "gzip"
    to_stdout = "c" in options or applet(process) == "zcat" or not paths
    files = process.files
    status = 0
    for path in paths or ["-"]:
        try:
            data = (
                await Input(process, process.fds[0], "-").whole()
                if path == "-"
                else files.read_file(path, process.cwd, process.credentials)
            )
            result = compression.decompress(data) if decompress else compression.compress(data, mtime=0)
        except OSError as error:
            text = "invalid magic" if not error.errno else error.strerror
            await process.err(f"{applet(process)}: {path}: {text}\n")
            status = 1
            continue
        if to_stdout:
            await process.write(1, result)
            continue
        files.write_file(
            path.removesuffix(".gz") if decompress else path + ".gz", result, process.cwd, process.credentials
        )
        if "k" not in options:
            files.unlink(path, process.cwd, process.credentials)
    return status
