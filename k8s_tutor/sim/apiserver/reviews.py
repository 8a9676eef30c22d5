"""Resources that answer a question instead of being stored: reviews, bindings, component statuses.

Mirrors ``pkg/registry/authentication`` and ``core/componentstatus``; access reviews have a module of their own.
"""

from collections.abc import Callable

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver import accessreviews, bodies, tables
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Response
from k8s_tutor.sim.apiserver.options import write_options
from k8s_tutor.sim.apiserver.paging import Page
from k8s_tutor.sim.machinery.status import ApiError, FieldError, bad_request, invalid, not_allowed, not_found
from k8s_tutor.sim.machinery.store import Entry
from k8s_tutor.sim.registry.scheme import Resource
from k8s_tutor.sim.registry.storage import check_namespace
from k8s_tutor.sim.registry.strategy import UserInfo

Handle = Callable[[Call, Json], Json]
AUTHN = "authentication.k8s.io"


def is_review(resource: Resource) -> bool:
    """Whether a resource only answers a question (or, legacy bindings, only changes another)."""
    return resource.name in REVIEWS or resource.name == "bindings"


def find(call: Call) -> Callable[[Call], Response] | None:
    """Return what answers a request for a resource that is not stored, or None."""
    name = call.resource.name
    if name in REVIEWS:
        return _review
    if name == "componentstatuses":
        return _component_statuses
    if call.resource.group == "metrics.k8s.io":
        from k8s_tutor.sim.apiserver import metricsapi

        return metricsapi.handle
    return _binding if name == "bindings" else None


def _review(call: Call) -> Response:
    if call.request.method != "POST" or call.info.name:
        raise not_allowed()
    if call.resource.namespaced and not call.info.namespace:
        raise ApiError(404, "NotFound", "the server could not find the requested resource", {})
    options = write_options(call.request, "CreateOptions")
    body = bodies.read(call, options.field_validation)
    check_namespace(call.resource, body.setdefault("metadata", {}), call.info.namespace)
    call.resource.strategy.default(body)
    call.server.rest.fields.track(call.context(), call.resource, body, None)
    errors = call.resource.strategy.validate_create(body)
    handle, own_validation = REVIEWS[call.resource.name]
    if not errors and own_validation:
        errors = own_validation(body)
    if errors:
        # Access reviews do not say their kind.
        kind = "" if call.resource.group == accessreviews.GROUP else call.resource.kind
        raise invalid(kind, call.resource.group, "", errors)
    done = call.resource.encode(handle(call, body))
    return call.json(tables.partial(call, done) if call.form.transform else done, 201)


def _user_info(user: UserInfo) -> Json:
    info: Json = {"username": user.name}
    if user.uid:
        info["uid"] = user.uid
    if user.groups:
        info["groups"] = list(user.groups)
    if user.extra:
        info["extra"] = {key: list(values) for key, values in user.extra.items()}
    return info


def _self_subject(call: Call, body: Json) -> Json:
    body["metadata"] = {"creationTimestamp": rfc3339(call.server.clock.now())}
    body["status"] = {"userInfo": _user_info(call.user)}
    return body


def _token(call: Call, body: Json) -> Json:
    spec = body.get("spec") or {}
    audiences = spec.get("audiences")
    token = spec.get("token")
    if not token:
        raise bad_request("token is required for TokenReview in authentication")
    if token == call.server.cluster.identity.admin_token:
        user: UserInfo | None = call.server.authenticator.by_token(token)
        fitting = list(audiences or ())
    else:
        found = call.server.cluster.tokens.check(token, audiences)
        user, fitting = (found[0], found[1]) if found else (None, [])
    if user is None:
        body["status"] = {"user": {}, "error": "invalid bearer token"}
    else:
        body["status"] = {"authenticated": True, "user": _user_info(user), "audiences": fitting}
    return body


def _component_statuses(call: Call) -> Response:
    """Answer the deprecated health of control plane components."""
    call.warnings.append("v1 ComponentStatus is deprecated in v1.19+")
    components = call.server.cluster.components
    items: list[Json] = []
    for name, component in (
        ("controller-manager", "kube-controller-manager"),
        ("etcd-0", ""),
        ("scheduler", "kube-scheduler"),
    ):
        healthy = not component or components.running(component)
        condition: Json = {"type": "Healthy", "status": "True", "message": "ok"}
        if not healthy:
            condition = {"type": "Healthy", "status": "False", "message": "connection refused"}
        items.append({"metadata": {"name": name}, "conditions": [condition]})
    if call.form.transform:
        return _component_table(call, items)
    kind = {"apiVersion": "v1"}
    if call.info.name:
        found = next((item for item in items if item["metadata"]["name"] == call.info.name), None)
        if found is None:
            raise not_found("componentstatus", "", call.info.name)
        return call.json({"kind": "ComponentStatus"} | kind | found)
    return call.json({"kind": "ComponentStatusList"} | kind | {"metadata": {}, "items": items})


def _component_table(call: Call, items: list[Json]) -> Response:
    """Answer as ``kubectl get`` asks."""
    shown = [item for item in items if call.info.name in {"", item["metadata"]["name"]}]
    if not shown:
        raise not_found("componentstatus", "", call.info.name)
    return call.json(tables.transform(call, Page([Entry(item, 0) for item in shown], "")))


def _binding(call: Call) -> Response:
    """POST to ``bindings``: the old way of binding a pod."""
    body = bodies.read(call, "Warn")
    ctx = call.context()
    ctx.subresource = "binding"
    name = body.get("metadata", {}).get("name", "")
    if not name:
        raise ApiError(400, "BadRequest", "name must be provided")
    return call.json(call.server.rest.create_subresource(ctx, "pods", call.namespace, name, body), 201)


REVIEWS: dict[str, tuple[Handle, Callable[[Json], list[FieldError]] | None]] = {
    **accessreviews.REVIEWS,
    f"selfsubjectreviews.{AUTHN}": (_self_subject, None),
    f"tokenreviews.{AUTHN}": (_token, None),
}
