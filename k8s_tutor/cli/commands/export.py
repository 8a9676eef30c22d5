"""``k8s-tutor export``: all progress as JSON, to be taken to another machine or kept."""

import json
from pathlib import Path

import click

from k8s_tutor.errors import UsageError


@click.command(epilog="Example: k8s-tutor export progress.json")
@click.argument("file", default="-", type=click.Path(path_type=Path, allow_dash=True))
def command(file: Path) -> None:
    """Write all your progress as JSON to FILE (default: standard output)."""
    from k8s_tutor.course import ProgressStore

    with ProgressStore() as store:
        text = json.dumps(store.export(), ensure_ascii=False, indent=1)
    if str(file) == "-":
        click.echo(text)
        return
    try:
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written.", str(error.strerror or error), "Name another file.") from error
    click.echo(f"wrote {file}")
