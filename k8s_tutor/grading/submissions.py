"""Finds what students handed in, in whatever layout, and unpacks it without trusting it.

An archive is one submission. A folder is one if it holds manifests itself (in any sub-folder but no archives); else each
folder and archive in it is one. Archives are unpacked with limits; links, devices and paths that lead outside are left
out, and said.
"""

import stat
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from k8s_tutor.errors import UsageError

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MANIFESTS = (".yaml", ".yml", ".json")
MAX_FILES = 2_000
MAX_BYTES = 50_000_000
SKIPPED = ("__MACOSX", ".git", "node_modules", ".venv", "venv", "__pycache__")


@dataclass(slots=True)
class Submission:
    """One student's hand-in: its id (the file's or folder's name), where it lies, and notes of finding it."""

    id: str
    path: Path
    notes: list[str] = field(default_factory=list)


def find(paths: Iterable[Path]) -> list[Submission]:
    """Return the submissions under some paths, by id; two of the same name get numbers.

    Raises:
        UsageError: a path does not exist, or there is nothing to grade.
    """
    found: list[Submission] = []
    for path in paths:
        if not path.exists():
            raise UsageError(
                f"«{path}» does not exist.", "There is no such file or folder.", "Name folders or archives."
            )
        found += [Submission(_name(entry), entry) for entry in _entries(path)]
    if not found:
        raise UsageError(
            "There is nothing to grade.", "No folder, no archive, no manifest.", "Name the class's folder."
        )
    counts: dict[str, int] = {}
    for submission in sorted(found, key=lambda s: (s.id, str(s.path))):
        counts[submission.id] = counts.get(submission.id, 0) + 1
        if counts[submission.id] > 1:
            submission.id = f"{submission.id}-{counts[submission.id]}"
    return sorted(found, key=lambda s: s.id)


def _entries(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    inside = sorted(entry for entry in path.iterdir() if entry.name not in SKIPPED and not entry.name.startswith("."))
    many = [e for e in inside if e.is_dir() or is_archive(e)]
    own = [e for e in inside if e.is_file() and e.suffix.lower() in MANIFESTS]
    if own or not many:
        yield path
    elif any(is_archive(e) for e in many) or len(many) > 1:
        yield from many
    else:
        yield from _entries(many[0]) if _holds_folders(many[0]) else [many[0]]


def _holds_folders(folder: Path) -> bool:
    return any(entry.is_dir() or is_archive(entry) for entry in folder.iterdir()) and not any(
        entry.suffix.lower() in MANIFESTS for entry in folder.iterdir()
    )


def is_archive(path: Path) -> bool:
    """Whether a file's name is that of an archive we unpack."""
    return path.is_file() and path.name.lower().endswith(ARCHIVES)


def _name(path: Path) -> str:
    name = path.name
    for ending in sorted(ARCHIVES, key=len, reverse=True):
        if path.is_file() and name.lower().endswith(ending):
            return name[: -len(ending)]
    return name


def unpack(submission: Submission, folder: Path) -> Path:
    """Return the folder with the submission's files: its own, or the archive's content under ``folder``."""
    if not submission.path.is_file():
        return submission.path
    if not is_archive(submission.path):
        return submission.path.parent
    try:
        if zipfile.is_zipfile(submission.path):
            _unzip(submission, folder)
        else:
            _untar(submission, folder)
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, ValueError, RuntimeError) as error:
        submission.notes.append(f"The archive cannot be read: {error}")
    return folder


class _Budget:
    """Counts files and bytes of an archive; says so, once, when there are too many."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission
        self._files = 0
        self._bytes = 0

    def allows(self, name: str, size: int) -> bool:
        pure = PurePosixPath(name.replace("\\", "/"))
        if any(part in SKIPPED for part in pure.parts):
            return False
        if pure.is_absolute() or ".." in pure.parts or not pure.parts:
            self._submission.notes.append(f"Left out, as it leads outside: {name}")
            return False
        self._files += 1
        self._bytes += size
        if self._files > MAX_FILES or self._bytes > MAX_BYTES:
            raise ValueError(f"more than {MAX_FILES} files or {MAX_BYTES // 1_000_000} MB")
        return True


def _unzip(submission: Submission, folder: Path) -> None:
    budget = _Budget(submission)
    with zipfile.ZipFile(submission.path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            if stat.S_ISLNK(info.external_attr >> 16):
                submission.notes.append(f"Left out, as it is a link: {info.filename}")
                continue
            if budget.allows(info.filename, info.file_size):
                target = folder / info.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source:
                    # The header may lie about the size: no more than it says is taken.
                    target.write_bytes(source.read(info.file_size + 1)[: info.file_size])


def _untar(submission: Submission, folder: Path) -> None:
    budget = _Budget(submission)
    with tarfile.open(submission.path) as archive:
        for member in archive:
            if member.isdir():
                continue
            if not member.isfile():
                submission.notes.append(f"Left out, as it is no plain file: {member.name}")
                continue
            if budget.allows(member.name, member.size):
                source = archive.extractfile(member)
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read() if source else b"")
