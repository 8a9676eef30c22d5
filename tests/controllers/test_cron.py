"""Schedules: what is due next, and what cannot be read."""

import datetime

import pytest

from k8s_tutor.sim.controllers import cron


def at(text: str) -> float:
    return datetime.datetime.fromisoformat(text + "+00:00").timestamp()


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        ("* * * * *", "2027-01-15T08:00:00", "2027-01-15T08:01:00"),
        ("*/15 * * * *", "2027-01-15T08:16:00", "2027-01-15T08:30:00"),
        ("5,10 3 * * *", "2027-01-15T03:05:30", "2027-01-15T03:10:00"),
        ("0 9-17/4 * * *", "2027-01-15T13:30:00", "2027-01-15T17:00:00"),
        ("0 0 1 * *", "2027-01-15T08:00:00", "2027-02-01T00:00:00"),
        ("0 0 29 2 *", "2027-01-15T08:00:00", "2028-02-29T00:00:00"),
        ("0 12 * * mon-fri", "2027-01-15T13:00:00", "2027-01-18T12:00:00"),
        ("0 0 13 * fri", "2027-01-15T13:00:00", "2027-01-22T00:00:00"),
        ("0 0 * jan,DEC *", "2027-01-31T13:00:00", "2027-12-01T00:00:00"),
        ("@hourly", "2027-01-15T08:00:00", "2027-01-15T09:00:00"),
        ("@weekly", "2027-01-15T08:00:00", "2027-01-17T00:00:00"),
        ("@every 1h30m", "2027-01-15T08:00:00", "2027-01-15T09:30:00"),
    ],
)
def test_next(schedule: str, after: str, due: str) -> None:
    assert cron.parse(schedule).next(at(after)) == at(due)


def test_time_zone_and_the_change_of_clocks() -> None:
    """02:30 does not exist in Berlin on 28 March 2027: the next one is a day later."""
    berlin = cron.parse("30 2 * * *", "Europe/Berlin")
    assert berlin.next(at("2027-01-15T08:00:00")) == at("2027-01-16T01:30:00")
    assert berlin.next(at("2027-03-27T12:00:00")) == at("2027-03-29T00:30:00")
    assert cron.parse("TZ=Asia/Tokyo 0 9 * * *").next(at("2027-01-14T23:00:00")) == at("2027-01-15T00:00:00")


def test_never() -> None:
    assert cron.parse("0 0 31 2 *").next(at("2027-01-15T08:00:00")) is None


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-2 * * * *", "beginning of range (5) beyond end of range (2): 5-2"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("@never", "unrecognized descriptor: @never"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
    ],
)
def test_refused(schedule: str, why: str) -> None:
    with pytest.raises(cron.CronError) as refused:
        cron.parse(schedule)
    assert str(refused.value) == why
