"""``kubectl top node|pod`` (kubectl, ``cmd/top``), from metrics.k8s.io."""

from typing import Any

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import list_all
from k8s_tutor.kubectl.options import ALL_NAMESPACES, FIELD_SELECTOR, SELECTOR
from k8s_tutor.kubectl.printers.table import aligned_columns
from k8s_tutor.kubectl.verbgroup import VerbGroup

GROUP = "/apis/metrics.k8s.io/v1beta1"
MIB = 1024 * 1024


def _milli(text: str) -> int:
    return -(-Quantity.parse(text).nanos // 10**6)


def _bytes(text: str) -> int:
    return -(-Quantity.parse(text).nanos // 10**9)


def _metrics(call: Call, path: str, **query: str) -> list[Json]:
    if not any(one.group == "metrics.k8s.io" for one in call.client.discovery.resources()):
        raise CommandError("Metrics API not available")
    return list_all(call, path, **query)


class TopNode(Verb):
    """Shows what nodes use."""

    name = "node"
    aliases = ("nodes", "no")
    usage = "top node [NAME | -l label] [options]"
    short = "Display resource (CPU/memory) usage of nodes"
    flags = (
        SELECTOR,
        Flag("sort-by", help="cpu or memory"),
        Flag("no-headers", "bool", help="leave the header line out"),
        Flag("show-capacity", "bool", help="against capacity instead of what pods may use"),
        Flag("show-swap", "bool", help="taken and ignored: the nodes have no swap"),
        Flag("use-protocol-buffers", "bool", default=True, help="taken and ignored"),
    )

    def validate(self, call: Call) -> None:
        _check(call, "NAME or --selector")

    def run(self, call: Call) -> int:
        if call.arguments:
            _metrics(call, f"{GROUP}/nodes")
            found = [call.client.get(f"{GROUP}/nodes/{call.arguments[0]}")]
        else:
            found = _metrics(call, f"{GROUP}/nodes", labelSelector=call.flag("selector"))
        if not found:
            raise CommandError("metrics not available yet")
        nodes = {node["metadata"]["name"]: node for node in list_all(call, "/api/v1/nodes")}
        rows = [self._row(call, one, nodes.get(one["metadata"]["name"])) for one in _ordered(call, found, _node_usage)]
        known = {one["metadata"]["name"] for one in found}
        if not call.arguments:
            rows += [[name, *["<unknown>"] * 4] for name in sorted(nodes) if name not in known]
        headers = ["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"]
        call.write(aligned_columns(rows, None if call.flag("no-headers") else headers))
        return 0

    def _row(self, call: Call, one: Json, node: Json | None) -> list[str]:
        status = (node or {}).get("status") or {}
        whole = status.get("capacity" if call.flag("show-capacity") else "allocatable") or {}
        cpu, memory = _node_usage(one)
        row = [one["metadata"]["name"], f"{cpu}m", _percent(cpu, _milli(whole.get("cpu", "0")))]
        return [*row, f"{memory // MIB}Mi", _percent(memory, _bytes(whole.get("memory", "0")))]


class TopPod(Verb):
    """Shows what pods use."""

    name = "pod"
    aliases = ("pods", "po")
    usage = "top pod [NAME | -l label] [options]"
    short = "Display resource (CPU/memory) usage of pods"
    flags = (
        SELECTOR,
        FIELD_SELECTOR,
        ALL_NAMESPACES,
        Flag("sort-by", help="cpu or memory"),
        Flag("containers", "bool", help="each container by itself"),
        Flag("no-headers", "bool", help="leave the header line out"),
        Flag("sum", "bool", help="end with the sum"),
        Flag("show-swap", "bool", help="taken and ignored: the nodes have no swap"),
        Flag("use-protocol-buffers", "bool", default=True, help="taken and ignored"),
    )

    def validate(self, call: Call) -> None:
        _check(call, "NAME or selector")

    def run(self, call: Call) -> int:
        path = f"{GROUP}/pods" if call.flag("all-namespaces") else f"{GROUP}/namespaces/{call.namespace}/pods"
        if call.arguments:
            _metrics(call, path)
            found = [self._one(call, path)]
        else:
            found = _metrics(call, path, labelSelector=call.flag("selector"), fieldSelector=call.flag("field-selector"))
        if not found:
            return self._nothing(call)
        rows = []
        for one in _ordered(call, found, _pod_usage):
            rows += self._rows(call, one)
        if call.flag("sum"):
            cpu, memory = (sum(values) for values in zip(*map(_pod_usage, found), strict=True))
            lead = [""] * (len(rows[0]) - 3)
            rows += [[*lead, "", "________", "________"], [*lead, "", f"{cpu}m", f"{memory // MIB}Mi"]]
        headers = ["NAMESPACE"] if call.flag("all-namespaces") else []
        headers += ["POD", "NAME"] if call.flag("containers") else ["NAME"]
        headers += ["CPU(cores)", "MEMORY(bytes)"]
        call.write(aligned_columns(rows, None if call.flag("no-headers") else headers))
        return 0

    def _one(self, call: Call, path: str) -> Json:
        try:
            found: Json = call.client.get(f"{path}/{call.arguments[0]}")
        except ApiError as error:
            if error.status == 404:
                call.client.get(f"/api/v1/namespaces/{call.namespace}/pods/{call.arguments[0]}")
                raise CommandError(f"Metrics not available for pod {call.namespace}/{call.arguments[0]}") from None
            raise
        return found

    def _nothing(self, call: Call) -> int:
        path = "/api/v1/pods" if call.flag("all-namespaces") else f"/api/v1/namespaces/{call.namespace}/pods"
        if list_all(call, path, labelSelector=call.flag("selector")):
            raise CommandError("metrics not available yet")
        where = "" if call.flag("all-namespaces") else f" in {call.namespace} namespace."
        call.err(f"No resources found{where}")
        return 0

    def _rows(self, call: Call, one: Json) -> list[list[str]]:
        metadata = one["metadata"]
        lead = [metadata.get("namespace", "")] if call.flag("all-namespaces") else []
        if not call.flag("containers"):
            cpu, memory = _pod_usage(one)
            return [[*lead, metadata["name"], f"{cpu}m", f"{memory // MIB}Mi"]]
        rows = []
        for container in one.get("containers") or ():
            usage = container["usage"]
            amounts = [f"{_milli(usage.get('cpu', '0'))}m", f"{_bytes(usage.get('memory', '0')) // MIB}Mi"]
            rows.append([*lead, metadata["name"], container["name"], *amounts])
        return rows


def _check(call: Call, what: str) -> None:
    if call.flag("sort-by") not in {"", "cpu", "memory"}:
        raise CommandError("--sort-by accepts only cpu or memory")
    if len(call.arguments) > 1:
        raise call.usage(call.path.split(" ", 1)[1])
    if call.arguments and call.flag("selector"):
        raise CommandError(f"only one of {what} can be provided")


def _node_usage(one: Json) -> tuple[int, int]:
    return _milli(one["usage"].get("cpu", "0")), _bytes(one["usage"].get("memory", "0"))


def _pod_usage(one: Json) -> tuple[int, int]:
    usages = [container["usage"] for container in one.get("containers") or ()]
    return (
        sum(_milli(usage.get("cpu", "0")) for usage in usages),
        sum(_bytes(usage.get("memory", "0")) for usage in usages),
    )


def _ordered(call: Call, found: list[Json], usage: Any) -> list[Json]:
    by = call.flag("sort-by")
    if by:
        at = 0 if by == "cpu" else 1
        return sorted(found, key=lambda one: -usage(one)[at])
    return sorted(found, key=lambda one: (one["metadata"].get("namespace", ""), one["metadata"]["name"]))


def _percent(part: int, whole: int) -> str:
    return f"{int(part * 100 / whole)}%" if whole else "<unknown>"


class Top(VerbGroup):
    """Groups what can be shown."""

    name = "top"
    usage = "top SUBCOMMAND [options]"
    short = "Display resource (CPU/memory) usage"
    group = "Cluster Management Commands"
    subverbs = (TopNode, TopPod)


VERB = Top
