"""Host name, ``/etc/hosts`` and ``/etc/resolv.conf`` of a pod (upstream: ``kubelet/network/dns``, ``kubelet_pods.go``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.runtime.contract import DnsConfig

CLUSTER_DOMAIN = "cluster.local"
CLUSTER_DNS = "10.96.0.10"
NODE_DNS = DnsConfig(("1.1.1.1",), (), ())
MAX_HOST_NAME = 63
MAX_NAMESERVERS = 3


def host_name(pod: Json, node_name: str) -> tuple[str, str]:
    """Return the host name and the domain ("" if the pod has none)."""
    meta, spec = pod["metadata"], pod["spec"]
    if spec.get("hostnameOverride"):
        return spec["hostnameOverride"], ""
    if spec.get("hostNetwork"):
        return node_name, ""
    name = spec.get("hostname") or meta["name"][:MAX_HOST_NAME].rstrip("-.")
    domain = ""
    if spec.get("subdomain"):
        domain = f"{spec['subdomain']}.{meta['namespace']}.svc.{CLUSTER_DOMAIN}"
    if spec.get("setHostnameAsFQDN") and domain:
        return f"{name}.{domain}", domain
    return name, domain


def resolv_conf(pod: Json) -> DnsConfig:
    """Return what the pod's resolver is configured with."""
    spec = pod["spec"]
    policy = spec.get("dnsPolicy", "ClusterFirst")
    in_cluster = policy == "ClusterFirstWithHostNet" or (policy == "ClusterFirst" and not spec.get("hostNetwork"))
    if in_cluster:
        namespace = pod["metadata"]["namespace"]
        searches = (f"{namespace}.svc.{CLUSTER_DOMAIN}", f"svc.{CLUSTER_DOMAIN}", CLUSTER_DOMAIN)
        base = DnsConfig((CLUSTER_DNS,), searches, ("ndots:5",))
    elif policy == "None":
        base = DnsConfig((), (), ())
    else:
        base = NODE_DNS
    own = spec.get("dnsConfig")
    return base if not own else _merge(base, own)


def _merge(base: DnsConfig, own: Json) -> DnsConfig:
    options = {text.partition(":")[0]: text for text in base.options}
    for option in own.get("options") or ():
        value = option.get("value")
        options[option["name"]] = option["name"] if value is None else f"{option['name']}:{value}"
    nameservers = dict.fromkeys((*base.nameservers, *(own.get("nameservers") or ())))
    searches = dict.fromkeys((*base.searches, *(own.get("searches") or ())))
    return DnsConfig(tuple(nameservers)[:MAX_NAMESERVERS], tuple(searches), tuple(options.values()))


def host_aliases(pod: Json) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the pod's own lines of ``/etc/hosts``."""
    return tuple((one["ip"], tuple(one.get("hostnames") or ())) for one in pod["spec"].get("hostAliases") or ())
