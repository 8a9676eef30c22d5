"""IngressClasses (upstream: ``registry/networking/ingressclass``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps.job_spec import check_domain_path
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.references import check_reference

_DEFAULT = "ingressclass.kubernetes.io/is-default-class"


class IngressClassStrategy(KindStrategy):
    """The kind IngressClass."""

    resource = "ingressclasses.networking.k8s.io"
    has_generation = True
    columns = table.table(
        table.NAME,
        table.plain("Controller", "Controller that is responsible for handling this class"),
        table.plain("Parameters", "A reference to a resource with additional parameters"),
        table.AGE,
    )

    def default(self, obj: Json) -> None:
        parameters = (obj.get("spec") or {}).get("parameters")
        if parameters is not None and parameters.get("scope") is None:
            parameters["scope"] = "Cluster"

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        if len(spec.text("controller")) > 250:
            spec.too_long("controller", 250)
        check_domain_path(spec, "controller")
        if spec.get("parameters") is not None:
            self._check_parameters(spec.at("parameters"))

    def _check_parameters(self, v: At) -> None:
        check_reference(v, required=False)
        scope, namespace = v.get("scope"), v.get("namespace")
        if scope is None:
            v.required("scope")
        elif scope not in ("Cluster", "Namespace"):
            v.unsupported("scope", ("Cluster", "Namespace"))
        elif scope == "Namespace":
            if namespace is None:
                v.required("namespace", "`parameters.scope` is set to 'Namespace'")
            else:
                v.judge("namespace", names.is_dns1123_label)
        elif namespace is not None:
            v.forbidden("namespace", "`parameters.scope` is set to 'Cluster'")

    def check_update(self, v: At, old: Json) -> None:
        self.unchanged(v, old, "spec.controller")
        self.check(v, old)

    def declared(self, v: At, old: Json | None) -> None:
        parameters = v.at("spec").at("parameters")
        if parameters.value is not None:
            parameters.need("kind")
            parameters.need("name")

    def row(self, obj: Json, now: float) -> list[Any]:
        meta, spec = obj["metadata"], obj.get("spec") or {}
        default = (meta.get("annotations") or {}).get(_DEFAULT) == "true"
        shown = table.NONE
        parameters = spec.get("parameters")
        if parameters is not None:
            group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") is not None else ""
            shown = f"{parameters.get('kind') or ''}{group}/{parameters.get('name') or ''}"
        name = f"{meta['name']} (default)" if default else meta["name"]
        return [name, spec.get("controller") or "", shown, table.created(obj, now)]
