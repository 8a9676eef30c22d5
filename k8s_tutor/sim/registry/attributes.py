"""What passes between the storage and admission: attributes of a request, delete options, the parts they plug into."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.scheme import Resource
from k8s_tutor.sim.registry.strategy import RequestContext


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """``metav1.DeleteOptions`` as far as storage acts on them."""

    grace: int | None = None
    propagation: str | None = None
    preconditions: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Attributes:
    """What admission sees of a request (``admission.Attributes``).

    Attributes:
        kind: group, version and kind of ``obj`` where it is not of the resource's own: what is created under an object
            (``Binding``, ``Eviction`` …), the options of a connection (``PodExecOptions`` …).
    """

    ctx: RequestContext
    operation: str  # CREATE, UPDATE, DELETE, CONNECT
    resource: Resource
    namespace: str
    name: str
    obj: Json | None
    old: Json | None = None
    subresource: str = ""
    options: Json = field(default_factory=dict)
    mutated: bool = False  # by a policy or webhook of users
    kind: tuple[str, str, str] | None = None

    def encoded(self, obj: Json | None) -> Json | None:
        """Return an object as clients see it."""
        return obj if obj is None or self.kind is not None else self.resource.encode(obj)


class Admission(Protocol):
    """The chain of admission plug-ins."""

    def admit(self, attributes: Attributes) -> None:
        """Let mutating plug-ins change ``attributes.obj`` in place, or refuse with ApiError."""

    def validate(self, attributes: Attributes) -> None:
        """Let validating plug-ins refuse with ApiError."""


class FieldManager(Protocol):
    """Keeps ``metadata.managedFields``."""

    def track(self, ctx: RequestContext, resource: Resource, new: Json, old: Json | None) -> None:
        """Set the new object's managedFields for an update by ``ctx.manager``."""


class WebhookCaller(Protocol):
    """Calls admission webhooks."""

    async def call(self, target: Any, body: bytes, timeout: int) -> bytes:  # noqa: ASYNC109 - the webhook's own
        """Send a review; returns the answer's body."""


SubresourceCreate = Callable[[RequestContext, Resource, str, str, Json], Json]
