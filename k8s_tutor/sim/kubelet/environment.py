"""A container's environment: declared variables, their sources, ``$(VAR)`` and the services' variables.

Mirrors kubelet's ``makeEnvironmentVariables``, ``pkg/kubelet/envvars`` and ``third_party/forked/golang/expansion``.
"""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.downward import FieldError, field_value, resource_value

_REFERENCE = re.compile(r"\$(\$|\(([^)]*)\))")


class ConfigError(Exception):
    """The container cannot be configured: a ConfigMap, Secret, key or field is missing."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where values come from.

    Args:
        get: returns an object by resource, namespace and name, or None.
        services: the services there are.
        allocatable: the node's, as limits of containers without.
        addresses: ``podIP`` and ``hostIP``.
        file: the value of a key of a file in a volume of the pod.
    """

    get: Callable[[str, str, str], Json | None]
    services: Iterable[Json]
    allocatable: Json
    addresses: Json
    file: Callable[[Json], str | None]


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replace ``$(NAME)`` by its value; ``$$`` is a dollar, unknown names stay as they are."""

    def replace(match: re.Match[str]) -> str:
        if match[1] == "$":
            return "$"
        return values.get(match[2], match[0])

    return _REFERENCE.sub(replace, text)


def service_variables(services: Iterable[Json], namespace: str, *, links: bool) -> dict[str, str]:
    """Return the variables of ``kubernetes`` and, with links, of the namespace's services."""
    out: dict[str, str] = {}
    for service in services:
        meta, address = service["metadata"], service["spec"].get("clusterIP")
        if address in (None, "", "None") or not service["spec"].get("ports"):
            continue
        is_master = meta["namespace"] == "default" and meta["name"] == "kubernetes"
        if is_master or (links and meta["namespace"] == namespace):
            out |= _one_service(meta["name"], address, service["spec"]["ports"])
    return out


def _one_service(name: str, address: str, ports: list[Json]) -> dict[str, str]:
    prefix = name.upper().replace("-", "_")
    out = {f"{prefix}_SERVICE_HOST": address, f"{prefix}_SERVICE_PORT": str(ports[0]["port"])}
    for port in ports:
        if port.get("name"):
            out[f"{prefix}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = str(port["port"])
    for index, port in enumerate(ports):
        protocol = port.get("protocol") or "TCP"
        url = f"{protocol.lower()}://{address}:{port['port']}"
        if index == 0:
            out[f"{prefix}_PORT"] = url
        place = f"{prefix}_PORT_{port['port']}_{protocol.upper()}"
        out |= {
            place: url,
            f"{place}_PROTO": protocol.lower(),
            f"{place}_PORT": str(port["port"]),
            f"{place}_ADDR": address,
        }
    return out


def variables(pod: Json, container: Json, sources: Sources) -> dict[str, str]:
    """Return the environment in order, without the image's.

    Raises:
        ConfigError: in the kubelet's words.
    """
    namespace = pod["metadata"]["namespace"]
    links = pod["spec"].get("enableServiceLinks", True)
    services = service_variables(sources.services, namespace, links=links)
    values: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        values |= _from_object(source, namespace, sources)
    for variable in container.get("env") or ():
        text = variable.get("value", "")
        if text:
            text = expand(text, services | values)
        elif variable.get("valueFrom"):
            found = _from_source(pod, container, variable["valueFrom"], sources)
            if found is None:
                continue
            text = found
        # Declared order: a variable that comes again keeps its first place, as in a map.
        values[variable["name"]] = text
    return values | {name: value for name, value in services.items() if name not in values}


def _object(sources: Sources, resource: str, namespace: str, reference: Json) -> dict[str, str] | None:
    """Return the data of a ConfigMap or Secret, None if it is missing and optional."""
    name = reference.get("name", "")
    found = sources.get(resource, namespace, name)
    if found is None:
        if reference.get("optional"):
            return None
        raise ConfigError(f'{resource[:-1].lower()} "{name}" not found')
    if resource == "configmaps":
        return dict(found.get("data") or {})
    return {key: base64.b64decode(value).decode("utf-8", "replace") for key, value in (found.get("data") or {}).items()}


def _from_object(source: Json, namespace: str, sources: Sources) -> dict[str, str]:
    prefix = source.get("prefix", "")
    for key, resource in (("configMapRef", "configmaps"), ("secretRef", "secrets")):
        if source.get(key) is not None:
            data = _object(sources, resource, namespace, source[key])
            return {prefix + name: value for name, value in sorted((data or {}).items())}
    return {}


def _from_source(pod: Json, container: Json, source: Json, sources: Sources) -> str | None:
    namespace = pod["metadata"]["namespace"]
    try:
        if "fieldRef" in source:
            return field_value(pod, source["fieldRef"]["fieldPath"], sources.addresses)
        if "resourceFieldRef" in source:
            return resource_value(pod, container, source["resourceFieldRef"], sources.allocatable)
    except FieldError as error:
        raise ConfigError(str(error)) from error
    if "fileKeyRef" in source:
        return _from_file(source["fileKeyRef"], sources)
    for key, resource, word in (
        ("configMapKeyRef", "configmaps", "ConfigMap"),
        ("secretKeyRef", "secrets", "Secret"),
    ):
        reference = source.get(key)
        if reference is None:
            continue
        data = _object(sources, resource, namespace, reference)
        if data is None:
            return None
        if reference["key"] not in data:
            if reference.get("optional"):
                return None
            raise ConfigError(f"couldn't find key {reference['key']} in {word} {namespace}/{reference['name']}")
        return data[reference["key"]]
    return ""


def _from_file(reference: Json, sources: Sources) -> str | None:
    value = sources.file(reference)
    if value is None and not reference.get("optional"):
        key, path = reference["key"], reference["path"]
        raise ConfigError(f'environment variable key "{key}" not found in file "{path}"')
    return value
