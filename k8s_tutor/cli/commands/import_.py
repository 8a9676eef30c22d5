"""``k8s-tutor import``: take in progress that ``k8s-tutor export`` wrote."""

import json
from pathlib import Path

import click

from k8s_tutor.errors import PackError, UsageError


@click.command(epilog="Example: k8s-tutor import progress.json")
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Take in the progress in FILE; what is here already stays where both say something."""
    from k8s_tutor.course import ProgressStore

    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file} cannot be read.", str(error.strerror or error), "Name another file.") from error
    except ValueError as error:
        raise PackError(
            f"{file} is no JSON: {error}", "", "Type: k8s-tutor export FILE, where the progress is"
        ) from error
    with ProgressStore() as store:
        taken = store.import_(data)
    click.echo(f"{taken} rows taken from {file}")
