"""What a learner has done, in sqlite: crash-safe, shared by several processes, moved along between versions.

Rows are keyed by stable ids (course, ``lesson/exercise``, check), so a reworded or reordered course keeps them. The
database runs in WAL mode with short immediate transactions; ``user_version`` tells which migrations were run. A file
that is damaged, read-only or of a newer program is never touched: the error says what to do.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from k8s_tutor.errors import LocalStateError, PackError, TutorError
from k8s_tutor.paths import private_folder, state_dir

_MIGRATIONS: Final = (
    """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE places (course TEXT PRIMARY KEY, lesson TEXT NOT NULL, screen TEXT NOT NULL, at REAL NOT NULL);
    CREATE TABLE checks (
        course TEXT, exercise TEXT, check_id TEXT, at REAL NOT NULL, PRIMARY KEY (course, exercise, check_id)
    );
    CREATE TABLE exercises (
        course TEXT, exercise TEXT, first_at REAL NOT NULL, last_at REAL NOT NULL, times INTEGER NOT NULL,
        points REAL NOT NULL, max_points REAL NOT NULL, PRIMARY KEY (course, exercise)
    );
    CREATE TABLE hints (
        course TEXT, exercise TEXT, number INTEGER, cost REAL NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (course, exercise, number)
    );
    CREATE TABLE solutions (course TEXT, exercise TEXT, at REAL NOT NULL, PRIMARY KEY (course, exercise));
    CREATE TABLE answers (
        course TEXT, exercise TEXT, check_id TEXT, value TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (course, exercise, check_id)
    );
    CREATE TABLE commands (
        id INTEGER PRIMARY KEY, course TEXT NOT NULL, exercise TEXT NOT NULL, line TEXT NOT NULL,
        exit_code INTEGER NOT NULL, at REAL NOT NULL
    );
    CREATE TABLE running (
        course TEXT PRIMARY KEY, exercise TEXT NOT NULL, cluster TEXT NOT NULL, snapshot TEXT NOT NULL, at REAL NOT NULL
    );
    """,
)
VERSION: Final = len(_MIGRATIONS)
_EXPORTED: Final = ("places", "checks", "exercises", "hints", "solutions", "answers", "commands")


@dataclass(frozen=True, slots=True)
class Running:
    """The exercise whose start state was made: on which cluster (server), and the snapshot of it (or empty)."""

    exercise: str
    cluster: str
    snapshot: str
    at: float


@dataclass(frozen=True, slots=True)
class Passed:
    """An exercise that was passed: best points, how often."""

    points: float
    max_points: float
    times: int
    first_at: float
    last_at: float


class ProgressStore:
    """The progress of whoever owns the HOME. Safe to use from several threads.

    Args:
        path: the database; ``progress.db`` in the state folder if not given.

    Raises:
        LocalStateError: damaged, newer, or not writable.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or state_dir() / "progress.db"
        private_folder(self.path.parent)
        self._lock = threading.RLock()
        with self._explained():
            self._db = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
        try:
            with self._explained():
                self._prepare()
        except TutorError:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- place and settings

    def setting(self, name: str, default: str = "") -> str:
        """Return a setting."""
        row = self._one("SELECT value FROM settings WHERE name = ?", name)
        return str(row[0]) if row else default

    def set_setting(self, name: str, value: str) -> None:
        """Keep a setting."""
        self._write("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)

    def place(self, course: str) -> tuple[str, str] | None:
        """Return lesson id and screen anchor where the learner stopped."""
        row = self._one("SELECT lesson, screen FROM places WHERE course = ?", course)
        return (row[0], row[1]) if row else None

    def set_place(self, course: str, lesson: str, screen: str) -> None:
        """Keep the place."""
        self._write("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)", course, lesson, screen, time.time())

    # -- exercises

    def running(self, course: str) -> Running | None:
        """Return the exercise that is going on."""
        row = self._one("SELECT exercise, cluster, snapshot, at FROM running WHERE course = ?", course)
        return Running(*row) if row else None

    def set_running(self, course: str, exercise: str, cluster: str, snapshot: str) -> None:
        """Keep that an exercise was started; it begins with no hints, answers or solution of an earlier try."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO running VALUES (?, ?, ?, ?, ?)",
                (course, exercise, cluster, snapshot, time.time()),
            )
            for table in ("hints", "answers", "solutions", "checks"):
                self._db.execute(f"DELETE FROM {table} WHERE course = ? AND exercise = ?", (course, exercise))  # noqa: S608 - our own names

    def record_checks(self, course: str, exercise: str, checks: list[str]) -> None:
        """Keep that checks passed; the first time counts."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO checks VALUES (?, ?, ?, ?)",
                [(course, exercise, check, time.time()) for check in checks],
            )

    def passed_checks(self, course: str, exercise: str) -> frozenset[str]:
        """Checks that passed since the exercise was started."""
        rows = self._all("SELECT check_id FROM checks WHERE course = ? AND exercise = ?", course, exercise)
        return frozenset(row[0] for row in rows)

    def record_passed(self, course: str, exercise: str, points: float, max_points: float) -> bool:
        """Keep that an exercise was passed, with the best points so far; True the first time."""
        now = time.time()
        with self._transaction():
            known = self._db.execute(
                "SELECT 1 FROM exercises WHERE course = ? AND exercise = ?", (course, exercise)
            ).fetchone()
            self._db.execute(
                "INSERT INTO exercises VALUES (?, ?, ?, ?, 1, ?, ?) ON CONFLICT DO UPDATE SET last_at = excluded.last_at,"
                " times = times + 1, points = MAX(points, excluded.points), max_points = excluded.max_points",
                (course, exercise, now, now, points, max_points),
            )
        return known is None

    def passed(self, course: str) -> dict[str, Passed]:
        """Exercises that were passed at least once, by full id."""
        rows = self._all(
            "SELECT exercise, points, max_points, times, first_at, last_at FROM exercises WHERE course = ?", course
        )
        return {row[0]: Passed(*row[1:]) for row in rows}

    def record_hint(self, course: str, exercise: str, number: int, cost: float) -> None:
        """Keep that a hint was taken."""
        self._write("INSERT OR IGNORE INTO hints VALUES (?, ?, ?, ?, ?)", course, exercise, number, cost, time.time())

    def hints(self, course: str, exercise: str) -> dict[int, float]:
        """Hints taken since the start: number -> cost."""
        rows = self._all("SELECT number, cost FROM hints WHERE course = ? AND exercise = ?", course, exercise)
        return {row[0]: row[1] for row in rows}

    def record_solution(self, course: str, exercise: str) -> None:
        """Keep that the solution was shown."""
        self._write("INSERT OR IGNORE INTO solutions VALUES (?, ?, ?)", course, exercise, time.time())

    def solution_shown(self, course: str, exercise: str) -> bool:
        """Tell whether the solution was shown since the start."""
        return self._one("SELECT 1 FROM solutions WHERE course = ? AND exercise = ?", course, exercise) is not None

    def record_answer(self, course: str, exercise: str, check: str, value: Any) -> None:
        """Keep an answer; the last one counts."""
        text = json.dumps(value, ensure_ascii=False)
        self._write("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", course, exercise, check, text, time.time())

    def answers(self, course: str, exercise: str) -> dict[str, Any]:
        """Answers given since the start, by check id."""
        rows = self._all("SELECT check_id, value FROM answers WHERE course = ? AND exercise = ?", course, exercise)
        return {row[0]: json.loads(row[1]) for row in rows}

    # -- commands

    def record_command(self, course: str, exercise: str, line: str, exit_code: int) -> None:
        """Keep a shell line and how it ended."""
        self._write(
            "INSERT INTO commands (course, exercise, line, exit_code, at) VALUES (?, ?, ?, ?, ?)",
            course,
            exercise,
            line,
            exit_code,
            time.time(),
        )

    def commands(self, course: str, *, worked: bool = False, limit: int = 1000) -> list[str]:
        """Return lines typed, oldest first; ``worked`` only those that ended with 0."""
        where = " AND exit_code = 0" if worked else ""
        rows = self._all(
            f"SELECT line FROM commands WHERE course = ?{where} ORDER BY id DESC LIMIT ?",  # noqa: S608 - our own words
            course,
            limit,
        )
        return [row[0] for row in reversed(rows)]

    # -- carrying elsewhere

    def export(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        with self._lock, self._explained():
            tables: dict[str, Any] = {}
            for table in _EXPORTED:
                cursor = self._db.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
                names = [column[0] for column in cursor.description if column[0] != "id"]
                tables[table] = [
                    {
                        name: value
                        for name, value in zip([c[0] for c in cursor.description], row, strict=True)
                        if name in names
                    }
                    for row in cursor
                ]
        return {"format": "k8s-tutor-progress", "version": VERSION, **tables}

    def import_(self, data: Any) -> int:
        """Take what ``export`` gave, keeping what is here already where both say something; returns the rows taken.

        Raises:
            PackError: it is no export, or of a newer program.
        """
        if not isinstance(data, dict) or data.get("format") != "k8s-tutor-progress":
            raise PackError(
                "This is no export of k8s-tutor's progress.", "", "Next: use a file that `k8s-tutor export` wrote."
            )
        if not isinstance(data.get("version"), int) or data["version"] > VERSION:
            raise PackError("The export is of a newer k8s-tutor.", "", "Next: update k8s-tutor, then import it.")
        taken = 0
        with self._transaction():
            for table in _EXPORTED:
                columns = [row[1] for row in self._db.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
                for row in data.get(table, ()):
                    if not isinstance(row, dict) or set(row) != set(columns):
                        raise PackError(
                            f"The export is damaged: {table} has a row of another shape.", "", "Next: export again."
                        )
                    marks = ", ".join("?" * len(columns))
                    cursor = self._db.execute(
                        f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - our own names
                        [row[name] for name in columns],
                    )
                    taken += cursor.rowcount
        return taken

    # -- inside

    def _prepare(self) -> None:
        if self._db.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("quick_check found damage")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise LocalStateError(
                f"The progress in {self.path} was written by a newer k8s-tutor.",
                f"Why: it has version {version}, this program knows up to {VERSION}.",
                "Next: update k8s-tutor; the progress is safe and was not touched.",
            )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        if version < VERSION:
            self._migrate()
        if self.path.stat().st_mode & 0o077:
            self.path.chmod(0o600)

    def _migrate(self) -> None:
        with self._transaction():
            # Another process may have migrated while this one waited for the lock.
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            for script in _MIGRATIONS[version:]:
                for statement in filter(str.strip, script.split(";")):
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            text = str(error)
            if "locked" in text:
                why, next_step = "another k8s-tutor holds it", "close the other one, or wait a moment and try again"
            else:
                why, next_step = text, "check that the folder is writable and the disk is not full"
            raise LocalStateError(
                f"The progress in {self.path} cannot be used.", f"Why: {why}.", f"Next: {next_step}."
            ) from error
        except sqlite3.DatabaseError as error:
            raise LocalStateError(
                f"The progress in {self.path} is damaged.",
                f"Why: {error}.",
                f"Next: mv {self.path} {self.path}.damaged, then start again; `k8s-tutor export` files can be imported.",
            ) from error

    def _one(self, statement: str, *values: Any) -> Any:
        with self._lock, self._explained():
            return self._db.execute(statement, values).fetchone()

    def _all(self, statement: str, *values: Any) -> list[Any]:
        with self._lock, self._explained():
            return self._db.execute(statement, values).fetchall()

    def _write(self, statement: str, *values: Any) -> None:
        with self._transaction():
            self._db.execute(statement, values)
