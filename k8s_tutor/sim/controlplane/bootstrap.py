"""The objects of a fresh cluster: namespaces, RBAC policy, priority classes, flow schemas, the API's own Service.

What kube-apiserver's post-start hooks and the controller-manager's client builder write once; here they are stored as
data, with the times of now. Objects that a controller makes (default ServiceAccounts, the root CA) are not among them.
"""

from importlib.resources import files
from typing import Any

import orjson

from k8s_tutor.sim.machinery.meta import new_uid, rfc3339
from k8s_tutor.sim.machinery.store import Store

Json = dict[str, Any]


def bootstrap(store: Store, port: int = 6443) -> None:
    """Write the objects into an empty store; ``port`` is the API server's, for the Service ``kubernetes``."""
    now = rfc3339(store.clock.now())
    data = orjson.loads(files("k8s_tutor.sim.controlplane").joinpath("bootstrap.json").read_bytes())
    for resource, objects in data.items():
        for obj in objects:
            meta = obj["metadata"]
            meta |= {"uid": new_uid(), "creationTimestamp": now}
            for entry in meta.get("managedFields", ()):
                entry["time"] = now
            for condition in obj.get("status", {}).get("conditions", ()):
                condition["lastTransitionTime"] = now
            if resource == "services":
                obj["spec"]["ports"][0]["targetPort"] = port
            store.put(resource, (meta.get("namespace", ""), meta["name"]), obj)
