"""Paths inside of volumes and file modes (upstream ``core/validation``: validateLocalDescendingPath and its kin)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.sim.resources.shared.check import At

MODE = "must be a number between 0 and 0777 (octal), both inclusive"


def has_backsteps(path: str) -> bool:
    """Tell whether ``..`` is one of the path's steps."""
    return ".." in path.split("/")


def no_backsteps(v: At, name: str = "") -> None:
    """Refuse ``..`` in a path."""
    text = v.text(name) if name else v.value or ""
    if has_backsteps(text):
        v.invalid(name, "must not contain '..'", text)


def descending(v: At, text: str) -> None:
    """Refuse absolute paths and ``..``; the complaint is about the cursor's own field."""
    if text.startswith("/"):
        v.invalid("", "must be a relative path", text)
    if has_backsteps(text):
        v.invalid("", "must not contain '..'", text)


def not_reserved(v: At, text: str) -> None:
    """As ``descending``, and names that begin with two dots are the kubelet's own."""
    descending(v, text)
    if text.startswith("..") and not text.startswith("../"):
        v.invalid("", "must not start with '..'", text)


def mode(v: At, name: str) -> None:
    """Check a file mode."""
    value = v.get(name)
    if value is not None and not 0 <= value <= 0o777:
        v.invalid(name, MODE)


def user(v: At, name: str) -> None:
    """Check the numeric owner of a file."""
    value = v.get(name)
    if value is not None:
        for complaint in names.is_user_id(value):
            v.invalid(name, complaint)
