"""NetworkPolicy, in words."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import label_selector, parse_time

GROUP = "networking.k8s.io"
INDENT = "    "


def describe(view: View, body: Json) -> None:
    """Describe a network policy."""
    metadata, spec = body.get("metadata", {}), body.get("spec", {})
    view.heading(body, labels=False)
    created = parse_time(metadata.get("creationTimestamp"))
    view.field(0, "Created on", f"{created.astimezone():%Y-%m-%d %H:%M:%S %z %Z}" if created else "<nil>")
    view.labels("Labels", metadata.get("labels"))
    view.annotations("Annotations", metadata.get("annotations"))
    view.line(0, "Spec:")
    selector = label_selector(spec.get("podSelector"))
    everything = "<none> (Allowing the specific traffic to all pods in this namespace)"
    view.line(1, "PodSelector: " + INDENT + (everything if selector == "<none>" else selector))
    types = spec.get("policyTypes") or []
    for kind, direction in (("Ingress", "ingress"), ("Egress", "egress")):
        if kind in types:
            view.line(1, f"Allowing {direction} traffic:")
            _rules(view, spec.get(direction) or [], direction)
        else:
            view.line(1, f"Not affecting {direction} traffic")
    view.line(1, f"Policy Types: {', '.join(types) or '<none>'}")


def _rules(view: View, rules: list[Json], direction: str) -> None:
    if not rules:
        view.line(0, f"{INDENT}<none> (Selected pods are isolated for {direction} connectivity)")
    word, key, end = ("From", "from", "source") if direction == "ingress" else ("To", "to", "destination")
    for at, rule in enumerate(rules):
        if not rule.get("ports"):
            view.line(0, f"{INDENT}To Port: <any> (traffic allowed to all ports)")
        for port in rule.get("ports") or ():
            protocol, number = port.get("protocol", "TCP"), port["port"] if port.get("port") is not None else "<nil>"
            if port.get("endPort") is None:
                view.line(0, f"{INDENT}To Port: {number}/{protocol}")
            else:
                view.line(0, f"{INDENT}To Port Range: {number}-{port['endPort']}/{protocol}")
        if not rule.get(key):
            view.line(0, f"{INDENT}{word}: <any> (traffic not restricted by {end})")
        for peer in rule.get(key) or ():
            view.line(0, f"{INDENT}{word}:")
            _peer(view, peer)
        if at != len(rules) - 1:
            view.line(0, f"{INDENT}----------")


def _peer(view: View, peer: Json) -> None:
    if peer.get("namespaceSelector") is not None:
        view.line(1, f"{INDENT}NamespaceSelector: {label_selector(peer['namespaceSelector'])}")
    if peer.get("podSelector") is not None:
        view.line(1, f"{INDENT}PodSelector: {label_selector(peer['podSelector'])}")
    block = peer.get("ipBlock")
    if block and peer.get("namespaceSelector") is None and peer.get("podSelector") is None:
        view.line(1, f"{INDENT}IPBlock:")
        view.line(2, f"{INDENT}CIDR: {block.get('cidr', '')}")
        view.line(2, f"{INDENT}Except: {', '.join(block.get('except') or ())}")
