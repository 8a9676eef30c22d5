"""Nodes as machines: two bars each (CPU and memory requests and limits against what can be given), and their pods."""

from collections.abc import Callable, Iterable

from rich.text import Text

from k8s_tutor.apimachinery.quantity import Quantity, QuantityError
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.tui.pictures import pods as pod_picture

ENDED = ("Succeeded", "Failed")


def nodes(nodes_: Iterable[Json], pods: Iterable[Json], width: int, say: Callable[[str], str]) -> list[Text]:
    """Draw all nodes, then the pods that have none.

    Args:
        nodes_: Node objects.
        pods: Pod objects of all namespaces.
        width: columns there are.
        say: the app's words by key.
    """
    living = [pod for pod in pods if pod.get("status", {}).get("phase") not in ENDED]
    lines: list[Text] = []
    for node in nodes_:
        name = node["metadata"]["name"]
        mine = [pod for pod in living if pod["spec"].get("nodeName") == name]
        lines += _node(node, mine, width)
    if not lines:
        lines.append(Text(say("no-nodes"), "dim"))
    waiting = [pod for pod in living if not pod["spec"].get("nodeName")]
    if waiting:
        lines.append(Text(f"◐ {say('unscheduled')}: ", "yellow"))
        lines += [Text(f"    {pod['metadata']['namespace']}/{pod['metadata']['name']}") for pod in waiting]
    return lines


def _node(node: Json, pods: list[Json], width: int) -> list[Text]:
    status = node.get("status", {})
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
    taints = node.get("spec", {}).get("taints") or ()
    head = Text.assemble(
        ("● " if ready else "✗ ", "green" if ready else "red"),
        (node["metadata"]["name"], "bold"),
        ("" if ready else " NotReady", "red"),
        (" cordoned" if node.get("spec", {}).get("unschedulable") else "", "yellow"),
        ("".join(f"  {t['key'].rsplit('/', 1)[-1]}:{t['effect']}" for t in taints), "dim"),
    )
    lines = [head]
    for resource, label in (("cpu", "cpu"), ("memory", "mem")):
        total = _number(status.get("allocatable", {}).get(resource))
        requests = sum(_of(pod, "requests", resource) for pod in pods)
        limits = sum(_of(pod, "limits", resource) for pod in pods)
        lines.append(_bar(label, requests, limits, total, max(8, width - 38)))
    row = Text("  ")
    for pod in pods:
        mark = pod_picture.sign(pod)
        row.append(mark, pod_picture.STYLES[mark])
    row.append(f" {len(pods)}/{status.get('allocatable', {}).get('pods', '?')} pods", "dim")
    lines.append(row)
    return lines


def _bar(label: str, requests: float, limits: float, total: float, width: int) -> Text:
    """``█`` requested, ``▒`` up to the limits, ``!`` beyond what the node has (overcommit)."""
    share = (lambda value: min(width, round(width * value / total))) if total else (lambda _: 0)
    asked, up_to = share(requests), share(limits)
    over = limits > total > 0
    bar = Text("  " + label + " ")
    bar.append("█" * asked, "cyan")
    bar.append("▒" * max(0, up_to - asked), "yellow")
    bar.append("·" * (width - max(asked, up_to)), "dim")
    shown = _human(label, requests), _human(label, limits), _human(label, total)
    bar.append(f" {shown[0]} req, {shown[1]} lim / {shown[2]}", "dim")
    if over:
        bar.append(" !", "bold red")
    return bar


def _of(pod: Json, part: str, resource: str) -> float:
    """What the scheduler counts for a pod: the containers' sum, or an init container that needs more."""
    spec = pod["spec"]
    own = sum(_number((c.get("resources") or {}).get(part, {}).get(resource)) for c in spec.get("containers", ()))
    sidecars = 0.0
    highest = 0.0
    for container in spec.get("initContainers") or ():
        value = _number((container.get("resources") or {}).get(part, {}).get(resource))
        if container.get("restartPolicy") == "Always":
            sidecars += value
        else:
            highest = max(highest, value + sidecars)
    return max(own + sidecars, highest)


def _number(text: object) -> float:
    if not isinstance(text, str | int | float):
        return 0.0
    try:
        return float(Quantity.parse(text).as_number())
    except QuantityError:
        return 0.0


def _human(label: str, value: float) -> str:
    if label == "cpu":
        return f"{round(value * 1000)}m" if value < 10 else f"{value:.0f}"
    for unit, size in (("Gi", 2**30), ("Mi", 2**20)):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.0f}"
