"""``k8s-tutor check [EXERCISE] [--watch]``: judge an exercise now."""

import json
import threading

import click

from k8s_tutor.checks.result import State
from k8s_tutor.cli import marks
from k8s_tutor.cli.asked import language_of
from k8s_tutor.cli.opening import at_exercise, opened
from k8s_tutor.errors import ChecksFailedError
from k8s_tutor.session import ChecksChanged, Event, Session


@click.command(epilog="Example: k8s-tutor check pods/first-manifest")
@click.argument("exercise", default="")
@click.option("--watch", is_flag=True, help="Go on until all pass (Ctrl-C ends it).")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(ctx: click.Context, exercise: str, *, watch: bool, as_json: bool) -> int:
    """Judge EXERCISE (default: where you are); exits 5 while a check fails."""
    with opened(language=language_of(ctx)) as session:
        full_id = at_exercise(session, exercise)
        if session.started != full_id:
            session.start(full_id)
        found = session.check_now(full_id)
        if as_json:
            click.echo(json.dumps([marks.as_json(check) for check in found], ensure_ascii=False))
        else:
            click.echo("\n".join(marks.lines(found, session.language)))
        passed = all(check.state is State.PASSED for check in found)
        if watch and not passed:
            passed = _watched(session)
        return 0 if passed else ChecksFailedError.exit_code


def _watched(session: Session) -> bool:
    """Print every change until all checks pass."""
    done = threading.Event()

    def heard(event: Event) -> None:
        if isinstance(event, ChecksChanged):
            click.echo("\n" + "\n".join(marks.lines(event.checks, session.language)))
            if all(check.state is State.PASSED for check in event.checks):
                done.set()

    end = session.subscribe(heard)
    try:
        while not done.wait(0.5):
            pass
    finally:
        end()
    return True
