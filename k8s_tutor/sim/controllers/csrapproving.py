"""Approves certificates for kubelets that may ask for them (upstream: ``pkg/controller/certificates/approver``)."""

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.auth.access import Access
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.certificaterequests import (
    KUBELET_CLIENT,
    REQUESTS,
    common_name,
    complaint,
    condition,
    parsed,
)
from k8s_tutor.sim.registry.strategy import UserInfo


class CsrApprovingController(Controller):
    """Approves what who asks may have: a certificate for a node, or for the node that she is."""

    name = "certificate-controller"
    retry = (0.2, 1000.0)

    def setup(self) -> None:
        self.watch_keys(REQUESTS)

    def reconcile(self, namespace: str, name: str) -> None:
        request = self.client.get(REQUESTS, name)
        if request is None or request["spec"].get("signerName") != KUBELET_CLIENT:
            return
        decided = condition(request, "Approved") or condition(request, "Denied")
        if decided or (request.get("status") or {}).get("certificate") or complaint(request):
            return
        own = common_name(parsed(request)) == request["spec"].get("username")
        for subresource, words in (("selfnodeclient", "self kubelet"), ("nodeclient", "kubelet")):
            if (own or subresource == "nodeclient") and self._may(request, subresource):
                self._approve(request, f"Auto approving {words} client certificate after SubjectAccessReview.")
                return

    def _may(self, request: Json, subresource: str) -> bool:
        spec = request["spec"]
        extra = {key: tuple(values) for key, values in (spec.get("extra") or {}).items()}
        user = UserInfo(spec.get("username", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""), extra)
        plural, _, group = REQUESTS.partition(".")
        access = Access(user, "create", group=group, resource=plural, subresource=subresource)
        return self.kit.authorizer.authorize(access)[0]

    def _approve(self, request: Json, message: str) -> None:
        new = clone(request)
        approved = {"type": "Approved", "status": "True", "reason": "AutoApproved", "message": message}
        new.setdefault("status", {}).setdefault("conditions", []).append(approved)
        self.client.update(REQUESTS, new, "approval")
