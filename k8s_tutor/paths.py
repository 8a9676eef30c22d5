"""Where the tutor keeps what is the user's: state, cache and configuration folders.

The XDG variables and HOME are read at each call, so another HOME is another world (tests, several learners on one
machine). Folders are made 0700 when they are asked for.
"""

import contextlib
from pathlib import Path

from k8s_tutor.errors import LocalStateError

APP = "k8s-tutor"


def state_dir() -> Path:
    """Return the folder of progress, kubeconfigs, work folders and cluster state; made if missing.

    Raises:
        LocalStateError: it cannot be made or written.
    """
    import platformdirs

    return private_folder(Path(platformdirs.user_state_dir(APP)))


def cache_dir() -> Path:
    """Return the folder of what can be made anew; made if missing.

    Raises:
        LocalStateError: it cannot be made or written.
    """
    import platformdirs

    return private_folder(Path(platformdirs.user_cache_dir(APP)))


def config_dir() -> Path:
    """Return the folder of settings, packs and image profiles; made if missing.

    Raises:
        LocalStateError: it cannot be made or written.
    """
    import platformdirs

    return private_folder(Path(platformdirs.user_config_dir(APP)))


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner enters.

    Raises:
        LocalStateError: it cannot be made or written.
    """
    import os

    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(OSError):
                folder.chmod(0o700)
    except OSError as error:
        raise _unusable(folder, error.strerror or str(error)) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unusable(folder, "it is read-only")
    return folder


def write_atomically(path: Path, text: str | bytes, mode: int = 0o600) -> None:
    """Write a whole file so that a reader, or a crash in the middle, sees the old one or the new one.

    Raises:
        LocalStateError: it cannot be written.
    """
    import os
    import tempfile

    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode() if isinstance(text, str) else text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, mode)  # noqa: PTH101 - a name, not a Path
            os.replace(name, path)  # noqa: PTH105 - a name, not a Path
        except BaseException:
            os.unlink(name)  # noqa: PTH108 - a name, not a Path
            raise
    except OSError as error:
        raise _unusable(path.parent, error.strerror or str(error)) from None


def _unusable(folder: Path, why: str) -> LocalStateError:
    return LocalStateError(
        f"The folder {folder} cannot be used.",
        f"Why: {why}; progress and the cluster's kubeconfig are kept there.",
        "Next: make it writable, or set XDG_STATE_HOME, XDG_CACHE_HOME and XDG_CONFIG_HOME to folders that are.",
    )
