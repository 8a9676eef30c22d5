"""Subresources that are created: ``binding``, ``eviction``, ``token``."""

from k8s_tutor.apimachinery.schema import type_for
from k8s_tutor.sim.apiserver import bodies
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Response
from k8s_tutor.sim.apiserver.options import write_options
from k8s_tutor.sim.machinery.status import bad_request, not_allowed
from k8s_tutor.sim.registry.updating import name_mismatch

KINDS = {
    "binding": ("Binding", "", "v1"),
    "eviction": ("Eviction", "policy", "v1"),
    "token": ("TokenRequest", "authentication.k8s.io", "v1"),
}


def handle(call: Call) -> Response:
    """Answer a POST to the subresource."""
    if call.request.method != "POST":
        raise not_allowed()
    options = write_options(call.request, "CreateOptions")
    kind, group, version = KINDS[call.info.subresource]
    body = bodies.read(
        call, options.field_validation, kind=kind, group=group, version=version, type_=type_for(group, version, kind)
    )
    name = body.setdefault("metadata", {}).get("name", "")
    if name and name != call.info.name and kind != "TokenRequest":
        raise bad_request(name_mismatch(name, call.info.name))
    ctx = call.context(dry_run=options.dry_run)
    done = call.server.rest.create_subresource(ctx, call.resource.name, call.namespace, call.info.name, body)
    return call.json(done, done.get("code", 201) if done.get("kind") == "Status" else 201)
