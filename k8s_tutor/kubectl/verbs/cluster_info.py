"""``kubectl cluster-info``."""

from dataclasses import replace
from typing import Any

from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import list_all
from k8s_tutor.kubectl.options import ALL_NAMESPACES, POD_RUNNING_TIMEOUT, output_of
from k8s_tutor.kubectl.printers import printer_for

_DUMPED = (
    ("v1", "events"),
    ("v1", "replicationcontrollers"),
    ("v1", "services"),
    ("apps/v1", "daemonsets"),
    ("apps/v1", "deployments"),
    ("apps/v1", "replicasets"),
    ("v1", "pods"),
)

_FILES = {"replicationcontrollers": "replication-controllers"}


class Dump(Verb):
    """Prints what a cluster's debugger would ask for: nodes, then each namespace's objects and logs."""

    name = "dump"
    usage = "cluster-info dump [flags] [options]"
    short = "Dump relevant information for debugging and diagnosis"
    flags = (
        *output_of("json", "json or yaml"),
        ALL_NAMESPACES,
        Flag("namespaces", "list", help="the namespaces to dump; kube-system and this one if not given"),
        Flag("output-directory", help="a folder for the files; the output if empty or -"),
        replace(POD_RUNNING_TIMEOUT, default=20.0),
    )

    def run(self, call: Call) -> int:
        show = printer_for(call.flag("output"), template=call.flag("template"), typed=True)
        suffix = "yaml" if call.flag("output") == "yaml" else "json"
        self._put(call, f"nodes.{suffix}", show(self._list(call, "/api/v1/nodes")))
        namespaces = call.flag("namespaces") or sorted({"kube-system", call.namespace})
        if call.flag("all-namespaces"):
            namespaces = [one["metadata"]["name"] for one in list_all(call, "/api/v1/namespaces")]
        for namespace in namespaces:
            for version, plural in _DUMPED:
                root = "/api" if version == "v1" else "/apis"
                found = self._list(call, f"{root}/{version}/namespaces/{namespace}/{plural}")
                name = _FILES.get(plural, plural)
                self._put(call, f"{namespace}/{name}.{suffix}", show(found))
                if plural == "pods":
                    for pod in found.get("items") or ():
                        self._logs(call, pod)
        if self._folder(call):
            call.out(f"Cluster info dumped to {call.flag('output-directory')}")
        return 0

    def _list(self, call: Call, path: str) -> dict[str, Any]:
        found: dict[str, Any] = call.request("GET", path)
        return found

    def _logs(self, call: Call, pod: dict[str, Any]) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        for container in [*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]]:
            try:
                text = b"".join(call.client.logs(namespace, name, {"container": container["name"]}).chunks()).decode()
            except ApiError as error:
                text = f"Request log error: {error}\n"
            where = f"container {container['name']} of pod {namespace}/{name} ====\n"
            self._put(
                call, f"{namespace}/{name}/logs.txt", f"==== START logs for {where}{text}==== END logs for {where}"
            )

    def _put(self, call: Call, name: str, text: str) -> None:
        folder = self._folder(call)
        if not folder:
            call.write(text)
            return
        file = call.cwd / folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a" if name.endswith(".txt") else "w", encoding="utf-8") as stream:
            stream.write(text)

    def _folder(self, call: Call) -> str:
        name = call.flag("output-directory")
        return "" if name == "-" else name


class ClusterInfo(Verb):
    """Tells where the control plane and its services are."""

    name = "cluster-info"
    usage = "cluster-info [flags] [options]"
    short = "Display cluster information"
    group = "Cluster Management Commands"
    subverbs = (Dump,)

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
