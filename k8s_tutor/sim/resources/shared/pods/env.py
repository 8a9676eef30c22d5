"""Environment variables of containers (upstream: ``ValidateEnv``, ``ValidateEnvFrom``)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.sim.resources.shared import paths
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.pods import field_refs

_NO_SOURCE = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
_NO_SOURCE_FROM = "must specify one of: `configMapRef` or `secretRef`"
_MANY = "may not have more than one field specified at a time"


def check_env(v: At) -> None:
    """Check a container's ``env``."""
    for item in v.each("env"):
        item.need_judged("name", names.is_relaxed_env_var_name)
        if item.get("valueFrom") is not None:
            _check_source(item.at("valueFrom"), item.text("value"))


def _check_source(v: At, value: str) -> None:
    given = 0
    for field, check in _SOURCES.items():
        if v.get(field) is not None:
            given += 1
            check(v.at(field))
    if not given:
        v.invalid("", _NO_SOURCE, "")
    elif value:
        v.invalid("", "may not be specified when `value` is not empty", "")
    elif given > 1:
        v.invalid("", _MANY, "")


def _key(v: At) -> None:
    v.judge("name", names.is_dns1123_subdomain)
    v.need_judged("key", names.is_config_map_key)


def _file(v: At) -> None:
    v.need_judged("key", names.is_relaxed_env_var_name)
    v.need_judged("volumeName", names.is_dns1123_label)
    if v.need("path"):
        paths.no_backsteps(v, "path")


_SOURCES = {
    "fieldRef": lambda v: field_refs.check_field_ref(v, field_refs.ENV_FIELDS),
    "resourceFieldRef": lambda v: field_refs.check_resource_ref(v, volume=False),
    "configMapKeyRef": _key,
    "secretKeyRef": _key,
    "fileKeyRef": _file,
}


def _name_or_prefix(text: str) -> list[str]:
    return names.is_dns1123_subdomain(text[:-1] + "a" if len(text) > 1 and text.endswith("-") else text)


def check_env_from(v: At) -> None:
    """Check a container's ``envFrom``."""
    for item in v.each("envFrom"):
        item.judge_if("prefix", names.is_relaxed_env_var_name)
        given = [field for field in ("configMapRef", "secretRef") if item.get(field) is not None]
        for field in given:
            item.at(field).need_judged("name", _name_or_prefix)
        if len(given) != 1:
            v.invalid("envFrom", _MANY if given else _NO_SOURCE_FROM, "")
