"""What the group's own options (``--plain``, ``--lang``) asked for, read by the commands under it."""

from typing import Any

import click


def language_of(ctx: click.Context) -> str:
    """Return the language asked for on the command line, or empty."""
    return str(_options(ctx).get("lang", ""))


def plain_of(ctx: click.Context) -> bool:
    """Return whether line mode was asked for."""
    return bool(_options(ctx).get("plain"))


def _options(ctx: click.Context) -> dict[str, Any]:
    found: Any = ctx.find_root().obj
    return found if isinstance(found, dict) else {}
