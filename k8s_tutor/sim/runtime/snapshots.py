"""A directory tree as plain data, and back: what of a container or volume outlives the process.

Only what differs from the image is written. Of files above 4 MiB, and of all after the first 16 MiB of a tree, only
the size is kept (they come back as zeros). Devices and virtual files are the runtime's own and made again by it.
"""

import base64
from typing import Any

from k8s_tutor.sim.runtime.nodes import Directory, Fifo, File, Node, Symlink, Virtual

MAX_FILE = 4 << 20
MAX_TREE = 16 << 20


def save(folder: Directory) -> dict[str, Any]:
    """Return a directory's own entries as JSON-able data."""
    return _save(folder, [MAX_TREE])


def _save(folder: Directory, left: list[int]) -> dict[str, Any]:
    """Do so; ``left``: how many bytes of files may still be kept."""
    entries = {}
    for name, node in folder.own_entries.items():
        state = _save_node(node, left)
        if state is not None:
            entries[name] = state
    return {
        "mode": folder.mode,
        "owner": [folder.uid, folder.gid],
        "time": folder.mtime,
        "entries": entries,
        "hidden": sorted(folder.hidden),
    }


def load(folder: Directory, state: dict[str, Any]) -> None:
    """Put the saved entries into a directory (an overlay of the same image, or an empty one)."""
    folder.mode, (folder.uid, folder.gid), folder.mtime = state["mode"], state["owner"], state["time"]
    folder.hide(set(state["hidden"]))
    for name, entry in state["entries"].items():
        if entry["kind"] == "d":
            inner = folder.get(name)
            if not isinstance(inner, Directory):
                inner = Directory(quota=folder.quota)
                folder.put(name, inner)
            load(inner, entry)
        else:
            folder.put(name, _load_node(entry))


def _save_node(node: Node, left: list[int]) -> dict[str, Any] | None:
    head = {"kind": node.kind, "mode": node.mode, "owner": [node.uid, node.gid], "time": node.mtime}
    if isinstance(node, Directory):
        return {**head, **_save(node, left)}
    if isinstance(node, Symlink):
        return {**head, "target": node.target}
    if isinstance(node, Virtual):
        return None
    if isinstance(node, File) and node.size > min(MAX_FILE, left[0]):
        return {**head, "size": node.size}
    if isinstance(node, File):
        left[0] -= node.size
        return {**head, "data": base64.b64encode(node.read()).decode(), "program": node.program}
    return head if isinstance(node, Fifo) else None


def _load_node(state: dict[str, Any]) -> Node:
    node: Node
    if state["kind"] == "l":
        node = Symlink(state["target"])
    elif state["kind"] == "p":
        node = Fifo(state["mode"])
    elif "size" in state:
        node = File()
        node.truncate(state["size"])
    else:
        node = File(base64.b64decode(state["data"]), program=state["program"])
    node.mode, (node.uid, node.gid), node.mtime = state["mode"], state["owner"], state["time"]
    return node
