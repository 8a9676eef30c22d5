"""References to objects of any kind by group, kind and name."""

from k8s_tutor.apimachinery import names
from k8s_tutor.sim.resources.shared.check import At


def check_reference(v: At, *, required: bool = True) -> None:
    """Check group, kind and name; ``required``: kind and name must be there (elsewhere that is declared)."""
    if v.get("apiGroup") is not None:
        v.judge("apiGroup", names.is_dns1123_subdomain)
    for field in ("kind", "name"):
        if v.text(field):
            v.judge(field, names.is_path_segment)
        elif required:
            v.required(field)
