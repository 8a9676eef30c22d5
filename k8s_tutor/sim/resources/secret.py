"""Secrets (upstream: ``registry/core/secret``)."""

import base64
from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.config_map import MAX_SIZE, check_frozen, decoded_size
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.go_json import object_problem

_ACCOUNT = "kubernetes.io/service-account.name"
_DOCKER = {"kubernetes.io/dockercfg": ".dockercfg", "kubernetes.io/dockerconfigjson": ".dockerconfigjson"}


class SecretStrategy(KindStrategy):
    """The kind Secret."""

    resource = "secrets"
    fields = ("type",)
    columns = table.table(
        table.NAME,
        table.doc("core.v1", "Secret", "type", "Type"),
        table.doc("core.v1", "Secret", "data", "Data"),
        table.AGE,
    )

    def default(self, obj: Json) -> None:
        if not obj.get("type"):
            obj["type"] = "Opaque"
        # stringData is written only: it becomes data.
        plain = obj.pop("stringData", None)
        if plain:
            data = obj.get("data") or {}
            obj["data"] = data | {key: base64.b64encode(text.encode()).decode() for key, text in plain.items()}

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        if not new.get("type"):
            new["type"] = old.get("type")

    def check(self, v: At, old: Json | None) -> None:
        data = v.get("data") or {}
        at = v.at("data")
        for key in data:
            at.key(key).judge("", names.is_config_map_key, key)
        if sum(map(decoded_size, data.values())) > MAX_SIZE:
            v.too_long("data", MAX_SIZE)
        kind = v.text("type")
        if kind == "kubernetes.io/service-account-token":
            annotations = (v.get("metadata") or {}).get("annotations") or {}
            if not annotations.get(_ACCOUNT):
                v.at("metadata").at("annotations").key(_ACCOUNT).required()
        elif kind in _DOCKER:
            self._check_docker(at.key(_DOCKER[kind]), data, _DOCKER[kind])
        elif kind == "kubernetes.io/basic-auth":
            if "username" not in data and "password" not in data:
                at.key("username").required()
                at.key("password").required()
        elif kind == "kubernetes.io/ssh-auth":
            if not data.get("ssh-privatekey"):
                at.key("ssh-privatekey").required()
        elif kind == "kubernetes.io/tls":
            for key in ("tls.crt", "tls.key"):
                if key not in data:
                    at.key(key).required()

    def _check_docker(self, at: At, data: Json, key: str) -> None:
        if key not in data:
            at.required()
            return
        problem = object_problem(base64.b64decode(data[key]))
        if problem:
            at.invalid("", problem, "<secret contents redacted>")

    def check_update(self, v: At, old: Json) -> None:
        v.immutable("type", old)
        check_frozen(v, old, "data")
        self.check(v, old)

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        if obj.get("type") != "kubernetes.io/tls":
            return []
        data = obj.get("data") or {}
        problem = _tls_problem(*(base64.b64decode(data.get(name) or "") for name in ("tls.crt", "tls.key")))
        return [problem] if problem else []

    def row(self, obj: Json, now: float) -> list[Any]:
        return [obj["metadata"]["name"], obj.get("type") or "", len(obj.get("data") or ()), table.created(obj, now)]


def _tls_problem(certificate: bytes, key: bytes) -> str:
    """Return what Go's ``tls.X509KeyPair`` says of a pair, or ""."""
    if b"-----BEGIN CERTIFICATE-----" not in certificate:
        skipped = b"-----BEGIN " in certificate
        if not skipped:
            return "tls: failed to find any PEM data in certificate input"
        return 'tls: failed to find "CERTIFICATE" PEM block in certificate input'
    if b"PRIVATE KEY-----" not in key:
        return "tls: failed to find any PEM data in key input"
    return ""
