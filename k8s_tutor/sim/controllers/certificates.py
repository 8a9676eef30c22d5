"""Signs certificate requests that are approved, and clears old ones away (upstream: ``pkg/controller/certificates``)."""

import base64
import datetime

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.auth.pki import sign
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.pods import created

REQUESTS = "certificatesigningrequests.certificates.k8s.io"
CLIENT_SIGNERS = frozenset(
    {
        "kubernetes.io/kube-apiserver-client",
        "kubernetes.io/kube-apiserver-client-kubelet",
    }
)
YEAR = 365 * 24 * 3600
PENDING_SECONDS = 24 * 3600.0
DONE_SECONDS = 3600.0
CLEAN_PERIOD = 3600.0
TICK = ("", "")


def _has(request: Json, type_: str) -> bool:
    conditions = (request.get("status") or {}).get("conditions") or ()
    return any(item["type"] == type_ and item.get("status", "True") == "True" for item in conditions)


class CertificateController(Controller):
    """Follows CertificateSigningRequests of the signers that the control plane has itself."""

    name = "certificate-controller"
    retry = (0.2, 1000.0)

    def setup(self) -> None:
        self.watch_keys(REQUESTS)
        self.every(CLEAN_PERIOD, TICK, limit=self.clock.now)

    def reconcile(self, namespace: str, name: str) -> None:
        if not name:
            self._clean()
            return
        request = self.client.get(REQUESTS, name)
        if request is None or request["spec"].get("signerName") not in CLIENT_SIGNERS:
            return
        done = (request.get("status") or {}).get("certificate") or _has(request, "Denied") or _has(request, "Failed")
        if not done and _has(request, "Approved"):
            new = clone(request)
            new["status"]["certificate"] = self._sign(request["spec"])
            self.client.update_status(REQUESTS, new)

    def _sign(self, spec: Json) -> str:
        from cryptography import x509

        wanted = x509.load_pem_x509_csr(base64.b64decode(spec["request"]))
        lifetime = datetime.timedelta(seconds=min(spec.get("expirationSeconds") or YEAR, YEAR))
        usages = [usage for usage in spec.get("usages") or () if usage.endswith("auth")]
        certificate = sign(self.kit.identity.ca, wanted.subject, wanted.public_key(), lifetime, usages)
        return base64.b64encode(certificate.encode()).decode()

    def _clean(self) -> None:
        now = self.clock.now()
        for request in self.client.list(REQUESTS):
            decided = any(_has(request, type_) for type_ in ("Approved", "Denied", "Failed"))
            if now - created(request) > (DONE_SECONDS if decided else PENDING_SECONDS):
                self.client.delete(REQUESTS, request["metadata"]["name"])
