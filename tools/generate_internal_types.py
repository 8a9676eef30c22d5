"""Write the fields of Kubernetes' internal types, as the server prints them in causes and differences.

The API server validates internal types; where an error shows a whole struct, it is that type's JSON: fields by their Go
names, in the order of the source, nothing omitted. Reads the structs reachable from ``ROOTS`` and the JSON names of the
versioned types beside them.

Usage: ``python -m tools.generate_internal_types KUBERNETES_SOURCE API_SOURCE OUTPUT``
"""

import json
import re
import sys
from pathlib import Path

GROUPS = {
    "core": "core", "apps": "apps", "batch": "batch", "autoscaling": "autoscaling", "networking": "networking",
    "policy": "policy", "storage": "storage", "admissionregistration": "admissionregistration", "rbac": "rbac",
    "authorization": "authorization", "discovery": "discovery", "flowcontrol": "flowcontrol", "resource": "resource",
}  # fmt: skip
ROOTS = (
    "core.PodSpec", "core.EphemeralContainer", "core.PersistentVolumeClaimSpec", "core.PersistentVolumeSource",
    "core.Container", "core.Taint", "core.ServicePort", "core.NodeAddress", "core.ScopeSelector",
    "core.VolumeNodeAffinity", "core.PodTemplateSpec", "core.NodeSelectorTerm", "core.PodIP", "core.SecurityContext",
    "core.NodeConfigSource", "apps.DeploymentStrategy", "apps.DaemonSetUpdateStrategy",
    "apps.StatefulSetUpdateStrategy", "batch.PodFailurePolicy", "batch.SuccessPolicy", "batch.UncountedTerminatedPods",
    "networking.IngressRule", "networking.ServiceCIDRSpec", "networking.ParentReference",
    "policy.PodDisruptionBudgetSpec", "rbac.RoleRef", "storage.VolumeAttachmentSpec", "storage.CSINodeDriver",
    "core.PersistentVolumeClaim", "authorization.NonResourceAttributes", "admissionregistration.Validation",
    "admissionregistration.ParamRef", "core.ClusterTrustBundleProjection", "core.ObjectReference", "core.EventSource",
    "core.PodResourceClaim", "resource.ResourceClaimTemplateSpec",
)  # fmt: skip
STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^\t(\w+(?:\.\w+)?)(?:[ \t]+([\w.\[\]*]+))?(?:[ \t]+`([^`]*)`)?(?:\s*//.*)?$", re.MULTILINE)
TYPE_DEF = re.compile(r"^type (\w+) (\w[\w.\[\]*]*)$", re.MULTILINE)


def structs(text: str) -> dict[str, list[tuple[str, str, str]]]:
    """Return the structs of a source: fields as name, type, tag."""
    return {name: FIELD.findall(body) for name, body in STRUCT.findall(text)}


def json_names(source: Path) -> dict[tuple[str, str], str]:
    """Return the JSON names of a versioned source's fields."""
    found = {}
    for name, fields in structs(source.read_text()).items():
        for field, _, tag in fields:
            match = re.search(r'json:"([^",]*)', tag)
            if match:
                found[name, field] = match[1]
    return found


def version(api: Path, group: str) -> Path:
    """Return the source of a group's main version."""
    folder = "v2" if group == "autoscaling" else "v1"
    return api / group / folder / "types.go"


def main() -> None:
    """Write the table."""
    kubernetes, api, output = map(Path, sys.argv[1:4])
    types, names, plain = {}, {}, {}
    for group in GROUPS:
        text = (kubernetes / "pkg/apis" / group / "types.go").read_text()
        types[group] = structs(text)
        plain[group] = dict(TYPE_DEF.findall(text))
        names[group] = json_names(version(api, group))
    table: dict[str, list[list[str]]] = {}
    queue = list(ROOTS)
    while queue:
        root = queue.pop()
        if root in table:
            continue
        group, _, name = root.partition(".")
        table[root] = []
        for field, kind, _ in types[group][name]:
            go_name, go_type = (field, kind) if kind else ("", field)
            base = re.sub(r"^(?:\[\]|\*|map\[\w+(?:\.\w+)?\])*", "", go_type)
            prefix = go_type[: len(go_type) - len(base)]
            owner, _, short = base.rpartition(".")
            owner = {"": group, "api": "core"}.get(owner, owner)
            target = f"{owner}.{short}"
            if owner in types and short in types[owner]:
                queue.append(target)
                base = target
            elif owner in plain and short in plain[owner]:
                base = "map" if short == "ResourceList" else plain[owner][short]
                if base.startswith("map"):
                    base = "map"
            elif base.startswith("map"):
                base = "map"
            json_name = names[group].get((name, go_name or short))
            if json_name is None:
                json_name = go_name[:1].lower() + go_name[1:] if not go_name[:2].isupper() else go_name.lower()
            table[root].append([go_name, json_name, prefix + base])
    output.write_text(json.dumps(table, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
