"""``mounttest``: makes files and tells of type, mode, owner and content, in Go's words."""

import stat
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.nodes import Directory, Node, Symlink
from k8s_tutor.sim.runtime.programs.agnhost.command import Flags, subcommand

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

NEW = "mount-tester new file\n"
MODES = {"0644": 0o644, "0666": 0o666, "0660": 0o660, "0777": 0o777}
EXT4_MAGIC, OVERLAY_MAGIC = 61267, 2035054128
RETRY_SECONDS = 2.0


@subcommand(
    "mounttest",
    fs_type="",
    file_mode="",
    file_perm="",
    file_owner="",
    new_file_0644="",
    new_file_0666="",
    new_file_0660="",
    new_file_0777="",
    file_content="",
    file_content_in_loop="",
    retry_time="180",
    break_on_expected_content="true",
)
async def mounttest(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Do what the flags say, in an order of its own."""
    del operands
    process.umask = 0
    good = [await _type(process, flags["fs-type"])]
    good += [await _create(process, flags[f"new-file-{name}"], mode) for name, mode in MODES.items()]
    good += [
        await _mode(process, flags["file-mode"]),
        await _permissions(process, flags["file-perm"]),
        await _owner(process, flags["file-owner"]),
        await _content(process, flags["file-content"]),
    ]
    if flags["file-content-in-loop"]:
        once = flags["break-on-expected-content"] == "true"
        good.append(await _watch(process, flags["file-content-in-loop"], int(flags["retry-time"]), once=once))
    return 0 if all(good) else 1


def go_mode(node: Node) -> str:
    """Return a mode as Go's ``FileMode`` shows it."""
    letters = "d" if isinstance(node, Directory) else "L" if isinstance(node, Symlink) else ""
    letters += "".join(
        letter for letter, bit in (("u", stat.S_ISUID), ("g", stat.S_ISGID), ("t", stat.S_ISVTX)) if node.mode & bit
    )
    return (letters or "-") + _bits(node)


def _bits(node: Node) -> str:
    return "".join(letter if node.mode & 1 << 8 - index else "-" for index, letter in enumerate("rwxrwxrwx"))


async def _node(process: "Process", path: str, call: str) -> Node | None:
    try:
        return process.files.get(path, process.cwd, who=process.credentials)
    except OSError as error:
        await process.out(f'error from {call}("{path}"): {(error.strerror or "").lower()}\n')
        return None


async def _type(process: "Process", path: str) -> bool:
    if not path:
        return True
    try:
        kind = process.files.find(path, process.cwd, who=process.credentials).mount.kind
    except OSError as error:
        await process.out(f'error from statfs("{path}"): {(error.strerror or "").lower()}\n')
        return False
    shown = {"tmpfs": "tmpfs", "overlay": str(OVERLAY_MAGIC)}.get(kind, str(EXT4_MAGIC))
    await process.out(f'mount type of "{path}": {shown}\n')
    return True


async def _mode(process: "Process", path: str) -> bool:
    node = await _node(process, path, "Stat") if path else None
    if node is not None:
        await process.out(f'mode of file "{path}": {go_mode(node)}\n')
    return node is not None or not path


async def _permissions(process: "Process", path: str) -> bool:
    node = await _node(process, path, "Stat") if path else None
    if node is not None:
        await process.out(f'perms of file "{path}": -{_bits(node)}\n')
    return node is not None or not path


async def _owner(process: "Process", path: str) -> bool:
    node = await _node(process, path, "stat") if path else None
    if node is not None:
        await process.out(f'owner UID of "{path}": {node.uid}\nowner GID of "{path}": {node.gid}\n')
    return node is not None or not path


async def _create(process: "Process", path: str, mode: int) -> bool:
    if not path:
        return True
    try:
        process.files.write_file(path, NEW.encode(), process.cwd, process.credentials, mode)
    except OSError as error:
        reason = f"open {path}: {(error.strerror or '').lower()}"
        await process.out(f'error writing new file "{path}": {reason}\n')
        return False
    return await _content(process, path)


async def _content(process: "Process", path: str) -> bool:
    if not path:
        return True
    try:
        data = process.files.read_file(path, process.cwd, process.credentials)
    except OSError as error:
        reason = f"open {path}: {(error.strerror or '').lower()}"
        await process.out(f'error reading file content for "{path}": {reason}\n')
        return False
    await process.out(f'content of file "{path}": {data.decode("utf-8", "replace")}\n')
    return True


async def _watch(process: "Process", path: str, seconds: int, *, once: bool) -> bool:
    """Show a file again and again; with ``once`` until it is as it makes them."""
    read = False
    end = process.container.clock.now() + seconds
    while process.container.clock.now() < end:
        try:
            text = process.files.read_file(path, process.cwd, process.credentials).decode("utf-8", "replace")
        except OSError as error:
            reason = f"open {path}: {(error.strerror or '').lower()}"
            await process.out(f"Error reading file {path}: {reason}, retrying\n")
            read = False
        else:
            read = True
            await process.out(f'content of file "{path}": {text}\n')
            if once and text == NEW:
                return True
            if once:
                await process.out(f"Unexpected content. Expected: {NEW}. Retrying\n")
        await process.sleep(RETRY_SECONDS)
    return read
