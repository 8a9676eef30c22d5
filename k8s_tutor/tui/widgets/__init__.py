"""Widgets, one a file, each with its .tcss beside it."""

from pathlib import Path


def style_of(module_file: str) -> str:
    """Return the text of the .tcss that lies beside a widget's module."""
    return Path(module_file).with_suffix(".tcss").read_text(encoding="utf-8")
