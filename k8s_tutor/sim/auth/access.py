"""What somebody wants to do, as authorizers see it (``apiserver/pkg/authorization/authorizer``)."""

from dataclasses import dataclass

from k8s_tutor.apimachinery.fields import Term
from k8s_tutor.sim.registry.strategy import UserInfo


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody wants to do (``authorizer.Attributes``).

    Attributes:
        user: who.
        verb: ``get``, ``list``, ``create`` …
        namespace, group, resource, subresource, name: of a resource request.
        path: of a request that is not for a resource, else "".
        fields: the terms of a list's field selector (only the node authorizer looks at them).
    """

    user: UserInfo
    verb: str
    namespace: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    path: str = ""
    fields: tuple[Term, ...] = ()

    @property
    def full_resource(self) -> str:
        """``pods`` or ``pods/log``."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource
