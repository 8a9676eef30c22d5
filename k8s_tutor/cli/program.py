"""The command line: click commands, one a file in ``commands/``, imported only when they are called.

Without a command the tutor's app opens. The group finds a command by its file's name, so that ``k8s-tutor --help`` and
completion know all of them, and calling one pays for no other.
"""

import importlib
import pkgutil

import click

from k8s_tutor import __version__
from k8s_tutor.cli import commands

PACKAGE = commands.__name__


class Commands(click.Group):
    """A group whose commands are the modules of ``k8s_tutor.cli.commands``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(info.name.rstrip("_").replace("_", "-") for info in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        wanted = cmd_name.replace("-", "_")
        for info in pkgutil.iter_modules(commands.__path__):
            if info.name.rstrip("_") == wanted:
                found = importlib.import_module(f"{PACKAGE}.{info.name}").command
                return found if isinstance(found, click.Command) else None
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A word that is no command is a lesson to open: ``k8s-tutor 02``."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            return "open", self.get_command(ctx, "open"), args
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: k8s-tutor 02-pods",
)
@click.version_option(__version__, prog_name="k8s-tutor")
@click.option("--plain", is_flag=True, help="Line mode without the alternate screen (for screen readers).")
@click.option("--lang", default="", metavar="LANG", help="Language of the course: en, ru.")
@click.pass_context
def program(ctx: click.Context, *, plain: bool, lang: str) -> None:
    """Learn Kubernetes in the terminal, on a practice cluster that needs no Docker.

    Without a command, the tutor opens where you stopped. LESSON (a number or name) opens that lesson.
    """
    ctx.obj = {"plain": plain, "lang": lang}
    if ctx.invoked_subcommand is None:
        ctx.invoke(importlib.import_module(f"{PACKAGE}.open").command, lesson="")
