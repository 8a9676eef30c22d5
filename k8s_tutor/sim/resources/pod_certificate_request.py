"""PodCertificateRequests (upstream: ``registry/certificates/podcertificaterequest``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps.conditions import check_conditions
from k8s_tutor.sim.resources.shared.base import WithStatus
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.signers import check_signer_name, is_kubernetes_signer

_STATES = ("Issued", "Denied", "Failed")
_HOUR = 3600
_MAX_UID, _LEAST, _MOST, _MOST_KUBERNETES = 128, _HOUR, 91 * 24 * _HOUR, 24 * _HOUR
_SOURCES = "exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set"


class PodCertificateRequestStrategy(WithStatus):
    """The kind PodCertificateRequest."""

    resource = "podcertificaterequests.certificates.k8s.io"
    allow_unconditional_update = False
    has_generation = False
    fields = ("spec.signerName", "spec.podName", "spec.nodeName")
    columns = table.table(
        table.NAME,
        table.doc("certificates.v1", "PodCertificateRequestSpec", "podName", "PodName"),
        table.doc("certificates.v1", "PodCertificateRequestSpec", "serviceAccountName", "ServiceAccountName"),
        table.doc("certificates.v1", "PodCertificateRequestSpec", "nodeName", "NodeName"),
        table.doc("certificates.v1", "PodCertificateRequestSpec", "signerName", "SignerName"),
        table.plain("State", "Is the request Pending, Issued, Denied, or Failed?"),
        table.doc(
            "certificates.v1", "PodCertificateRequestSpec", "unverifiedUserAnnotations", "UnverifiedUserAnnotations"
        ),
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        if spec.get("maxExpirationSeconds") is None:
            spec["maxExpirationSeconds"] = 24 * _HOUR

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        check_signer_name(spec, "signerName")
        for subject in ("pod", "serviceAccount", "node"):
            spec.judge(f"{subject}Name", names.is_dns1123_subdomain)
            if not spec.text(f"{subject}UID"):
                spec.invalid_text(f"{subject}UID", "must not be empty")
            if len(spec.text(f"{subject}UID")) > _MAX_UID:
                spec.too_long(f"{subject}UID", _MAX_UID)
        most = _MOST_KUBERNETES if is_kubernetes_signer(spec.text("signerName")) else _MOST
        if not _LEAST <= spec.number("maxExpirationSeconds") <= most:
            spec.invalid("maxExpirationSeconds", f"must be in the range [{_LEAST}, {most}]")
        given = [bool(spec.get(name)) for name in ("stubPKCS10Request", "pkixPublicKey", "proofOfPossession")]
        if given not in ([True, False, False], [False, True, True]):
            spec.add("FieldValueInvalid", "", f"Invalid value: {_SOURCES}")

    def check_update(self, v: At, old: Json) -> None:
        self.unchanged(v, old, "spec")

    def check_status(self, v: At, old: Json) -> None:
        status = v.at("status")
        known = 0
        for number, condition in enumerate(status.get("conditions") or ()):
            at = At(v.errors, f"status.conditions.[{number}]", condition)
            if at.text("type") not in _STATES:
                at.unsupported("type", _STATES)
                continue
            known += 1
            if known > 1:
                at.invalid("type", 'There may be at most one condition with type "Issued", "Denied", or "Failed"')
            if at.text("status") != "True":
                at.unsupported("status", ("True",))
        check_conditions(status)

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, conditions = obj.get("spec") or {}, (obj.get("status") or {}).get("conditions") or ()
        states = [item["type"] for item in conditions if item.get("type") in _STATES]
        return [
            obj["metadata"]["name"],
            *(spec.get(name) or "" for name in ("podName", "serviceAccountName", "nodeName", "signerName")),
            states[-1] if states else "Pending",
            table.labels_text(spec.get("unverifiedUserAnnotations")),
        ]
