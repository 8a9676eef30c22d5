"""Signs certificate requests that are approved (upstream: ``pkg/controller/certificates/signer``).

Each of Kubernetes' own signers has its rules of who and what for; a request that breaks them has failed for good.
"""

import base64
import datetime

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import clone
from k8s_tutor.sim.auth.pki import sign_request
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.certificaterequests import (
    CLIENT,
    KUBELET_CLIENT,
    KUBELET_SERVING,
    LEGACY,
    REQUESTS,
    complaint,
    condition,
    parsed,
)

SIGNERS = frozenset({CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY})
YEAR = 365 * 24 * 3600
SHORTEST = 600


class CsrSigningController(Controller):
    """Writes certificates into requests."""

    name = "certificate-controller"
    retry = (0.2, 1000.0)

    def setup(self) -> None:
        self.watch_keys(REQUESTS)

    def reconcile(self, namespace: str, name: str) -> None:
        request = self.client.get(REQUESTS, name)
        if request is None or request["spec"].get("signerName") not in SIGNERS:
            return
        if (request.get("status") or {}).get("certificate") or condition(request, "Denied"):
            return
        if condition(request, "Failed") or not condition(request, "Approved"):
            return
        new = clone(request)
        why = complaint(request)
        if why:
            failed = {"type": "Failed", "status": "True", "reason": "SignerValidationFailure", "message": why}
            failed["lastUpdateTime"] = rfc3339(self.clock.now())
            new["status"]["conditions"].append(failed)
        else:
            spec = request["spec"]
            seconds = max(SHORTEST, min(spec.get("expirationSeconds") or YEAR, YEAR))
            lifetime = datetime.timedelta(seconds=seconds)
            made = sign_request(self.kit.identity.ca, parsed(request), lifetime, spec.get("usages") or ())
            new["status"]["certificate"] = base64.b64encode(made.encode()).decode()
        self.client.update_status(REQUESTS, new)
