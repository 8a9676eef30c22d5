"""Namespace, with its quotas and limit ranges."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.quotas import write_limits, write_scopes, write_usage
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import long_time

GROUP = ""


def describe(view: View, body: Json) -> None:
    """Describe a namespace."""
    status = body.get("status") or {}
    view.heading(body, namespace=False)
    view.field(0, "Status", status.get("phase", ""))
    if status.get("conditions"):
        view.line(0, "Conditions:")
        view.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage")
        view.line(1, "----\t------\t------------------\t------\t-------")
        for one in status["conditions"]:
            when = long_time(one.get("lastTransitionTime"))
            words = [one.get("type", ""), one.get("status", ""), when, one.get("reason", ""), one.get("message", "")]
            view.line(1, "\t".join(words))
    path = f"/api/v1/namespaces/{body['metadata']['name']}"
    view.line(0, "")
    _quotas(view, view.list(f"{path}/resourcequotas"))
    view.line(0, "")
    _limits(view, view.list(f"{path}/limitranges"))


def _quotas(view: View, quotas: list[Json]) -> None:
    if not quotas:
        view.line(0, "No resource quota.")
        return
    view.line(0, "Resource Quotas")
    for quota in sorted(quotas, key=lambda one: str(one["metadata"]["name"])):
        view.field(1, "Name", quota["metadata"]["name"])
        write_scopes(view, quota, 1, "* ")
        view.line(1, "Resource\tUsed\tHard")
        view.line(1, "--------\t---\t---")
        write_usage(view, quota, 1)


def _limits(view: View, ranges: list[Json]) -> None:
    if not ranges:
        view.line(0, "No LimitRange resource.")
        return
    view.line(0, "Resource Limits\n Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio")
    view.line(0, " ----\t--------\t---\t---\t---------------\t-------------\t-----------------------")
    for one in ranges:
        write_limits(view, one, " ")
