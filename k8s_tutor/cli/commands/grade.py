"""``k8s-tutor grade``: marks for a class of submissions."""

from pathlib import Path
from typing import Any

import click

from k8s_tutor.errors import PackError, UsageError


@click.command(epilog="Example: k8s-tutor grade submissions/ --homework deploy --format csv --output marks.csv")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--homework", required=True, metavar="ID", help="Which homework of the pack.")
@click.option("--pack", default="", metavar="FOLDER", help="The pack with the homework (default: the built-in course).")
@click.option(
    "--format", "format_", default="json", metavar="NAME", help="json, csv, html, gradescope, or one of a plug-in."
)
@click.option("--output", type=click.Path(path_type=Path), default=None, help="Write here instead of standard output.")
@click.option("--mapping", type=click.Path(path_type=Path), default=None, help="YAML: submission: {task: [file, …]}.")
@click.option("--seconds", type=click.FloatRange(5), default=120.0, help="Time limit for one submission.")
@click.option("--workers", type=click.IntRange(0), default=0, help="How many side by side (0: one a core).")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    homework: str,
    pack: str,
    format_: str,
    output: Path | None,
    mapping: Path | None,
    seconds: float,
    workers: int,
) -> None:
    """Grade submissions: folders, zips or tarballs, one a student, or folders of them."""
    from k8s_tutor.cli.asked import language_of
    from k8s_tutor.course import Course
    from k8s_tutor.grading import Limits, SubmissionResult, grade
    from k8s_tutor.grading.report import report

    chosen = report(format_)
    course = Course(Path(pack)) if pack else Course.builtin()

    def tell(done: SubmissionResult) -> None:
        flag = "  (a human should look)" if done.needs_review else ""
        click.echo(f"{done.id}: {done.points:g} of {done.max_points:g}{flag}", err=True)

    graded = grade(
        course,
        homework,
        paths,
        language=language_of(ctx),
        mapping=_mapping(mapping),
        limits=Limits(seconds=seconds, workers=workers),
        tell=tell,
    )
    text = chosen.render(graded)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"«{output}» cannot be written.", str(error), "Name another --output.") from error


def _mapping(file: Path | None) -> Any:
    if file is None:
        return None
    import yaml

    try:
        found = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError) as error:
        raise PackError(f"{file} cannot be read as YAML.", str(error), "Write: submission: {task: [file]}") from error
    good = isinstance(found, dict) and all(isinstance(tasks, dict) for tasks in found.values())
    if not good:
        raise PackError(
            f"{file} is no mapping.", "It must be a map of submissions.", "Write: submission: {task: [file]}"
        )
    return found
