"""Who manages which field: field sets, ``managedFields``, and server-side apply."""

from k8s_tutor.apimachinery.apply.applying import ApplyConflictError, ApplyError, Conflict, apply
from k8s_tutor.apimachinery.apply.comparing import fieldset_of
from k8s_tutor.apimachinery.apply.managers import managed_before, track_update

__all__ = [
    "ApplyConflictError",
    "ApplyError",
    "Conflict",
    "apply",
    "fieldset_of",
    "managed_before",
    "track_update",
]
