"""``serviceaccounts/token``: TokenRequest (upstream: ``core/serviceaccount/storage/token.go``)."""

from k8s_tutor.apimachinery.apply import track_update
from k8s_tutor.apimachinery.schema import type_for
from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.auth.tokens import ISSUER, Bound, Tokens
from k8s_tutor.sim.machinery.meta import new_uid
from k8s_tutor.sim.machinery.status import ApiError, FieldError, bad_request, conflict, invalid, not_found
from k8s_tutor.sim.registry.rest import Rest
from k8s_tutor.sim.registry.scheme import Resource
from k8s_tutor.sim.registry.strategy import RequestContext

GROUP, KIND = "authentication.k8s.io", "TokenRequest"
DEFAULT_SECONDS = 3600
MIN_SECONDS = 600
MAX_SECONDS = 1 << 32
BOUND = {("v1", "Pod"): "pods", ("v1", "Secret"): "secrets", ("v1", "Node"): "nodes"}


class TokenRequest:
    """Issues tokens of ServiceAccounts."""

    def __init__(self, rest: Rest, tokens: Tokens) -> None:
        self._rest = rest
        self._tokens = tokens

    def __call__(self, ctx: RequestContext, resource: Resource, namespace: str, name: str, body: Json) -> Json:
        account = self._rest.entry(resource, namespace, name).obj
        meta = self._metadata(ctx, body, namespace, name)
        spec = body.setdefault("spec", {})
        seconds = spec.setdefault("expirationSeconds", DEFAULT_SECONDS)
        if not spec.get("audiences"):
            spec["audiences"] = [ISSUER]
        self._check(name, seconds)
        bound = self._bound(spec.get("boundObjectRef"), namespace, name)
        token = self._tokens.issue(account, list(spec["audiences"]), seconds, bound)
        now = self._rest.store.clock.now()
        status = {"token": token, "expirationTimestamp": rfc3339(int(now) + seconds)}
        kind = {"kind": KIND, "apiVersion": f"{GROUP}/v1"}
        spec.setdefault("boundObjectRef", None)
        return kind | {"metadata": meta, "spec": spec, "status": status}

    def _metadata(self, ctx: RequestContext, body: Json, namespace: str, name: str) -> Json:
        given = body.get("metadata") or {}
        for field, value in (("name", name), ("namespace", namespace)):
            if given.get(field) not in {None, "", value}:
                text = f'Invalid value: "{given[field]}": must match the service account {field} if specified'
                raise invalid(KIND, GROUP, name, [FieldError("FieldValueInvalid", f"metadata.{field}", text)])
        now, kind = rfc3339(self._rest.store.clock.now()), type_for(GROUP, "v1", KIND)
        meta: Json = {"name": name, "namespace": namespace, "uid": new_uid(), "creationTimestamp": now}
        if kind is not None:
            version = f"{GROUP}/v1"
            entries = track_update(None, body, [], ctx.manager, "Update", version, ctx.subresource, now, kind)
            if entries:
                meta["managedFields"] = entries
        return meta

    def _check(self, name: str, seconds: int) -> None:
        why = ""
        if seconds < MIN_SECONDS:
            why = "may not specify a duration less than 10 minutes"
        elif seconds > MAX_SECONDS:
            why = "may not specify a duration larger than 2^32 seconds"
        if why:
            error = FieldError("FieldValueInvalid", "spec.expirationSeconds", f"Invalid value: {seconds}: {why}")
            raise invalid(KIND, GROUP, name, [error])

    def _bound(self, reference: Json | None, namespace: str, name: str) -> Bound | None:
        if not reference:
            return None
        api_version, kind = reference.get("apiVersion", ""), reference.get("kind", "")
        resource = BOUND.get((api_version, kind))
        if resource is None:
            text = f"cannot bind token for serviceaccount {name!r} to object of type {api_version}/{kind}"
            raise bad_request(text.replace("'", '"'))
        entry = self._rest.store.get(resource, "" if kind == "Node" else namespace, reference.get("name", ""))
        if entry is None:
            raise not_found(resource, "", reference.get("name", ""))
        meta = entry.obj["metadata"]
        if kind == "Pod" and entry.obj["spec"].get("serviceAccountName") != name:
            text = f'cannot bind token for serviceaccount "{name}" to pod running with different serviceaccount name.'
            raise ApiError(400, "BadRequest", text)
        wanted = reference.get("uid")
        if wanted and wanted != meta["uid"]:
            why = f"the UID in the bound object reference ({wanted}) does not match the UID in record. "
            why += "The object might have been deleted and then recreated"
            raise conflict(resource, "", meta["name"], why)
        return Bound(kind, meta["name"], meta["uid"])
