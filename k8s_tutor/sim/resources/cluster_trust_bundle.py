"""ClusterTrustBundles (upstream: ``registry/certificates/clustertrustbundle``)."""

from typing import Any

from cryptography import x509

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.pem import Block, pem_blocks
from k8s_tutor.sim.resources.shared.signers import check_signer_name

_OMITTED = "<value omitted>"
_MAX_SIZE = 1024 * 1024


def _entry_problem(block: Block) -> str:
    if block.kind != "CERTIFICATE":
        return f"has bad block type: {block.kind}"
    if block.headers:
        return "has PEM block headers"
    try:
        certificate = x509.load_der_x509_certificate(block.der)
    except ValueError:
        return "does not parse as X.509"
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, ValueError):
        return "does not have the CA bit set"
    return "" if constraints.ca else "does not have the CA bit set"


class ClusterTrustBundleStrategy(KindStrategy):
    """The kind ClusterTrustBundle."""

    resource = "clustertrustbundles.certificates.k8s.io"
    allow_unconditional_update = False
    fields = ("spec.signerName",)
    columns = table.table(
        table.NAME, table.doc("certificates.v1", "ClusterTrustBundleSpec", "signerName", "SignerName")
    )

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        self._check_name(v.at("metadata"), spec.text("signerName"))
        if spec.text("signerName"):
            check_signer_name(spec, "signerName")
        if old is None or spec.text("trustBundle") != ((old.get("spec") or {}).get("trustBundle") or ""):
            self._check_bundle(spec)

    def check_update(self, v: At, old: Json) -> None:
        self.check(v, old)
        self.unchanged(v, old, "spec.signerName")

    def _check_name(self, meta: At, signer: str) -> None:
        name = meta.text("name")
        prefix = f"{signer.replace('/', ':')}:"
        if signer and not name.startswith(prefix):
            meta.invalid("name", f"ClusterTrustBundle for signerName {signer} must be named with prefix {prefix}")
        elif not signer and ":" in name:
            meta.invalid("name", 'ClusterTrustBundle without signer name must not have ":" in its name')
        else:
            meta.judge("name", names.is_dns1123_subdomain, name.removeprefix(prefix) if signer else name)

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        return []  # judged with the signer, which it must begin with

    def _check_bundle(self, spec: At) -> None:
        text = spec.text("trustBundle")
        if len(text.encode()) > _MAX_SIZE:
            spec.too_long("trustBundle", _MAX_SIZE)
            return
        places: dict[bytes, list[int]] = {}
        before = len(spec.errors)
        for number, block in enumerate(pem_blocks(text.encode())):
            problem = _entry_problem(block)
            if problem:
                spec.invalid("trustBundle", f"entry {number} {problem}", _OMITTED)
            else:
                places.setdefault(block.der, []).append(number)
        if len(spec.errors) > before:
            return
        if not places:
            spec.invalid("trustBundle", "at least one trust anchor must be provided", _OMITTED)
        for numbers in places.values():
            if len(numbers) > 1:
                shown = " ".join(map(str, numbers))
                spec.invalid("trustBundle", f"duplicate trust anchor (indices [{shown}])", _OMITTED)

    def row(self, obj: Json, now: float) -> list[Any]:
        return [obj["metadata"]["name"], (obj.get("spec") or {}).get("signerName") or table.NONE]
