"""Names of certificate signers: ``example.com/path`` (upstream: ``core/validation/names.go``)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.sim.resources.shared.check import At, Judge

_MAX_DOMAIN = 253
_MAX_PATH = 253 + 63 + 1


def is_kubernetes_signer(name: str) -> bool:
    """Tell whether the signer belongs to Kubernetes itself."""
    host = name.partition("/")[0]
    return host == "kubernetes.io" or host.endswith(".kubernetes.io")


def _judge_labels(v: At, name: str, segment: str, judge: Judge) -> None:
    for label in segment.split("."):
        complaints = judge(label)
        for complaint in complaints:
            v.invalid(name, f'validating label "{label}": {complaint}', segment)
        if complaints:
            return


def check_signer_name(v: At, name: str) -> None:
    """Check a signer's name."""
    text = v.text(name)
    if not v.need(name):
        return
    domain, _, path = text.partition("/")
    if text.count("/") != 1:
        v.invalid(name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")
        return
    if len(domain) > _MAX_DOMAIN:
        v.too_long(name, _MAX_DOMAIN)
    _judge_labels(v, name, domain, names.is_dns1123_label)
    if "." not in domain:
        v.invalid(name, "should be a domain with at least two segments separated by dots", domain)
    _judge_labels(v, name, path, names.is_dns1123_subdomain)
    if len(path) > _MAX_PATH:
        v.too_long(name, _MAX_PATH)
