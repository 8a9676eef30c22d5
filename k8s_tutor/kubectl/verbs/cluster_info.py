"""``kubectl cluster-info``."""

from typing import Any

from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.infos import list_all


class ClusterInfo(Verb):
    """Tells where the control plane and its services are."""

    name = "cluster-info"
    usage = "cluster-info [flags] [options]"
    short = "Display cluster information"
    group = "Cluster Management Commands"

    def run(self, call: Call) -> int:
        services = list_all(
            call, "/api/v1/namespaces/kube-system/services", labelSelector="kubernetes.io/cluster-service=true"
        )
        self._tell(call, "Kubernetes control plane", call.client.server)
        for service in services:
            metadata = service["metadata"]
            name = (metadata.get("labels") or {}).get("kubernetes.io/name") or metadata["name"]
            port: dict[str, Any] = next(iter(service["spec"].get("ports") or ()), {})
            named = f":{port['name']}" if port.get("name") else ""
            path = f"/api/v1/namespaces/kube-system/services/{metadata['name']}{named}/proxy"
            self._tell(call, name, call.client.server + path)
        call.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.")
        return 0

    def _tell(self, call: Call, name: str, link: str) -> None:
        if call.streams.stdout.isatty():
            call.out(f"\x1b[0;32m{name}\x1b[0m is running at \x1b[0;33m{link}\x1b[0m")
        else:
            call.out(f"{name} is running at {link}")


VERB = ClusterInfo
