"""What reading a request's body gives, whichever language it is written in."""

from typing import Any, NamedTuple

# Deeper than any Kubernetes object; what comes after walks objects by recursion.
MAX_DEPTH = 200


class DecodeError(ValueError):
    """The body is neither JSON nor YAML; the message is upstream's."""


class Decoded(NamedTuple):
    """An object and the complaints about duplicate fields in its text."""

    obj: Any
    duplicates: tuple[str, ...]
