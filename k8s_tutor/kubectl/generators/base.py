"""A generator: flags in, object out, sent and told the same way for all kinds (kubectl, ``cmd/create``)."""

from abc import abstractmethod
from typing import Any, ClassVar

from k8s_tutor.apimachinery.goyaml import to_json
from k8s_tutor.client import ApiError, APIResource
from k8s_tutor.kubectl.actions import create_object, dry_run, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.options import DRY_RUN, OUTPUT, SAVE_CONFIG, VALIDATE, field_manager

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
COMMON: tuple[Flag, ...] = (*OUTPUT, DRY_RUN, field_manager("kubectl-create"), VALIDATE, SAVE_CONFIG)


def api(group: str, version: str, plural: str, kind: str, *, namespaced: bool = True) -> APIResource:
    """Name a built-in resource, without asking the server."""
    return APIResource(group, version, plural, kind.lower(), kind, namespaced=namespaced)


class Generator(Verb):
    """Base of all generators."""

    group = "Basic Commands (Beginner)"
    resource: ClassVar[APIResource]
    failure: ClassVar[str] = ""

    @abstractmethod
    def make(self, call: Call, name: str) -> dict[str, Any]:
        """Return the object, without apiVersion, kind and namespace."""

    def complete(self, call: Call) -> None:
        limit = call.words.dash_at if call.words.dash_at >= 0 else len(call.arguments)
        names, self.command = call.arguments[:limit], call.arguments[limit:]
        if len(names) != 1:
            raise call.usage(f"exactly one NAME is required, got {len(names)}")
        self.named = names[0]

    def run(self, call: Call) -> int:
        body = {"apiVersion": self.resource.group_version, "kind": self.resource.kind, **self.make(call, self.named)}
        if self.resource.namespaced and call.explicit_namespace:
            body["metadata"] = {**body["metadata"], "namespace": call.namespace}
        return self.send(call, body)

    def send(self, call: Call, body: dict[str, Any]) -> int:
        """Create the object and tell it."""
        if call.flag("save-config"):
            body = with_last_applied(body)
        namespace = "" if dry_run(call) == "client" or not self.resource.namespaced else call.namespace
        try:
            body = create_object(call, self.resource, namespace, body)
        except ApiError as error:
            if not self.failure:
                raise
            raise CommandError(f"{self.failure}{error}") from None
        tell(call, self.resource, body, "created", typed=True)
        return 0


def configured(body: dict[str, Any]) -> dict[str, Any]:
    """Return the object as a user configured it, without apply's annotation (kubectl, ``GetModifiedConfiguration``).

    The map of annotations is there even if it is empty: so the annotation itself is nobody's deletion in a comparison.
    """
    metadata = body.get("metadata") or {}
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED}
    return {**body, "metadata": {**metadata, "annotations": annotations}}


def with_last_applied(body: dict[str, Any]) -> dict[str, Any]:
    """Return the object with itself in the annotation that apply compares with."""
    plain = configured(body)
    metadata = plain["metadata"]
    annotations = {**metadata["annotations"], LAST_APPLIED: to_json(plain, indent=None) + "\n"}
    return {**plain, "metadata": {**metadata, "annotations": annotations}}


def container(name: str, image: str, command: list[str], *, port: int = 0) -> dict[str, Any]:
    """Make a container as the generators write it."""
    made: dict[str, Any] = {"name": name, "image": image, "resources": {}}
    if command:
        made["command"] = command
    if port:
        made["ports"] = [{"containerPort": port}]
    return made


def subjects(call: Call) -> list[dict[str, Any]]:
    """Read --user, --group and --serviceaccount.

    Raises:
        CommandError: a service account without its namespace.
    """
    group = "rbac.authorization.k8s.io"
    found: list[dict[str, Any]] = []
    for kind, flag in (("User", "user"), ("Group", "group")):
        found += [{"apiGroup": group, "kind": kind, "name": name} for name in dict.fromkeys(call.flag(flag))]
    for account in dict.fromkeys(call.flag("serviceaccount")):
        namespace, colon, name = account.partition(":")
        if not colon or not name or not namespace or ":" in name:
            raise CommandError("serviceaccount must be <namespace>:<name>")
        found.append({"kind": "ServiceAccount", "name": name, "namespace": namespace})
    return found


SUBJECT_FLAGS = (
    Flag("user", "array", help="user to bind; may repeat"),
    Flag("group", "array", help="group to bind; may repeat"),
    Flag("serviceaccount", "array", help="service account to bind, as namespace:name; may repeat"),
)
