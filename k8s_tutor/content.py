"""Where the built-in course lies: the repository's root in a checkout, ``k8s_tutor/_course`` in an installed wheel.

The repository root itself is the pack (``course.yaml``, ``lessons/``, ``manifests/``, ``checks/``); the wheel carries
those four inside the package.
"""

from pathlib import Path

from k8s_tutor.errors import LocalStateError


def builtin_course() -> Path:
    """Return the built-in pack's folder.

    Raises:
        LocalStateError: neither place has it: the installation is broken.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_course", package.parent):
        if (folder / "course.yaml").is_file():
            return folder
    raise LocalStateError(
        "The built-in course is missing.",
        f"Why: neither {package / '_course'} nor {package.parent} holds a course.yaml; the installation is incomplete.",
        "Next: install k8s-tutor again.",
    )
