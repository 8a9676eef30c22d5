"""What verbs that change objects share: dry runs, field managers, telling what was done, deleting and waiting."""

import os
from datetime import UTC, datetime
from typing import Any

from k8s_tutor.apimachinery.names import is_label_value
from k8s_tutor.client import ApiError, APIResource
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.infos import Info, kind_name
from k8s_tutor.kubectl.printers import printer_for
from k8s_tutor.kubectl.text import quoted


def dry_run(call: Call) -> str:
    """Return none, client or server.

    Raises:
        CommandError: any other value.
    """
    value = call.words.get("dry-run", "none")
    if value in {"none", "client", "server"}:
        return str(value)
    if value == "unchanged":
        call.words.values["dry-run"] = "client"
        call.err(
            f"{log_head('W', 'helpers.go:714')} --dry-run is deprecated and can be replaced with --dry-run=client."
        )
        return "client"
    raise CommandError(f'Invalid dry-run value ({value}). Must be "none", "server", or "client".')


def log_head(level: str, where: str) -> str:
    """Return the beginning of a log line as klog writes it."""
    now = datetime.now(UTC)
    return f"{level}{now:%m%d %H:%M:%S.%f} {os.getpid():>7} {where}]"


def query(call: Call, manager: str, *, validate: bool = False) -> dict[str, Any]:
    """Return the parameters of a changing request: field manager, dry run, field validation."""
    parameters: dict[str, Any] = {
        "fieldManager": call.flag("field-manager") if "field-manager" in call.words.changed else manager
    }
    if dry_run(call) == "server":
        parameters["dryRun"] = "All"
    if validate and "validate" in call.words.values:
        parameters["fieldValidation"] = validation(call.flag("validate"))
    return parameters


def validation(value: str) -> str:
    """Return the server's name of a validation level.

    Raises:
        CommandError: no such level.
    """
    levels = {"strict": "Strict", "true": "Strict", "warn": "Warn", "ignore": "Ignore", "false": "Ignore"}
    if value not in levels:
        raise CommandError(
            f"invalid - validate option {quoted(value)}; must be one of: strict (or true), warn, ignore (or false)"
        )
    return levels[value]


def tell(
    call: Call, resource: APIResource, body: dict[str, Any], operation: str, *, typed: bool = False, suffix: bool = True
) -> None:
    """Print what was done to an object, or the object in the wanted format.

    Args:
        call: the call.
        resource: what the object is.
        body: the object.
        operation: what was done, as a participle.
        suffix: say whether it was a dry run.
        typed: print JSON in the order of the Go type, as verbs do that decode objects into it.
    """
    output, template = call.words.get("output", ""), call.words.get("template", "")
    if output or template:
        show = printer_for(
            output or "go-template",
            template=template,
            allow_missing=call.words.get("allow-missing-template-keys", True),
            show_managed=call.words.get("show-managed-fields", False),
            cwd=call.cwd,
            typed=typed,
        )
        body = {"apiVersion": resource.group_version, "kind": resource.kind, **body}
        if output == "yaml" and call.words.values.get("_yaml_printed"):
            call.write("---\n")
        call.words.values["_yaml_printed"] = True
        call.write(show(body))
        return
    name = body.get("metadata", {}).get("name", "")
    dry = {"client": " (dry run)", "server": " (server dry run)"}.get(dry_run(call), "") if suffix else ""
    call.out(f"{kind_name(resource)}/{name} {operation}{dry}")


def create_object(
    call: Call, resource: APIResource, namespace: str, body: dict[str, Any], manager: str = "kubectl-create"
) -> dict[str, Any]:
    """POST an object, unless this is a client's dry run."""
    if dry_run(call) == "client":
        return body
    path = resource.path(namespace if resource.namespaced else None)
    result: dict[str, Any] = call.request("POST", path, body=body, query=query(call, manager, validate=True))
    return result


def send_raw(call: Call, method: str) -> int:
    """Send the one named file to the path of ``--raw``, and print what comes back."""
    name = call.flag("filename")[0]
    text = call.streams.stdin.read() if name == "-" and call.streams.stdin else (call.cwd / name).read_text("utf-8")
    call.write(call.client.request(method, call.flag("raw"), body=text).data.decode("utf-8", "replace"))
    return 0


def patch_object(
    call: Call, info: Info, patch: Any, content_type: str, manager: str, subresource: str = "", **more: Any
) -> dict[str, Any]:
    """PATCH an info's object."""
    path = info.resource.path(info.namespace, info.name, subresource)
    options = {**query(call, manager), **more}
    result: dict[str, Any] = call.request("PATCH", path, body=patch, content_type=content_type, query=options)
    return result


def delete_options(call: Call, grace: int, cascade: str) -> dict[str, Any]:
    """Make the body of a delete request."""
    policy = {"background": "Background", "foreground": "Foreground", "orphan": "Orphan"}.get(cascade, "Background")
    body: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": policy}
    if grace >= 0:
        body["gracePeriodSeconds"] = grace
    if dry_run(call) == "server":
        body["dryRun"] = ["All"]
    return body


def cascade(value: str) -> str:
    """Read ``--cascade``.

    Raises:
        CommandError: another word.
    """
    if value in {"true", "background", ""}:
        return "background"
    if value in {"false", "orphan"}:
        return "orphan"
    if value == "foreground":
        return value
    raise CommandError(f'invalid cascade value ({value}). Must be "background", "foreground", or "orphan"')


def parse_labels(specs: list[str], what: str) -> tuple[dict[str, str], list[str]]:
    """Split ``a=b c-`` into what to set and what to remove.

    Args:
        specs: the words.
        what: ``label`` or ``annotation``, for the errors.

    Raises:
        CommandError: a word is neither.
    """
    setting: dict[str, str] = {}
    removing: list[str] = []
    for spec in specs:
        key, equals, value = spec.partition("=")
        wrong = is_label_value(value) if what == "label" and equals else []
        if wrong:
            raise CommandError(f"invalid label value: {quoted(spec)}: {';'.join(wrong)}")
        if equals and key:
            setting[key] = value
        elif spec.endswith("-") and not equals:
            removing.append(spec[:-1])
        else:
            raise CommandError(f"unknown {what} spec: {spec}" if not equals else f"invalid {what} spec: {spec}")
    return setting, removing


def require(condition: object, message: str) -> None:
    """Refuse unless the condition holds.

    Raises:
        CommandError: it does not.
    """
    if not condition:
        raise CommandError(message)


def container_names(pod: dict[str, Any]) -> str:
    """List a pod's containers as kubectl's refusals do: ``a, b (init), c (ephem)``."""
    spec = pod.get("spec", {})
    found = [one["name"] for one in spec.get("containers") or ()]
    found += [f"{one['name']} (ephem)" for one in spec.get("ephemeralContainers") or ()]
    found += [f"{one['name']} (init)" for one in spec.get("initContainers") or ()]
    return ", ".join(found)


def all_containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """All containers of a pod, ordinary ones first."""
    spec = pod.get("spec", {})
    return [one for part in ("containers", "initContainers", "ephemeralContainers") for one in spec.get(part) or ()]


def not_found(resource: APIResource, name: str) -> ApiError:
    """Make the server's NotFound, for objects that a list did not have."""
    message = f"{resource.qualified} {quoted(name)} not found"
    body = {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404, "message": message}
    return ApiError(404, "NotFound", message, body)
