"""``create token``: a token of a ServiceAccount."""

from typing import Any

from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import Generator, api
from k8s_tutor.kubectl.options import OUTPUT
from k8s_tutor.kubectl.printers import printer_for


class Token(Generator):
    """Asks for a token."""

    name = "token"
    usage = "create token SERVICE_ACCOUNT_NAME [options]"
    short = "Request a service account token"
    resource = api("", "v1", "serviceaccounts", "ServiceAccount")
    flags = (
        Flag("audience", "array", help="audience of the token; may repeat"),
        Flag("duration", "duration", help="how long it is good for"),
        Flag("bound-object-kind", help="Pod, Secret or Node that the token is bound to"),
        Flag("bound-object-name", help="its name"),
        Flag("bound-object-uid", help="its UID"),
        *OUTPUT,
    )

    def validate(self, call: Call) -> None:
        if call.flag("duration") < 0:
            raise CommandError("--duration must be greater than or equal to 0")
        if "" in call.flag("audience"):
            raise CommandError("--audience must not be an empty string")
        if call.flag("bound-object-kind") not in {"", "Node", "Pod", "Secret"}:
            raise CommandError("supported --bound-object-kind values are Node, Pod, Secret")
        if call.flag("bound-object-kind") and not call.flag("bound-object-name"):
            raise CommandError("--bound-object-name is required if --bound-object-kind is provided")
        if call.flag("bound-object-name") and not call.flag("bound-object-kind"):
            raise CommandError("--bound-object-name can only be set if --bound-object-kind is provided")

    def make(self, call: Call, name: str) -> dict[str, Any]:
        spec: dict[str, Any] = {}
        if call.flag("audience"):
            spec["audiences"] = call.flag("audience")
        if call.flag("duration"):
            spec["expirationSeconds"] = int(call.flag("duration"))
        if call.flag("bound-object-kind"):
            bound = {"kind": call.flag("bound-object-kind"), "apiVersion": "v1", "name": call.flag("bound-object-name")}
            if call.flag("bound-object-uid"):
                bound["uid"] = call.flag("bound-object-uid")
            spec["boundObjectRef"] = bound
        return {"metadata": {"name": name}, "spec": spec}

    def run(self, call: Call) -> int:
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": self.make(call, self.named)["spec"],
        }
        path = self.resource.path(call.namespace, self.named, "token")
        try:
            answer = call.request("POST", path, body=body)
        except ApiError as error:
            raise CommandError(f"failed to create token: {error}") from None
        if call.flag("output"):
            call.write(printer_for(call.flag("output"), template=call.flag("template"))(answer))
        else:
            call.out(answer["status"]["token"])
        return 0


GENERATOR = Token
