"""CertificateSigningRequest, with the subject of the request."""

import base64

from k8s_tutor.apimachinery.times import human_duration
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import labels_line, long_time

GROUP = "certificates.k8s.io"
_PARTS = (
    ("Organization", "2.5.4.10"),
    ("Organizational Unit", "2.5.4.11"),
    ("Country", "2.5.4.6"),
    ("Locality", "2.5.4.7"),
    ("Province", "2.5.4.8"),
    ("StreetAddress", "2.5.4.9"),
    ("PostalCode", "2.5.4.17"),
)


def describe(view: View, body: Json) -> None:
    """Describe a signing request."""
    metadata, spec = body.get("metadata", {}), body.get("spec", {})
    view.field(0, "Name", metadata.get("name", ""))
    view.field(0, "Labels", labels_line(metadata.get("labels")))
    view.field(0, "Annotations", labels_line(metadata.get("annotations")))
    view.field(0, "CreationTimestamp", long_time(metadata.get("creationTimestamp")))
    view.field(0, "Requesting User", spec.get("username", ""))
    if spec.get("signerName"):
        view.field(0, "Signer", spec["signerName"])
    if spec.get("expirationSeconds") is not None:
        view.field(0, "Requested Duration", human_duration(spec["expirationSeconds"]))
    view.field(0, "Status", _status(body.get("status") or {}))
    _subject(view, base64.b64decode(spec.get("request", "")))
    write_events(view, body)


def _status(status: Json) -> str:
    types = {one.get("type") for one in status.get("conditions") or ()}
    text = "Denied" if "Denied" in types else "Approved" if "Approved" in types else "Pending"
    return text + (",Failed" if "Failed" in types else "") + (",Issued" if status.get("certificate") else "")


def _subject(view: View, data: bytes) -> None:
    from cryptography import x509

    request = x509.load_pem_x509_csr(data)

    def values(oid: str) -> list[str]:
        found = request.subject.get_attributes_for_oid(x509.ObjectIdentifier(oid))
        return [str(one.value) for one in found]

    view.line(0, "Subject:")
    view.line(0, f"\tCommon Name:\t{next(iter(values('2.5.4.3')), '')}")
    view.line(0, f"\tSerial Number:\t{next(iter(values('2.5.4.5')), '')}")
    for title, oid in _PARTS:
        _several(view, title, values(oid))
    try:
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    view.line(0, "Subject Alternative Names:")
    _several(view, "DNS Names", names.get_values_for_type(x509.DNSName))
    _several(view, "Email Addresses", names.get_values_for_type(x509.RFC822Name))
    _several(view, "URIs", names.get_values_for_type(x509.UniformResourceIdentifier))
    _several(view, "IP Addresses", [str(ip) for ip in names.get_values_for_type(x509.IPAddress)])


def _several(view: View, title: str, values: list[str]) -> None:
    if values:
        view.line(0, f"\t{title}:\t" + "\n\t\t".join(values))
