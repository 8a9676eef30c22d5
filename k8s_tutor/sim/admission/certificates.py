"""Who may approve and sign certificate requests (``plugin/pkg/admission/certificates``)."""

from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.auth.access import Access
from k8s_tutor.sim.machinery.status import forbidden
from k8s_tutor.sim.registry.attributes import Attributes

GROUP = "certificates.k8s.io"
REQUESTS = f"certificatesigningrequests.{GROUP}"
APISERVER_CLIENT = "kubernetes.io/kube-apiserver-client"


class CertificateApproval(Plugin):
    """The approver must have the verb ``approve`` on the signer."""

    name = "CertificateApproval"
    resources = frozenset((REQUESTS,))
    operations = frozenset(("UPDATE",))

    def validate(self, attributes: Attributes) -> None:
        if attributes.subresource == "approval":
            self._require(attributes, "approve")
        elif attributes.subresource == "status" and attributes.obj and attributes.old:
            new = (attributes.obj.get("status") or {}).get("certificate")
            if new != (attributes.old.get("status") or {}).get("certificate"):
                self._require(attributes, "sign")

    def _require(self, attributes: Attributes, verb: str) -> None:
        signer = (attributes.old or attributes.obj or {})["spec"]["signerName"]
        user = attributes.ctx.user
        for name in (signer, f"{signer.split('/')[0]}/*"):
            access = Access(user, verb, "", GROUP, "signers", "", name)
            if self.authorizer.authorize(access)[0]:
                return
        why = f'user not permitted to {verb} requests with signerName "{signer}"'
        raise forbidden(attributes.resource.plural, GROUP, attributes.name, why)


class CertificateSubjectRestriction(Plugin):
    """Nobody is made a master by a certificate."""

    name = "CertificateSubjectRestriction"
    resources = frozenset((REQUESTS,))
    operations = frozenset(("CREATE",))

    def validate(self, attributes: Attributes) -> None:
        obj = attributes.obj
        if attributes.subresource or obj is None or obj["spec"].get("signerName") != APISERVER_CLIENT:
            return
        if "system:masters" in _organisations(obj["spec"].get("request", "")):
            why = f"use of {APISERVER_CLIENT} signer with system:masters group is not allowed"
            raise forbidden(attributes.resource.plural, GROUP, attributes.name, why)


def _organisations(request: str) -> list[str]:
    import base64

    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        parsed = x509.load_pem_x509_csr(base64.b64decode(request))
    except ValueError:
        return []
    return [str(a.value) for a in parsed.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
