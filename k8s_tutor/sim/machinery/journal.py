"""The store on disk: sqlite in WAL mode, one row an object, committed before a write is acknowledged.

A process that is killed at any moment loses nothing it has answered for: sqlite rolls an unfinished transaction back,
and what was committed is in the log. Each group of changes is one transaction. Snapshots are rows of their own.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import orjson

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.collection import Key
from k8s_tutor.sim.machinery.store import Entry

FORMAT = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (resource, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshots (id TEXT PRIMARY KEY, created TEXT NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
"""
PUT = "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)"
DROP = "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?"
SET = "INSERT OR REPLACE INTO meta VALUES (?, ?)"


class NewerStateError(Exception):
    """The file was written by a newer version of the program."""


class SqliteJournal:
    """Keeps a store's objects in a file.

    Args:
        path: of the database.
        now: cluster time, saved with each commit.

    Raises:
        sqlite3.DatabaseError: the file is damaged.
        NewerStateError: it is of a newer format.
    """

    def __init__(self, path: Path, now: Callable[[], float] = lambda: 0.0) -> None:
        self.now = now
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        # A commit survives the process; only a crash of the machine may lose the last ones, never the file.
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(SCHEMA)
        found = int(self.value("format") or FORMAT)
        if found > FORMAT:
            raise NewerStateError(f"{path} has format {found}; this program knows {FORMAT}")
        self._revision = int(self.value("revision") or 0)
        if not self.value("format"):
            self.set("format", str(FORMAT))

    # -- the store's side

    def save(self, changes: Mapping[tuple[str, Key], Entry | None], revision: int) -> None:
        """Make these objects' present states (None: removed) survive the process, all or none."""
        self._revision = revision
        gone = [(resource, *key) for (resource, key), entry in changes.items() if entry is None]
        rows = [
            (resource, *key, entry.revision, entry.encoded)
            for (resource, key), entry in changes.items()
            if entry is not None
        ]
        execute, many = self._database.execute, self._database.executemany
        execute("BEGIN")
        many(DROP, gone)
        many(PUT, rows)
        many(SET, (("revision", str(revision)), ("now", repr(self.now()))))
        execute("COMMIT")

    # -- loading

    @property
    def revision(self) -> int:
        """The last committed revision; 0 if nothing was ever written."""
        return self._revision

    def objects(self) -> Iterator[tuple[str, Key, int, Json]]:
        """Yield resource, key, revision and object of all that is kept."""
        rows = self._database.execute("SELECT resource, namespace, name, revision, body FROM objects")
        for resource, namespace, name, revision, body in rows:
            yield resource, (namespace, name), revision, orjson.loads(body)

    def clear(self) -> None:
        """Forget all objects (the snapshots stay)."""
        self._database.execute("DELETE FROM objects")

    # -- small values

    def value(self, key: str) -> str:
        """Return a saved text, "" if there is none."""
        row = self._database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else ""

    def set(self, key: str, value: str) -> None:
        """Save a text at once."""
        self._database.execute(SET, (key, value))

    # -- snapshots

    def save_snapshot(self, identifier: str, created: str, value: Json) -> None:
        """Keep a snapshot."""
        body = zlib.compress(orjson.dumps(value), 1)
        self._database.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)", (identifier, created, body))

    def snapshot(self, identifier: str) -> Json | None:
        """Return a snapshot, or None."""
        row = self._database.execute("SELECT body FROM snapshots WHERE id = ?", (identifier,)).fetchone()
        return orjson.loads(zlib.decompress(row[0])) if row else None

    def snapshots(self) -> list[tuple[str, str]]:
        """Return (id, created) of all snapshots, the oldest first."""
        return list(self._database.execute("SELECT id, created FROM snapshots ORDER BY created, id"))

    def drop_snapshot(self, identifier: str) -> bool:
        """Forget a snapshot; whether it was there."""
        return self._database.execute("DELETE FROM snapshots WHERE id = ?", (identifier,)).rowcount > 0

    def close(self) -> None:
        """Close the file."""
        self._database.close()
