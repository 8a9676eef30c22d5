"""The cluster as a tree: namespaces, workloads by their owner references, pods; Services with their endpoints."""

from collections.abc import Callable, Iterable, Mapping

from rich.text import Text

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.tui.pictures import pods as pod_picture

KINDS = {
    "deployments": "Deployment",
    "statefulsets": "StatefulSet",
    "daemonsets": "DaemonSet",
    "cronjobs": "CronJob",
    "jobs": "Job",
    "replicasets": "ReplicaSet",
    "pods": "Pod",
}
Owned = Mapping[str, list[tuple[str, Json]]]
SYSTEM = ("kube-system", "kube-public", "kube-node-lease", "ingress-nginx", "local-path-storage")


def tree(
    objects: Mapping[str, Iterable[Json]], say: Callable[[str], str], *, first: str = "", everything: bool = False
) -> list[Text]:
    """Draw the tree.

    Args:
        objects: by resource: ``namespaces``, ``pods``, ``deployments``, ``replicasets`` … (items need no ``kind``).
        say: the app's words by key.
        first: the namespace shown first (the exercise's).
        everything: show the system's namespaces too.
    """
    owned, roots = _sort(objects)
    names = [ns["metadata"]["name"] for ns in objects.get("namespaces", ())]
    shown = [name for name in names if everything or name not in SYSTEM]
    lines: list[Text] = []
    for name in sorted(shown, key=lambda name: (name != first, name)):
        services = [s for s in objects.get("services", ()) if s["metadata"].get("namespace") == name]
        mine = roots.get(name, [])
        lines.append(Text.assemble(("▾ ", "dim"), (name, "bold")))
        for kind, obj in mine:
            _branch(lines, kind, obj, owned, "  ")
        lines += [_service(service, objects.get("endpointslices", ())) for service in services]
        if not mine and not services:
            lines.append(Text(f"    {say('no-pods')}", "dim"))
    return lines


def _sort(objects: Mapping[str, Iterable[Json]]) -> tuple[Owned, Owned]:
    """Return what belongs to which owner's uid, and what stands alone, by namespace."""
    owned: dict[str, list[tuple[str, Json]]] = {}
    roots: dict[str, list[tuple[str, Json]]] = {}
    for resource, kind in KINDS.items():
        for obj in objects.get(resource, ()):
            owner = next((r["uid"] for r in obj["metadata"].get("ownerReferences") or () if r.get("controller")), None)
            place, key = (owned, owner) if owner else (roots, obj["metadata"].get("namespace", ""))
            place.setdefault(key, []).append((kind, obj))
    return owned, roots


def _branch(lines: list[Text], kind: str, obj: Json, owned: Owned, indent: str) -> None:
    if kind == "Pod":
        lines.append(_pod(obj, indent))
        return
    children = owned.get(obj["metadata"].get("uid", ""), [])
    desired = obj.get("spec", {}).get("replicas")
    if kind == "ReplicaSet" and desired == 0 and not children:
        return
    status = obj.get("status", {})
    counts = f" {status.get('readyReplicas', 0)}/{desired}" if desired is not None else ""
    lines.append(Text.assemble((f"{indent}{kind} ", "dim"), (obj["metadata"]["name"], "bold cyan"), (counts, "")))
    for child_kind, child in children:
        _branch(lines, child_kind, child, owned, indent + "  ")


def _pod(pod: Json, indent: str) -> Text:
    mark = pod_picture.sign(pod)
    again = pod_picture.restarts(pod)
    return Text.assemble(
        (f"{indent}{mark} ", pod_picture.STYLES[mark]),
        pod["metadata"]["name"],
        (f"  {pod_picture.ready_count(pod)} {pod_picture.word(pod)}", "dim"),
        (f"  ↻{again}" if again else "", "yellow"),
    )


def _service(service: Json, slices: Iterable[Json]) -> Text:
    meta, spec = service["metadata"], service.get("spec", {})
    ready = [
        address
        for part in slices
        if part["metadata"].get("namespace") == meta.get("namespace")
        and (part["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == meta["name"]
        for endpoint in part.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
        for address in endpoint.get("addresses", ())
    ]
    ports = ",".join(str(port.get("port")) for port in spec.get("ports") or ())
    arrow = f" → {len(ready)} × {ready[0]}" if len(ready) == 1 else f" → {len(ready)}"
    style = "" if ready else "red"
    return Text.assemble(("  Service ", "dim"), (meta["name"], "bold magenta"), f":{ports}", (arrow, style))
