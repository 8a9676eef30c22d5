"""A text in the user's editor (kubectl, ``cmd/util/editor``): $KUBE_EDITOR, $EDITOR, vi, or the app's own."""

import os
import random
import shlex
import subprocess
import tempfile
from pathlib import Path

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError


def edited(call: Call, text: str, plain: str, suffix: str) -> str | None:
    """Have the text edited once; None, and a word why, if nothing came of it."""
    body = stripped(open_editor(call, text, suffix))
    if not body.strip():
        call.err("Edit cancelled, saved file was empty.")
        return None
    if body == plain:
        call.err("Edit cancelled, no changes made.")
        return None
    return body


def stripped(text: str) -> str:
    """Return the text without its comments."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def open_editor(call: Call, text: str, suffix: str) -> str:
    """Open the editor on a text; returns the text as it was saved.

    Raises:
        CommandError: the editor cannot be started, or failed.
    """
    if call.edit is not None:
        return call.edit(text, suffix)
    command = next((call.env[name] for name in ("KUBE_EDITOR", "EDITOR") if call.env.get(name)), "vi")
    with tempfile.TemporaryDirectory(prefix="kubectl-edit-") as folder:
        file = Path(folder, f"object{suffix}")
        file.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run([*shlex.split(command), str(file)], check=False)
        except OSError:
            raise CommandError(f'unable to launch the editor "{command}"') from None
        if done.returncode:
            raise CommandError(f'there was a problem with the editor "{command}"')
        return file.read_text(encoding="utf-8")


def keep_copy(call: Call, text: str, suffix: str) -> None:
    """Keep a text that could not be used, and say where."""
    name = Path(tempfile.gettempdir(), f"kubectl-edit-{random.randrange(10**9, 10**10)}{suffix}")
    with os.fdopen(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    call.err(f'A copy of your changes has been stored to "{name}"')
