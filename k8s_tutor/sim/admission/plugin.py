"""The base of admission plug-ins: one class in one file of this package; ``order`` lists them."""

from typing import ClassVar

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.auth.authorizer import Authorizer
from k8s_tutor.sim.machinery.status import ApiError, forbidden
from k8s_tutor.sim.registry.rest import Attributes, Rest


class Plugin:
    """Base of admission plug-ins.

    Class attributes:
        name: upstream's name.
        resources: the store's names of resources it looks at; empty: all.
        operations: ``CREATE``, ``UPDATE``, ``DELETE``, ``CONNECT``.
        of_others: it looks at what is created under an object and at connections too (``Attributes.kind``).
        of_users: what users configure: it does not look again when something like it has changed the object.
    """

    name: ClassVar[str] = ""
    resources: ClassVar[frozenset[str]] = frozenset()
    operations: ClassVar[frozenset[str]] = frozenset(("CREATE", "UPDATE"))

    of_others: ClassVar[bool] = False
    of_users: ClassVar[bool] = False

    def __init__(self, rest: Rest, authorizer: Authorizer) -> None:
        self.rest = rest
        self.authorizer = authorizer
        self.store = rest.store

    def admit(self, attributes: Attributes) -> None:
        """Change the object in place, or refuse with ApiError."""

    def validate(self, attributes: Attributes) -> None:
        """Refuse with ApiError."""


def refused(attributes: Attributes, why: str) -> ApiError:
    """Return 403 as ``admission.NewForbidden`` words it, for an object that may have no name yet."""
    meta = (attributes.obj or {}).get("metadata") or {}
    name = attributes.name or meta.get("name") or meta.get("generateName") or "Unknown"
    return forbidden(attributes.resource.plural, attributes.resource.group, name, why)


def become(obj: Json, new: Json) -> None:
    """Change an object in place; its metadata stays the same dict, which the storage holds."""
    meta = obj["metadata"]
    fresh = dict(new.get("metadata") or {})
    meta.clear()
    meta.update(fresh)
    obj.clear()
    obj.update(new | {"metadata": meta})
