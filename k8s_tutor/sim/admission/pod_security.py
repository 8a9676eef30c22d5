"""PodSecurity: namespaces' labels enforce a standard on pods, or warn of it (``plugin/pkg/admission/security/podsecurity``)."""

import re
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.admission.pod_standards import LATEST, Fault, evaluate
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.machinery.status import FieldError, forbidden, invalid
from k8s_tutor.sim.registry.attributes import Attributes

PREFIX = "pod-security.kubernetes.io/"
LEVELS = ("privileged", "baseline", "restricted")
VERSION = re.compile(r"v1\.([0-9]|[1-9][0-9]*)")
TEMPLATES = {
    "replicationcontrollers": ("spec", "template"),
    "podtemplates": ("template",),
    "replicasets.apps": ("spec", "template"),
    "deployments.apps": ("spec", "template"),
    "statefulsets.apps": ("spec", "template"),
    "daemonsets.apps": ("spec", "template"),
    "jobs.batch": ("spec", "template"),
    "cronjobs.batch": ("spec", "jobTemplate", "spec", "template"),
}
MAX_PODS = 3000


class PodSecurity(Plugin):
    """Evaluates pods, warns of workloads, checks namespaces' labels."""

    name = "PodSecurity"
    resources = frozenset(("pods", "namespaces", *TEMPLATES))

    def validate(self, attributes: Attributes) -> None:
        if attributes.obj is None or attributes.subresource not in {"", "ephemeralcontainers"}:
            return
        if attributes.resource.name == "namespaces":
            self._namespace(attributes, attributes.obj)
            return
        namespace = self.store.get("namespaces", "", attributes.namespace)
        labels = (namespace.obj["metadata"].get("labels") or {}) if namespace else {}
        if not any(key.startswith(PREFIX) for key in labels):
            return
        if attributes.resource.name == "pods":
            if attributes.operation == "CREATE" or self._matters(attributes):
                self._pod(attributes, labels, attributes.obj["metadata"], attributes.obj["spec"])
            return
        template: Any = attributes.obj
        for step in TEMPLATES[attributes.resource.name]:
            template = (template or {}).get(step)
        if template and template.get("spec"):
            self._warn(attributes, labels, template.get("metadata") or {}, template["spec"])

    def _matters(self, attributes: Attributes) -> bool:
        """Whether an update of a pod changes something that the standards look at."""
        new, old = attributes.obj or {}, attributes.old or {}
        return bool((new.get("spec") != old.get("spec") and controller_of(new) is None) or attributes.subresource)

    def _pod(self, attributes: Attributes, labels: Json, meta: Json, spec: Json) -> None:
        level, version, _ = _policy(labels, "enforce")
        faults = evaluate(level, meta, spec, _minor(version))
        if faults:
            why = f'violates PodSecurity "{level}:{version}": {_details(faults)}'
            raise forbidden("pods", "", attributes.name, why)
        self._warn(attributes, labels, meta, spec)

    def _warn(self, attributes: Attributes, labels: Json, meta: Json, spec: Json) -> None:
        level, version = _warned(labels)
        faults = evaluate(level, meta, spec, _minor(version))
        if faults:
            text = f'would violate PodSecurity "{level}:{version}": {_details(faults)}'
            attributes.ctx.warnings.append(text)

    def _namespace(self, attributes: Attributes, namespace: Json) -> None:
        labels = namespace["metadata"].get("labels") or {}
        old_labels = ((attributes.old or {}).get("metadata") or {}).get("labels") or {}
        errors = _label_errors(labels)
        if errors and (attributes.operation == "CREATE" or errors != _label_errors(old_labels)):
            raise invalid("Namespace", "", attributes.name, errors)
        if attributes.operation != "UPDATE":
            return
        level, version, _ = _policy(labels, "enforce")
        old_level, old_version, _ = _policy(old_labels, "enforce")
        same = (level, version) == (old_level, old_version)
        relaxed = version == old_version and LEVELS.index(level) <= LEVELS.index(old_level)
        if same or level == "privileged" or relaxed:
            return
        attributes.ctx.warnings.extend(self._existing(attributes.name, level, version))

    def _existing(self, namespace: str, level: str, version: str) -> list[str]:
        """Return warnings about pods that are there already."""
        found: dict[str, list[str]] = {}
        pods = [entry.obj for entry in self.store.entries("pods", namespace)]
        for pod in pods[:MAX_PODS]:
            faults = evaluate(level, pod["metadata"], pod["spec"], _minor(version))
            if faults:
                reasons = ", ".join(reason for reason, _ in faults)
                found.setdefault(reasons, []).append(pod["metadata"]["name"])
        if not found:
            return []
        head = f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level "{level}:{version}"'
        return [head, *sorted(_named(reasons, names) for reasons, names in found.items())]


def _named(reasons: str, names: list[str]) -> str:
    first, others = min(names), len(names) - 1
    if not others:
        return f"{first}: {reasons}"
    return f"{first} (and {others} other pod{'' if others == 1 else 's'}): {reasons}"


def _details(faults: list[Fault]) -> str:
    return ", ".join(f"{reason} ({detail})" if detail else reason for reason, detail in faults)


def _warned(labels: Json) -> tuple[str, str]:
    """Return level and version to warn about: with no ``warn`` label those that are enforced."""
    level, version, _ = _policy(labels, "warn")
    if f"{PREFIX}warn" not in labels and f"{PREFIX}enforce" in labels:
        level, enforced, _ = _policy(labels, "enforce")
        if f"{PREFIX}warn-version" not in labels and level != "privileged":
            version = enforced
    return level, version


def _minor(version: str) -> int:
    """Return the minor version whose checks hold."""
    return LATEST if version == "latest" else min(int(version.rpartition(".")[2]), LATEST)


def _policy(labels: Json, mode: str) -> tuple[str, str, list[FieldError]]:
    """Return level, version and what is wrong with the labels of a mode."""
    errors = []
    level = labels.get(f"{PREFIX}{mode}", "privileged")
    if level not in LEVELS:
        text = f'Invalid value: "{level}": must be one of {", ".join(LEVELS)}'
        errors.append(FieldError("FieldValueInvalid", f"metadata.labels[{PREFIX}{mode}]", text))
        level = "restricted" if mode == "enforce" else "privileged"
    version = labels.get(f"{PREFIX}{mode}-version", "latest")
    if version != "latest" and not VERSION.fullmatch(version):
        text = f'Invalid value: "{version}": must be "latest" or "v1.x"'
        errors.append(FieldError("FieldValueInvalid", f"metadata.labels[{PREFIX}{mode}-version]", text))
        version = "latest"
    return level, version, errors


def _label_errors(labels: Json) -> list[FieldError]:
    return [error for mode in ("enforce", "audit", "warn") for error in _policy(labels, mode)[2]]
