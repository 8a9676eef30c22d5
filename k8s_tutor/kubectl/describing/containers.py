"""Containers: image, ports, command, state, resources, probes, environment, mounts."""

import json
import re
from collections.abc import Callable
from typing import Any

from k8s_tutor.apimachinery.quantity import Quantity, QuantityError
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import boolean, go_list, long_time

Resolver = Callable[[Json], str]


def write_containers(
    view: View,
    label: str,
    containers: list[Json],
    statuses: list[Json] | None = None,
    resolve: Resolver | None = None,
    space: str = "",
) -> None:
    """Add containers under a label.

    Args:
        view: the page.
        label: ``Containers``, ``Init Containers`` …
        containers: of the spec.
        statuses: of the status, if this is a pod.
        resolve: gives the value of a fieldRef variable.
        space: indentation of a template.
    """
    by_name = {status["name"]: status for status in statuses or ()}
    view.line(0, f"{space}{label}:{'' if containers else ' <none>'}")
    for container in containers:
        status = by_name.get(container.get("name", ""))
        _basics(view, container, status, space)
        _words(view, container)
        if status is not None:
            _states(view, status)
        write_resources(view, container.get("resources"), 2)
        for name, key in (("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")):
            if container.get(key):
                view.field(2, name, probe(container[key]))
        _env_from(view, container)
        _env(view, container, resolve)
        _mounts(view, container)


def _basics(view: View, container: Json, status: Json | None, space: str) -> None:
    view.line(1, f"{' ' if space else ''}{container.get('name', '')}:")
    if status is not None:
        view.field(2, "Container ID", status.get("containerID", ""))
    view.field(2, "Image", container.get("image", ""))
    if status is not None:
        view.field(2, "Image ID", status.get("imageID", ""))
    for title, key in (("Port", "containerPort"), ("Host Port", "hostPort")):
        ports = [_port(port, key) for port in container.get("ports") or ()]
        text = ", ".join(ports)
        view.field(2, f"{title}s" if "," in text else title, text or "<none>")
    seccomp = (container.get("securityContext") or {}).get("seccompProfile")
    if seccomp:
        view.field(2, "SeccompProfile", seccomp.get("type", ""))
        if seccomp.get("type") == "Localhost":
            view.field(3, "LocalhostProfile", seccomp.get("localhostProfile", ""))


def _port(port: Json, key: str) -> str:
    text = f"{port.get(key, 0)}/{port.get('protocol', 'TCP')}"
    return f"{text} ({port['name']})" if port.get("name") else text


def _words(view: View, container: Json) -> None:
    for title, key in (("Command", "command"), ("Args", "args")):
        if container.get(key):
            view.line(2, f"{title}:")
            for word in container[key]:
                for part in word.split("\n"):
                    view.line(3, part)


def _states(view: View, status: Json) -> None:
    _state(view, "State", status.get("state") or {})
    if (status.get("lastState") or {}).get("terminated"):
        _state(view, "Last State", status["lastState"])
    view.field(2, "Ready", boolean(status.get("ready")))
    view.field(2, "Restart Count", status.get("restartCount", 0))


def _state(view: View, title: str, state: Json) -> None:
    if "running" in state:
        view.field(2, title, "Running")
        view.field(3, "Started", long_time((state["running"] or {}).get("startedAt")))
    elif state.get("terminated"):
        ended = state["terminated"]
        view.field(2, title, "Terminated")
        if ended.get("reason"):
            view.field(3, "Reason", ended["reason"])
        if ended.get("message"):
            view.field(3, "Message", ended["message"])
        view.field(3, "Exit Code", ended.get("exitCode", 0))
        if ended.get("signal"):
            view.field(3, "Signal", ended["signal"])
        view.field(3, "Started", long_time(ended.get("startedAt")))
        view.field(3, "Finished", long_time(ended.get("finishedAt")))
    else:
        view.field(2, title, "Waiting")
        reason = (state.get("waiting") or {}).get("reason")
        if reason:
            view.field(3, "Reason", reason)


def write_resources(view: View, resources: Json | None, level: int) -> None:
    """Add limits and requests."""
    for title, key in (("Limits", "limits"), ("Requests", "requests")):
        amounts = (resources or {}).get(key) or {}
        if amounts:
            view.line(level, f"{title}:")
        for name in sorted(amounts):
            view.field(level + 1, name, amounts[name])


def probe(one: Json) -> str:
    """Return a probe on one line."""
    timing = (
        f"delay={one.get('initialDelaySeconds', 0)}s timeout={one.get('timeoutSeconds', 0)}s "
        f"period={one.get('periodSeconds', 0)}s successThreshold={one.get('successThreshold', 0)} "
        f"failureThreshold={one.get('failureThreshold', 0)}"
    )
    if one.get("exec"):
        return f"exec {go_list(one['exec'].get('command'))} {timing}"
    if one.get("httpGet"):
        http = one["httpGet"]
        scheme = (http.get("scheme") or "").lower()
        path = http.get("path", "")
        host = f"{http.get('host', '')}:{http.get('port', '')}"
        path = path if path.startswith("/") or not path else f"/{path}"
        return f"http-get {scheme + ':' if scheme else ''}//{host}{path} {timing}"
    if one.get("tcpSocket"):
        return f"tcp-socket {one['tcpSocket'].get('host', '')}:{one['tcpSocket'].get('port', '')} {timing}"
    if one.get("grpc"):
        return f"grpc <pod>:{one['grpc'].get('port', 0)} {one['grpc'].get('service', '')} {timing}"
    return f"unknown {timing}"


def _env_from(view: View, container: Json) -> None:
    sources = container.get("envFrom") or ()
    if sources:
        view.line(2, "Environment Variables from:")
    for source in sources:
        kind, key = ("ConfigMap", "configMapRef") if source.get("configMapRef") else ("Secret", "secretRef")
        reference = source.get(key) or {}
        prefix = f" with prefix '{source['prefix']}'" if source.get("prefix") else ""
        optional = "true" if reference.get("optional") else "false"
        view.line(3, f"{reference.get('name', '')}\t{kind}{prefix}\tOptional: {optional}")


def _env(view: View, container: Json, resolve: Resolver | None) -> None:
    variables = container.get("env") or ()
    view.line(2, "Environment:" + ("" if variables else "\t<none>"))
    for variable in variables:
        name, source = variable.get("name", ""), variable.get("valueFrom")
        if not source:
            first, *rest = (variable.get("value") or "").split("\n")
            view.line(3, f"{name}:\t{first}")
            for part in rest:
                view.line(3, f"\t{part}")
        elif source.get("fieldRef"):
            reference = source["fieldRef"]
            value = resolve(reference) if resolve else ""
            view.line(3, f"{name}:\t{value} ({reference.get('apiVersion', 'v1')}:{reference.get('fieldPath', '')})")
        elif source.get("resourceFieldRef"):
            reference = source["resourceFieldRef"]
            view.line(3, f"{name}:\t{resource_value(reference, container)} ({reference.get('resource', '')})")
        else:
            _env_key(view, name, source)


def _env_key(view: View, name: str, source: Json) -> None:
    for key, text in (("secretKeyRef", "in secret"), ("configMapKeyRef", "of config map")):
        reference = source.get(key)
        if reference:
            optional = "true" if reference.get("optional") else "false"
            what = f"<set to the key '{reference.get('key', '')}' {text} '{reference.get('name', '')}'>"
            view.line(3, f"{name}:\t{what}\tOptional: {optional}")


def resource_value(reference: Json, container: Json) -> str:
    """Return what a resourceFieldRef gives: the amount in units of its divisor, rounded up."""
    section, _, name = str(reference.get("resource", "")).partition(".")
    amounts = (container.get("resources") or {}).get(section) or {}
    try:
        amount = Quantity.parse(amounts.get(name, "0"))
        divisor = Quantity.parse(reference.get("divisor") or "0")
    except QuantityError:
        return ""
    unit = divisor.nanos or 10**9
    value = str(-(-amount.nanos // unit))
    return "node allocatable" if value == "0" and section == "limits" and name in {"cpu", "memory"} else value


def _mounts(view: View, container: Json) -> None:
    mounts = sorted(container.get("volumeMounts") or (), key=lambda mount: mount.get("mountPath", ""))
    view.line(2, "Mounts:" + ("" if mounts else "\t<none>"))
    for mount in mounts:
        flags = ["ro" if mount.get("readOnly") else "rw"]
        if mount.get("subPath"):
            flags.append(f"path={json.dumps(mount['subPath'])}")
        view.line(3, f"{mount.get('mountPath', '')} from {mount.get('name', '')} ({','.join(flags)})")
    devices = sorted(container.get("volumeDevices") or (), key=lambda device: device.get("devicePath", ""))
    if devices:
        view.line(2, "Devices:" + ("" if mounts else "\t<none>"))
        for device in devices:
            view.line(3, f"{device.get('devicePath', '')} from {device.get('name', '')}")


def field_resolver(pod: Json) -> Resolver:
    """Return what gives the value of a fieldRef for this pod; only metadata can be resolved."""
    metadata: dict[str, Any] = pod.get("metadata", {})

    def resolve(reference: Json) -> str:
        path = reference.get("fieldPath", "")
        match = re.fullmatch(r"metadata\.(labels|annotations)\['(.*)'\]", path)
        if match:
            return str((metadata.get(match.group(1)) or {}).get(match.group(2), ""))
        if path in {"metadata.labels", "metadata.annotations"}:
            values = metadata.get(path.split(".")[1]) or {}
            return "\n".join(f"{key}={json.dumps(values[key])}" for key in sorted(values))
        plain = {"metadata.name": "name", "metadata.namespace": "namespace", "metadata.uid": "uid"}
        return str(metadata.get(plain[path], "")) if path in plain else ""

    return resolve
