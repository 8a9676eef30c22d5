"""APIServices (upstream: ``kube-aggregator`` ``pkg/registry/apiservice``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.gotext import quote

_MAX_GROUP, _MAX_VERSION, _MAX_PORT = 20000, 1000, 65535


class APIServiceStrategy(KindStrategy):
    """The kind APIService."""

    resource = "apiservices.apiregistration.k8s.io"
    allow_unconditional_update = False
    has_status = True
    columns = table.table(
        table.NAME,
        table.plain("Service", "The reference to the service that hosts this API endpoint."),
        table.plain("Available", "Whether this service is available."),
        table.AGE,
    )

    def default(self, obj: Json) -> None:
        service = (obj.get("spec") or {}).get("service")
        if service is not None and service.get("port") is None:
            service["port"] = 443

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        return []  # judged with the spec, which it must fit

    def check(self, v: At, old: Json | None) -> None:
        spec, meta = v.at("spec"), v.at("metadata")
        wanted = f"{spec.text('version')}.{spec.text('group')}"
        if meta.text("name") and meta.judge("name", names.is_path_segment) and meta.text("name") != wanted:
            meta.invalid("name", f'must be `spec.version+"."+spec.group`: {quote(wanted)}')
        if not spec.text("group") and spec.text("version") != "v1":
            spec.required("group", "only v1 may have an empty group and it better be legacy kube")
        spec.judge_if("group", names.is_dns1123_subdomain)
        spec.judge("version", names.is_dns1035_label)
        for name, most in (("groupPriorityMinimum", _MAX_GROUP), ("versionPriority", _MAX_VERSION)):
            if not 0 < spec.number(name) <= most:
                spec.invalid(name, f"must be positive and less than {most}", spec.number(name))
        self._check_service(spec)

    def _check_service(self, spec: At) -> None:
        insecure, bundle, service = spec.get("insecureSkipTLSVerify"), spec.get("caBundle"), spec.at("service")
        if service.value is None:
            if bundle:
                size = len(bundle) * 3 // 4 - bundle.count("=")
                spec.invalid("caBundle", "local APIServices may not have a caBundle", f"{size} bytes")
            if insecure:
                spec.invalid("insecureSkipTLSVerify", "local APIServices may not have insecureSkipTLSVerify")
            return
        service.need("namespace")
        service.need("name")
        if not 1 <= service.number("port") <= _MAX_PORT:
            complaint = "port is not valid: must be between 1 and 65535, inclusive"
            service.invalid("port", complaint, service.number("port"))
        if insecure and bundle:
            spec.invalid("insecureSkipTLSVerify", "may not be true if caBundle is present")

    def check_status(self, v: At, old: Json) -> None:
        for condition in v.at("status").each("conditions"):
            condition.one_of("status", ("True", "False", "Unknown"))

    def row(self, obj: Json, now: float) -> list[Any]:
        service = (obj.get("spec") or {}).get("service")
        shown = "Local" if service is None else f"{service.get('namespace') or ''}/{service.get('name') or ''}"
        return [obj["metadata"]["name"], shown, _available(obj), table.created(obj, now)]


def _available(obj: Json) -> str:
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "Available":
            status, reason = condition.get("status") or "", condition.get("reason")
            return status if status == "True" or not reason else f"{status} ({reason})"
    return "Unknown"
