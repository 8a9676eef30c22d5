"""CertificateSigningRequests (upstream: ``registry/certificates/certificates``, ``apis/certificates``)."""

import base64
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from k8s_tutor.apimachinery.times import human_duration, rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, begin
from k8s_tutor.sim.resources.shared.pem import certificates_problem, pem_blocks
from k8s_tutor.sim.resources.shared.signers import check_signer_name

_USAGES = (
    "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment",
    "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel",
    "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime",
    "server auth", "signing", "timestamping",
)  # fmt: skip
_FINAL = ("Approved", "Denied", "Failed")
_LEGACY = "kubernetes.io/legacy-unknown"
_BLOCK = "CERTIFICATE REQUEST"
_MIN_SECONDS = 600
# In the words of the beta version, which the Table kept.
_SIGNER = (
    "Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If empty, it will "
    "be defaulted:\n 1. If it's a kubelet client certificate, it is assigned\n"
    '    "kubernetes.io/kube-apiserver-client-kubelet".\n'
    " 2. If it's a kubelet serving certificate, it is assigned\n"
    '    "kubernetes.io/kubelet-serving".\n'
    ' 3. Otherwise, it is assigned "kubernetes.io/legacy-unknown".\n'
    "Distribution of trust for signers happens out of band. You can select on this field using `spec.signerName`."
)


def _request_problem(text: str) -> str:
    """Return what is wrong with a base64 PKCS#10 request, or ""."""
    try:
        blocks = pem_blocks(base64.b64decode(text))
    except ValueError:
        blocks = []
    if not blocks or blocks[0].kind != _BLOCK:
        return f"PEM block type must be {_BLOCK}"
    try:
        request = x509.load_der_x509_csr(blocks[0].der)
        if not request.is_signature_valid:
            return "x509: invalid signature"
    except (InvalidSignature, UnsupportedAlgorithm):
        return "x509: cannot verify signature: algorithm unimplemented"
    except ValueError:
        return "asn1: structure error: tags don't match"
    return ""


def _of(obj: Json, kind: str) -> list[Json]:
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return [item for item in conditions if item.get("type") == kind]


class CertificateSigningRequestStrategy(KindStrategy):
    """The kind CertificateSigningRequest."""

    resource = "certificatesigningrequests.certificates.k8s.io"
    resets_spec = True
    has_status = True
    fields = ("spec.signerName",)
    columns = table.table(
        table.NAME,
        table.AGE,
        table.plain("SignerName", _SIGNER),
        table.plain("Requestor", "Base64-encoded PKCS#10 CSR data"),
        table.doc("certificates.v1", "CertificateSigningRequestSpec", "expirationSeconds", "RequestedDuration"),
        table.plain("Condition", "Conditions applied to the request, such as approval or denial."),
    )

    def default(self, obj: Json) -> None:
        obj.setdefault("spec", {})

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        spec, user = obj["spec"], ctx.user
        for name in ("username", "uid", "groups", "extra"):
            spec.pop(name, None)
        known = {"username": user.name, "uid": user.uid, "groups": list(user.groups), "extra": dict(user.extra or {})}
        spec.update({name: value for name, value in known.items() if value})
        obj["status"] = {}

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        new["spec"] = old["spec"]

    def subresource_fields(self, subresource: str) -> tuple[str, ...]:
        return ("status",)

    def prepare_subresource_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        new["status"] = status = dict(new.get("status") or {})
        if ctx.subresource == "status":
            for kind in ("Approved", "Denied"):
                self._preserve(status, old, kind)
        self._stamp(status, old)
        if ctx.subresource == "approval":
            new["status"] = {**(old.get("status") or {}), "conditions": status.get("conditions") or []}

    def _preserve(self, status: Json, old: Json, kind: str) -> None:
        """Only the approval subresource decides."""
        before = _of(old, kind)
        places = [i for i, item in enumerate(status.get("conditions") or ()) if item.get("type") == kind]
        if len(places) == len(before):
            for place, item in zip(places, before, strict=True):
                status["conditions"][place] = item

    def _stamp(self, status: Json, old: Json) -> None:
        now = rfc3339(self.store.clock.now())
        for condition in status.get("conditions") or ():
            condition["lastUpdateTime"] = condition.get("lastUpdateTime") or now
            if not condition.get("lastTransitionTime"):
                same = [
                    item for item in _of(old, condition.get("type")) if item.get("status") == condition.get("status")
                ]
                times = [item["lastTransitionTime"] for item in same if item.get("lastTransitionTime")]
                condition["lastTransitionTime"] = times[0] if times else now

    # -- validation

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        return []

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        problem = _request_problem(spec.text("request"))
        if problem:
            spec.invalid("request", problem)
        self._check_usages(spec)
        if spec.text("signerName") == _LEGACY:
            spec.invalid("signerName", "the legacy signerName is not allowed via this API version")
        else:
            check_signer_name(spec, "signerName")
        seconds = spec.get("expirationSeconds")
        if seconds is not None and seconds < _MIN_SECONDS:
            spec.invalid("expirationSeconds", "may not specify a duration less than 600 seconds (10 minutes)")
        status = v.at("status")
        self._check_conditions(status)
        certificate = status.text("certificate")
        if certificate and certificate != ((old or {}).get("status") or {}).get("certificate"):
            problem = certificates_problem(base64.b64decode(certificate))
            if problem:
                status.invalid("certificate", problem, "<certificate data>")

    def _check_usages(self, spec: At) -> None:
        spec.need("usages")
        for usage in spec.each("usages"):
            if usage.value not in _USAGES:
                usage.unsupported("", _USAGES)
        seen: set[str] = set()
        for usage in spec.each("usages"):
            if usage.value in seen:
                usage.duplicate()
            seen.add(usage.value)

    def _check_conditions(self, status: At) -> None:
        seen: list[str] = []
        for condition in status.each("conditions"):
            kind = condition.text("type")
            condition.need("type")
            allowed = ("True",) if kind in _FINAL else ("False", "True", "Unknown")
            condition.one_of("status", allowed, required=True)
            if (kind == "Denied" and "Approved" in seen) or (kind == "Approved" and "Denied" in seen):
                status.invalid("conditions", "Approved and Denied conditions are mutually exclusive", kind)
            if kind in seen:
                condition.duplicate("type")
            seen.append(kind)

    def validate_update(self, new: Json, old: Json) -> list[FieldError]:
        return self.validate_subresource_update("", new, old)

    def validate_subresource_update(self, subresource: str, new: Json, old: Json) -> list[FieldError]:
        v = begin(new)
        self.check(v, old)
        status = v.at("status")
        for kind in _FINAL:
            now, before = _of(new, kind), _of(old, kind)
            if len(now) < len(before):
                status.forbidden("conditions", f'updates may not remove a condition of type "{kind}"')
        if subresource != "approval":
            for kind in ("Approved", "Denied"):
                if len(_of(new, kind)) > len(_of(old, kind)):
                    status.forbidden("conditions", f'updates may not add a condition of type "{kind}"')
        issued = (old.get("status") or {}).get("certificate") or ""
        if status.text("certificate") != issued:
            if subresource != "status":
                status.forbidden("certificate", "updates may not set certificate content")
            elif issued:
                status.forbidden("certificate", "updates may not modify existing certificate content")
        return v.errors

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, seconds = obj["spec"], obj["spec"].get("expirationSeconds")
        return [
            obj["metadata"]["name"],
            table.created(obj, now),
            spec.get("signerName") or table.NONE,
            spec.get("username") or "",
            table.NONE if seconds is None else human_duration(seconds),
            _state(obj),
        ]


def _state(obj: Json) -> str:
    state = "Denied" if _of(obj, "Denied") else "Approved" if _of(obj, "Approved") else "Pending"
    failed = ",Failed" if _of(obj, "Failed") else ""
    return f"{state}{failed}{',Issued' if (obj.get('status') or {}).get('certificate') else ''}"
