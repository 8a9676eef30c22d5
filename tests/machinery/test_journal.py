"""What was committed survives; snapshots; newer formats are refused."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.machinery.journal import NewerStateError, SqliteJournal
from k8s_tutor.sim.machinery.store import COMMIT_SECONDS, Store


async def test_objects_and_revision_return(clock: Clock, scratch: Path) -> None:
    journal = SqliteJournal(scratch / "state.db", clock.now)
    store = Store(clock, journal)
    store.put("things", ("a", "x"), {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "x"}})
    store.put("things", ("a", "y"), {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "y"}})
    store.remove("things", ("a", "x"))
    store.commit()
    other = SqliteJournal(scratch / "state.db")
    assert [(key, obj["kind"]) for _, key, _, obj in other.objects()] == [(("a", "y"), "Thing")]
    assert other.revision == store.revision
    assert float(other.value("now")) == clock.now()


async def test_what_was_not_committed_is_not_there(clock: Clock, scratch: Path) -> None:
    journal = SqliteJournal(scratch / "state.db", clock.now)
    Store(clock, journal).put("things", ("a", "x"), {"metadata": {"name": "x"}})
    assert list(SqliteJournal(scratch / "state.db").objects()) == []


async def test_what_nobody_waits_for_is_committed_a_moment_later(clock: Clock, scratch: Path) -> None:
    journal = SqliteJournal(scratch / "state.db", clock.now)
    Store(clock, journal).put("things", ("a", "x"), {"metadata": {"name": "x"}})
    await asyncio.sleep(0)
    assert list(SqliteJournal(scratch / "state.db").objects()) == []
    saved = asyncio.Event()
    asyncio.get_running_loop().call_later(2 * COMMIT_SECONDS, saved.set)
    await saved.wait()
    assert len(list(SqliteJournal(scratch / "state.db").objects())) == 1


async def test_of_many_states_the_last_is_written(clock: Clock, scratch: Path) -> None:
    journal = SqliteJournal(scratch / "state.db", clock.now)
    store = Store(clock, journal)
    store.put("things", ("a", "gone"), {"metadata": {"name": "gone"}})
    for number in range(3):
        store.put("things", ("a", "x"), {"metadata": {"name": "x"}, "number": number})
    store.remove("things", ("a", "gone"))
    store.commit()
    other = SqliteJournal(scratch / "state.db")
    assert [(key, obj["number"], revision) for _, key, revision, obj in other.objects()] == [(("a", "x"), 2, 5)]
    assert other.revision == 6


def test_snapshots_are_kept_listed_and_dropped(scratch: Path) -> None:
    journal = SqliteJournal(scratch / "state.db")
    journal.save_snapshot("1", "2027-01-01T00:00:00Z", {"a": 1})
    assert journal.snapshot("1") == {"a": 1}
    assert journal.snapshots() == [("1", "2027-01-01T00:00:00Z")]
    assert journal.drop_snapshot("1")
    assert not journal.drop_snapshot("1")


def test_a_newer_format_is_refused(scratch: Path) -> None:
    SqliteJournal(scratch / "state.db").set("format", "99")
    with pytest.raises(NewerStateError):
        SqliteJournal(scratch / "state.db")


def test_a_damaged_file_is_told(scratch: Path) -> None:
    (scratch / "state.db").write_bytes(b"not a database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        SqliteJournal(scratch / "state.db")
