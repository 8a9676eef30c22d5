"""A fault of ours, as people see it: three lines and the name of a file with the details, never a traceback."""

import os
import tempfile
import traceback
from pathlib import Path


def told(error: BaseException) -> str:
    """Write what happened inside to a fresh file; returns the lines to show."""
    handle, name = tempfile.mkstemp(prefix="k8s-tutor-fault-", suffix=".log")
    os.close(handle)
    Path(name).write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return (
        f"A fault of k8s-tutor itself: {type(error).__name__}: {error}\n"
        f"What happened inside is in {name}.\n"
        "Please report it with that file; the same call with --debug shows it here."
    )
