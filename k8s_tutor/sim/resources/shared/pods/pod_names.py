"""Names of objects that become names of pods (upstream: the ``WarningsOnCreate`` of workloads)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json

_USE = (
    "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is "
    "recommended: "
)


def name_warnings(obj: Json, old: Json | None) -> list[str]:
    """Return the warning about a new object whose name is no DNS label."""
    complaints = names.is_dns1123_label(obj["metadata"].get("name") or "") if old is None else []
    return [f"{_USE}[{' '.join(complaints)}]"] if complaints else []
