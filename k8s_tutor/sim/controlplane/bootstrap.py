"""Writes the objects of a fresh cluster: namespaces, RBAC policy, priority classes, flow schemas, the API's own Service.

What kube-apiserver's post-start hooks and the controller-manager's client builder make once is stored as data
(``apimachinery/schema``), with the times of now. What controllers make (default ServiceAccounts, the root CA) they make.
"""

from k8s_tutor.apimachinery.schema.bootstrap import bootstrap_objects
from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.meta import new_uid
from k8s_tutor.sim.machinery.store import Store
from k8s_tutor.sim.registry.scheme import Scheme

CONTROLLERS_OWN = frozenset(("default", "kube-root-ca.crt"))


def bootstrap(store: Store, scheme: Scheme, port: int = 6443) -> None:
    """Write the objects into an empty store; ``port`` is the API server's, for the Service ``kubernetes``."""
    now = rfc3339(store.clock.now())
    for path, obj in bootstrap_objects():
        meta = obj["metadata"]
        if meta["name"] in CONTROLLERS_OWN and "namespace" in meta:
            continue
        _date(obj, now)
        resource = _resource(scheme, path)
        if resource == "services":
            obj["spec"]["ports"][0]["targetPort"] = port
        store.put(resource, (meta.get("namespace", ""), meta["name"]), obj)
        if resource == "services":
            scheme.resources[resource].strategy.after_write(obj)  # its address is taken
    _track_legacy_tokens(store, now)


def _track_legacy_tokens(store: Store, now: str) -> None:
    """Note since when the use of tokens in Secrets is watched (upstream: ``controller/legacytokentracking``)."""
    name = "kube-apiserver-legacy-service-account-token-tracking"
    fields: Json = {"f:data": {".": {}, "f:since": {}}}
    entry: Json = {"manager": "kube-apiserver", "operation": "Update", "apiVersion": "v1", "time": now}
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": fields}
    meta = {"name": name, "namespace": "kube-system", "uid": new_uid(), "creationTimestamp": now}
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta | {"managedFields": [entry]}}
    store.put("configmaps", ("kube-system", name), obj | {"data": {"since": now[:10]}})


def _date(obj: Json, now: str) -> None:
    obj["metadata"] |= {"uid": new_uid(), "creationTimestamp": now}
    for entry in obj["metadata"].get("managedFields", ()):
        entry["time"] = now
    for condition in obj.get("status", {}).get("conditions", ()):
        condition["lastTransitionTime"] = now


def _resource(scheme: Scheme, path: str) -> str:
    """Return the store's name of the resource of a collection's path."""
    parts = path.strip("/").split("/")
    group, version = ("", parts[1]) if parts[0] == "api" else (parts[1], parts[2])
    return scheme.by_path[group, version, parts[-1]].name
