"""What certificate controllers ask about CertificateSigningRequests (upstream: ``pkg/apis/certificates/helpers.go``)."""

import base64
from collections.abc import Iterable
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.unstructured import Json

if TYPE_CHECKING:
    from cryptography import x509

REQUESTS = "certificatesigningrequests.certificates.k8s.io"
CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY = (
    f"kubernetes.io/{name}"
    for name in ("kube-apiserver-client", "kube-apiserver-client-kubelet", "kubelet-serving", "legacy-unknown")
)
_NODES, _NODE_PREFIX = "system:nodes", "system:node:"


def condition(request: Json, type_: str) -> Json | None:
    """Return a condition that is true."""
    for item in (request.get("status") or {}).get("conditions") or ():
        if item["type"] == type_ and item.get("status", "True") == "True":
            return item  # type: ignore[no-any-return]
    return None


def parsed(request: Json) -> "x509.CertificateSigningRequest":
    """Return the PKCS #10 request that the object carries."""
    from cryptography import x509

    return x509.load_pem_x509_csr(base64.b64decode(request["spec"]["request"]))


def common_name(wanted: "x509.CertificateSigningRequest") -> str:
    """Return the name for which the certificate is wanted."""
    from cryptography.x509.oid import NameOID

    names = wanted.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[-1].value) if names else ""


def _organisations(wanted: "x509.CertificateSigningRequest") -> list[str]:
    from cryptography.x509.oid import NameOID

    return [str(item.value) for item in wanted.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]


def _alternative_names(wanted: "x509.CertificateSigningRequest") -> dict[str, bool]:
    from cryptography import x509

    try:
        found = wanted.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return {}
    kinds = {"DNS": x509.DNSName, "Email": x509.RFC822Name, "IP": x509.IPAddress, "URI": x509.UniformResourceIdentifier}
    return {kind: any(isinstance(item, type_) for item in found) for kind, type_ in kinds.items()}


def complaint(request: Json) -> str:
    """Return why the request's signer does not sign such a request, or ""."""
    spec = request["spec"]
    usages = frozenset(spec.get("usages") or ())
    if spec["signerName"] == CLIENT:
        return _complaint_of_client(spec.get("usages") or ())
    if spec["signerName"] == LEGACY:
        return ""
    wanted = parsed(request)
    serving = spec["signerName"] == KUBELET_SERVING
    if _organisations(wanted) != [_NODES]:
        return f"subject organization is not {_NODES}"
    names = _alternative_names(wanted)
    if serving and not (names.get("DNS") or names.get("IP")):
        return "DNS or IP subjectAltName is required"
    for kind in ("Email", "URI") if serving else ("DNS", "Email", "IP", "URI"):
        if names.get(kind):
            return f"{kind} subjectAltNames are not allowed"
    required = {"digital signature", "key encipherment", "server auth" if serving else "client auth"}
    misused = usages not in (required, required - {"key encipherment"})
    unnamed = not common_name(wanted).startswith(_NODE_PREFIX)
    of_usages = f"usages did not match [{' '.join(sorted(required))}]" if misused else ""
    of_name = f"subject common name does not begin with {_NODE_PREFIX}" if unnamed else ""
    return (of_usages or of_name) if serving else (of_name or of_usages)


def _complaint_of_client(usages: Iterable[str]) -> str:
    for usage in usages:
        if usage not in {"digital signature", "key encipherment", "client auth"}:
            return f"invalid usage for client certificate: {usage}"
    return "" if "client auth" in usages else "missing required usage for client certificate: client auth"
