"""``pods/binding``: a pod is assigned to its node, once (upstream: ``core/pod/storage`` BindingREST)."""

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.machinery.meta import topology_of
from k8s_tutor.sim.machinery.status import ApiError, FieldError, conflict, invalid
from k8s_tutor.sim.registry.rest import Rest
from k8s_tutor.sim.registry.scheme import Resource
from k8s_tutor.sim.registry.strategy import RequestContext

SUCCESS: Json = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


class Binding:
    """Assigns pods."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def __call__(self, ctx: RequestContext, resource: Resource, namespace: str, name: str, body: Json) -> Json:
        target = body.get("target") or {}
        errors = []
        if target.get("kind") not in {"", None, "Node"}:
            shown = target["kind"]
            text = f'Unsupported value: "{shown}": supported values: "Node", "<empty>"'
            errors.append(FieldError("FieldValueNotSupported", "target.kind", text))
        if not target.get("name"):
            errors.append(FieldError("FieldValueRequired", "target.name", "Required value"))
        if errors:
            raise invalid("Binding", "", name, errors)
        pod = self._rest.entry(resource, namespace, name).obj
        self._check(pod, name, target["name"], body)
        if ctx.dry_run:
            return dict(SUCCESS)
        new = clone(pod)
        new["spec"]["nodeName"] = target["name"]
        new.get("status", {}).pop("nominatedNodeName", None)  # only a hint until now
        meta = body.get("metadata") or {}
        for key in ("labels", "annotations"):
            if meta.get(key):
                new["metadata"].setdefault(key, {}).update(meta[key])
        node = self._rest.store.get("nodes", "", target["name"])
        copied = topology_of(node.obj) if node else {}
        if copied:
            new["metadata"].setdefault("labels", {}).update(copied)
        self._scheduled(new)
        self._rest.store.put(resource.name, (namespace, name), resource.encode(new))
        return dict(SUCCESS)

    def _check(self, pod: Json, name: str, node: str, body: Json) -> None:
        uid = (body.get("metadata") or {}).get("uid")
        if uid and uid != pod["metadata"]["uid"]:
            have = pod["metadata"]["uid"]
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {have}"
            raise conflict("pods/binding", "", name, why)
        if pod["metadata"].get("deletionTimestamp"):
            raise conflict("pods/binding", "", name, f"pod {name} is being deleted, cannot be assigned to a host")
        present = pod["spec"].get("nodeName")
        if present:
            raise conflict("pods/binding", "", name, f'pod {name} is already assigned to node "{present}"')
        if pod["spec"].get("schedulingGates"):
            raise conflict("pods/binding", "", name, f"pod {name} has non-empty .spec.schedulingGates")
        if not node:
            raise ApiError(400, "BadRequest", "target.name is required")

    def _scheduled(self, pod: Json) -> None:
        """Set the condition PodScheduled."""
        now = rfc3339(self._rest.store.clock.now())
        conditions = pod.setdefault("status", {}).setdefault("conditions", [])
        fresh: Json = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
        for index, condition in enumerate(conditions):
            if condition["type"] == "PodScheduled":
                if condition["status"] == "True":
                    fresh["lastTransitionTime"] = condition["lastTransitionTime"]
                conditions[index] = fresh
                return
        conditions.append(fresh)
