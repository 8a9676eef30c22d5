"""The add-ons of a cluster that is not bare: DNS, kube-proxy, an Ingress controller, metrics (``addons.yaml``)."""

import base64
from functools import partial
from importlib.resources import files

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.rest import Rest
from k8s_tutor.sim.registry.strategy import RequestContext, UserInfo

METRICS = "v1beta1.metrics.k8s.io"
SERVICES = "apiservices.apiregistration.k8s.io"
USER = UserInfo("kubernetes-admin", ("system:masters", "system:authenticated"))


CLUSTER_INFO = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {ca}
    server: https://control-plane:{port}
  name: ""
contexts: null
current-context: ""
kind: Config
users: null
"""


def install(rest: Rest, ca: str, port: int) -> None:
    """Create the add-ons' objects as ``kubeadm`` and ``kubectl`` would; ``ca`` and ``port`` are the API server's."""
    import yaml

    info = CLUSTER_INFO.format(ca=base64.b64encode(ca.encode()).decode(), port=port)
    meta = {"name": "cluster-info", "namespace": "kube-public"}
    about = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"kubeconfig": info}}
    rest.create(RequestContext(USER, "kubeadm"), "configmaps", "kube-public", about)
    text = files("k8s_tutor.sim.controlplane").joinpath("addons.yaml").read_text(encoding="utf-8")
    for obj in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        resource = rest.scheme.for_kind(obj["apiVersion"], obj["kind"])
        if resource is None:
            continue
        try:
            rest.create(RequestContext(USER, "kubeadm"), resource.name, obj["metadata"].get("namespace", ""), obj)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
    ctx = RequestContext(USER, "kube-apiserver", subresource="status")
    rest.change(ctx, SERVICES, "", METRICS, partial(_available, rest))


def _available(rest: Rest, service: Json) -> None:
    """The aggregator finds the add-on's API available: we serve it ourselves."""
    condition = {"type": "Available", "status": "True", "reason": "Passed", "message": "all checks passed"}
    service["status"] = {"conditions": [condition | {"lastTransitionTime": rfc3339(rest.store.clock.now())}]}
