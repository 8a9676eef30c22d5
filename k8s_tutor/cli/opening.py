"""What most commands need first: the provider's cluster, and the learner's session on it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import click

from k8s_tutor.course import load_course
from k8s_tutor.providers import Provider, open_provider
from k8s_tutor.session import Session


@contextlib.contextmanager
def opened(*, cluster: bool = True, provider: Provider | None = None, **options: Any) -> Iterator[Session]:
    """Yield the learner's session; with ``cluster`` its cluster is started first.

    Raises:
        TutorError: what is missing, and what to type.
    """
    source = provider or open_provider()
    if cluster:
        source.start()
    with Session.open(load_course(), provider=source, **options) as session:
        yield session


def language_of(ctx: click.Context) -> str:
    """Return the language asked for on the command line, or empty."""
    found = ctx.find_root().obj
    return str(found.get("lang", "")) if isinstance(found, dict) else ""
