"""Resources that answer a question instead of being stored: access and token reviews, bindings, component statuses.

Mirrors ``pkg/registry/authorization``, ``pkg/registry/authentication`` and ``core/componentstatus``.
"""

from collections.abc import Callable

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver import bodies, tables
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Response
from k8s_tutor.sim.apiserver.options import write_options
from k8s_tutor.sim.auth.rbac import Access
from k8s_tutor.sim.machinery.status import ApiError, FieldError, bad_request, invalid, not_found
from k8s_tutor.sim.machinery.store import Entry
from k8s_tutor.sim.registry.strategy import UserInfo

Handle = Callable[[Call, Json], Json]
AUTHZ, AUTHN = "authorization.k8s.io", "authentication.k8s.io"


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
        from k8s_tutor.sim.apiserver.routing import not_allowed

        raise not_allowed()
    options = write_options(call.request, "CreateOptions")
    body = bodies.read(call, options.field_validation)
    call.resource.strategy.default(body)
    errors = call.resource.strategy.validate_create(body)
    handle, own_validation = REVIEWS[call.resource.name]
    if not errors and own_validation:
        errors = own_validation(body)
    if errors:
        kind = "" if call.resource.group == AUTHZ else call.resource.kind  # access reviews do not say their kind
        raise invalid(kind, call.resource.group, "", errors)
    body.setdefault("metadata", {})
    call.server.rest.fields.track(call.context(), call.resource, body, None)
    return call.json(call.resource.encode(handle(call, body)), 201)


def _access(user: UserInfo, spec: Json) -> Access:
    wanted = spec.get("resourceAttributes")
    if wanted:
        return Access(
            user,
            wanted.get("verb", ""),
            wanted.get("namespace", ""),
            wanted.get("group", ""),
            wanted.get("resource", ""),
            wanted.get("subresource", ""),
            wanted.get("name", ""),
        )
    other = spec.get("nonResourceAttributes") or {}
    return Access(user, other.get("verb", ""), path=other.get("path", ""))


def _decide(call: Call, body: Json, user: UserInfo) -> Json:
    allowed, reason = call.server.authorizer.authorize(_access(user, body["spec"]))
    status: Json = {"allowed": allowed}
    if reason:
        status["reason"] = reason
    body["status"] = status
    return body


def _attributes_errors(body: Json) -> list[FieldError]:
    spec = body.get("spec") or {}
    if spec.get("resourceAttributes") is not None and spec.get("nonResourceAttributes") is not None:
        text = "Invalid value: null: cannot be specified in combination with resourceAttributes"
        return [FieldError("FieldValueInvalid", "spec.nonResourceAttributes", text)]
    if spec.get("resourceAttributes") is None and spec.get("nonResourceAttributes") is None:
        text = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
        return [FieldError("FieldValueInvalid", "spec", text)]
    return []


def _subject_errors(body: Json) -> list[FieldError]:
    errors = _attributes_errors(body)
    spec = body.get("spec") or {}
    if not spec.get("user") and not spec.get("groups"):
        text = 'Invalid value: "": at least one of user or group must be specified'
        errors.append(FieldError("FieldValueInvalid", "spec.user", text))
    return errors


def _self_access(call: Call, body: Json) -> Json:
    return _decide(call, body, call.user)


def _subject_access(call: Call, body: Json) -> Json:
    spec = body["spec"]
    extra = {key: tuple(values) for key, values in (spec.get("extra") or {}).items()}
    user = UserInfo(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""), extra)
    return _decide(call, body, user)


def _local_access(call: Call, body: Json) -> Json:
    wanted = body["spec"].get("resourceAttributes")
    if wanted is None or wanted.get("namespace") != call.info.namespace:
        found = (wanted or {}).get("namespace", "")
        raise bad_request(
            f"spec.resourceAttributes.namespace must match namespace: {call.info.namespace}" if found or wanted else ""
        )
    return _subject_access(call, body)


def _self_rules(call: Call, body: Json) -> Json:
    namespace = (body.get("spec") or {}).get("namespace", "")
    if not namespace:
        raise bad_request("no namespace on request")
    resource_rules, other_rules = [], []
    grants = [g.rule for g in call.server.authorizer.rbac.grants(call.user, namespace)]
    for rule in grants:
        if rule.get("resources"):
            keys = ("verbs", "apiGroups", "resources", "resourceNames")
            resource_rules.append({key: rule[key] for key in keys if rule.get(key)})
        if rule.get("nonResourceURLs"):
            other_rules.append({key: rule[key] for key in ("verbs", "nonResourceURLs")})
    body["spec"] = {}
    body["metadata"].pop("managedFields", None)
    body["status"] = {"resourceRules": resource_rules, "nonResourceRules": other_rules, "incomplete": False}
    return body


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
    body["metadata"]["creationTimestamp"] = rfc3339(call.server.clock.now())
    body["status"] = {"userInfo": _user_info(call.user)}
    return body


def _token_errors(body: Json) -> list[FieldError]:
    if not (body.get("spec") or {}).get("token"):
        return [FieldError("FieldValueRequired", "spec.token", "Required value")]
    return []


def _token(call: Call, body: Json) -> Json:
    spec = body["spec"]
    audiences = spec.get("audiences")
    token = spec["token"]
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
            raise not_found("componentstatuses", "", call.info.name)
        return call.json({"kind": "ComponentStatus"} | kind | found)
    return call.json({"kind": "ComponentStatusList"} | kind | {"metadata": {}, "items": items})


def _component_table(call: Call, items: list[Json]) -> Response:
    """Answer as ``kubectl get`` asks."""
    shown = [item for item in items if call.info.name in {"", item["metadata"]["name"]}]
    if not shown:
        raise not_found("componentstatuses", "", call.info.name)
    return call.json(tables.transform(call, [Entry(item, 0) for item in shown], ""))


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
    f"selfsubjectaccessreviews.{AUTHZ}": (_self_access, _attributes_errors),
    f"subjectaccessreviews.{AUTHZ}": (_subject_access, _subject_errors),
    f"localsubjectaccessreviews.{AUTHZ}": (_local_access, _subject_errors),
    f"selfsubjectrulesreviews.{AUTHZ}": (_self_rules, None),
    f"selfsubjectreviews.{AUTHN}": (_self_subject, None),
    f"tokenreviews.{AUTHN}": (_token, _token_errors),
}
