"""``k8s-tutor schema``: the JSON Schemas of packs, for editors."""

import importlib.resources

import click

from k8s_tutor.errors import UsageError


@click.command(epilog="Example: k8s-tutor schema exercise > exercise.schema.json")
@click.argument("name", default="")
def command(name: str) -> None:
    """Print the JSON Schema NAME of pack files, or the list of names."""
    folder = importlib.resources.files("k8s_tutor.course") / "schemas"
    names = sorted(f.name.removesuffix(".schema.json") for f in folder.iterdir() if f.name.endswith(".schema.json"))
    if not name:
        click.echo("\n".join(names))
        return
    if name not in names:
        raise UsageError(f"There is no schema «{name}».", f"There are: {', '.join(names)}.", "Type: k8s-tutor schema")
    click.echo((folder / f"{name}.schema.json").read_text(encoding="utf-8"), nl=False)
