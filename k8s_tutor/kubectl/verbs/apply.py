"""``kubectl apply``: make the cluster as the manifests say (kubectl, ``cmd/apply``).

Client-side: what was applied last (kept in an annotation), what is to be and what is give a three-way patch.
Server-side: the manifest itself is the patch. ``--prune`` deletes what earlier applies made and this one does not name.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from k8s_tutor.apimachinery.goyaml import to_json
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError, APIResource
from k8s_tutor.kubectl.actions import delete_options, dry_run, query, tell
from k8s_tutor.kubectl.changes import patched_locally, three_way
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all, with_source
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import LAST_APPLIED, with_last_applied
from k8s_tutor.kubectl.infos import Info, kind_name, list_all, load, resolve
from k8s_tutor.kubectl.options import ALL, DRY_RUN, FILENAME, OUTPUT, RECORD, SELECTOR, VALIDATE, field_manager
from k8s_tutor.kubectl.patchtypes import APPLY
from k8s_tutor.kubectl.recording import recorded
from k8s_tutor.kubectl.upgrading import upgrade
from k8s_tutor.kubectl.verbs._last_applied import EditLastApplied, SetLastApplied, ViewLastApplied
from k8s_tutor.kubectl.watching import wait_gone

CLIENT_MANAGER, SERVER_MANAGER = "kubectl-client-side-apply", "kubectl"
PRUNED = [
    "configmaps",
    "endpoints",
    "namespaces",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "replicationcontrollers",
    "secrets",
    "services",
    "jobs.batch",
    "cronjobs.batch",
    "ingresses.networking.k8s.io",
    "daemonsets.apps",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
]
_MISSING = (
    "Warning: resource {} is missing the {} annotation which is required by kubectl apply. kubectl apply should only be "
    "used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing "
    "annotation will be patched automatically."
)
_CONFLICT = """
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts"""


class Apply(Verb):
    """Applies manifests."""

    name = "apply"
    usage = "apply (-f FILENAME | -k DIRECTORY) [options]"
    short = "Apply a configuration to a resource by file name or stdin"
    group = "Advanced Commands"
    examples = """
# one file, a folder, standard input
kubectl apply -f pod.yaml
kubectl apply -f manifests/
cat pod.yaml | kubectl apply -f -

# let the server merge, and see what would happen first
kubectl apply -f pod.yaml --server-side
kubectl apply -f pod.yaml --dry-run=server
"""
    subverbs = (EditLastApplied, SetLastApplied, ViewLastApplied)
    flags = (
        *FILENAME,
        SELECTOR,
        *OUTPUT,
        DRY_RUN,
        field_manager("kubectl-client-side-apply"),
        RECORD,
        VALIDATE,
        ALL,
        Flag("server-side", "bool", help="let the server merge"),
        Flag("force-conflicts", "bool", help="with --server-side: take fields from other managers"),
        Flag("overwrite", "bool", default=True, help="use the manifest's values where they conflict"),
        Flag("prune", "bool", help="delete what earlier applies made and this one does not name"),
        Flag("prune-allowlist", "array", help="group/version/kind to prune; may repeat"),
        Flag("force", "bool", help="delete and create again what cannot be changed"),
        Flag("cascade", default="background", alone="background", help="background, foreground or orphan"),
        Flag("grace-period", "int", default=-1, help="seconds to end in, with --force"),
        Flag("timeout", "duration", help="how long to wait for a deletion"),
        Flag("wait", "bool", help="wait for deletions"),
        Flag("openapi-patch", "bool", default=True, help="taken and ignored"),
        Flag("subresource", help="subresource to apply to, with --server-side"),
    )

    def validate(self, call: Call) -> None:
        if call.arguments:
            raise call.usage(f"Unexpected args: [{' '.join(call.arguments)}]")
        if not call.flag("filename") and not call.flag("kustomize"):
            raise CommandError("must specify one of -f and -k")
        server = call.flag("server-side")
        refusals = (
            (call.flag("force-conflicts") and not server, "--force-conflicts only works with --server-side"),
            (
                dry_run(call) == "client" and server,
                "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
            ),
            (call.flag("force") and server, "--force cannot be used with --server-side"),
            (dry_run(call) == "server" and call.flag("force"), "--dry-run=server cannot be used with --force"),
            (call.flag("all") and call.flag("selector"), "cannot set --all and --selector at the same time"),
            (call.flag("prune") and call.flag("force"), "--force cannot be used with --prune"),
            (
                call.flag("prune") and not call.flag("all") and not call.flag("selector"),
                (
                    "all resources selected for prune without explicitly passing --all. To prune all resources, pass the "
                    "--all flag. If you did not mean to prune all resources, specify a label selector"
                ),
            ),
            (
                call.flag("prune") and server,
                "--prune is in alpha and doesn't currently work on objects created by server-side apply",
            ),
            (call.flag("subresource") and not server, "--subresource can only be specified for --server-side"),
        )
        for wrong, message in refusals:
            if wrong:
                raise CommandError(message)

    def run(self, call: Call) -> int:
        errors: list[Exception] = []
        infos = load(call, errors)
        if call.flag("selector"):
            infos = [info for info in infos if _selected(info, call.flag("selector"))]
        if not infos and not errors:
            raise CommandError("no objects passed to apply")
        self.visited: set[str] = set()
        self.shown: list[tuple[APIResource, dict[str, Any]]] = []
        for info in infos:
            try:
                self._apply(call, info)
            except (ApiError, CommandError) as error:
                errors.append(error)
        raise_all(errors)
        self._print_objects(call)
        if call.flag("prune"):
            self._prune(call, infos)
        return 0

    def _apply(self, call: Call, info: Info) -> None:
        if not info.name:
            generated = info.object["metadata"].get("generateName") if info.object.get("metadata") else None
            if generated:
                raise CommandError(f"from {generated}: cannot use generate name with apply")
            heading = f"retrieving current configuration of:\n{_shown(info)}\nfrom server for:"
            raise with_source(CommandError("resource name may not be empty"), heading, info.source)
        info.object = recorded(call, info.object)
        if call.flag("server-side"):
            self._server_side(call, info)
            return
        try:
            current = call.request("GET", info.path)
        except ApiError as error:
            if error.status != 404:
                raise with_source(
                    error, f"retrieving current configuration of:\n{_shown(info)}\nfrom server for:", info.source
                ) from None
            self._create(call, info)
            return
        self.visited.add(current["metadata"].get("uid", ""))
        annotations = current["metadata"].get("annotations") or {}
        if LAST_APPLIED not in annotations:
            call.err(_MISSING.format(f"{info.resource.plural}/{info.name}", LAST_APPLIED))
        modified = with_last_applied(info.object)
        original = json.loads(annotations.get(LAST_APPLIED) or "{}")
        patch, content_type = three_way(info.resource, original, modified, current)
        if not patch:
            self._told(call, info, current, "unchanged")
            return
        body = self._patch(call, info, current, patch, content_type, original, modified)
        if body["metadata"].get("deletionTimestamp"):
            call.err(f"Warning: Detected changes to resource {info.name} which is currently being deleted.")
        self._told(call, info, body, "configured")

    def _patch(
        self,
        call: Call,
        info: Info,
        current: dict[str, Any],
        patch: dict[str, Any],
        content_type: str,
        original: dict[str, Any],
        modified: dict[str, Any],
    ) -> dict[str, Any]:
        if dry_run(call) == "client":
            return patched_locally(info.resource, current, patch, content_type)
        parameters = query(call, CLIENT_MANAGER, validate=True)
        for attempt in range(5):
            try:
                body: dict[str, Any] = call.request(
                    "PATCH", info.path, body=patch, content_type=content_type, query=parameters
                )
                return body
            except ApiError as error:
                if error.status == 409 and error.reason == "Conflict" and attempt < 4:
                    time.sleep(0.1 * (attempt + 1))
                    current = call.request("GET", info.path)
                    patch, content_type = three_way(info.resource, original, modified, current)
                    continue
                if call.flag("force") and error.status in {409, 422}:
                    return self._replace(call, info, current)
                if error.reason == "Invalid":
                    raise
                heading = f"applying patch:\n{to_json(patch, indent=None)}\nto:\n{_shown(info)}\nfor:"
                raise with_source(error, heading, info.source) from None
        raise CommandError("too many conflicts")

    def _replace(self, call: Call, info: Info, current: dict[str, Any]) -> dict[str, Any]:
        grace = call.flag("grace-period")
        options = delete_options(call, grace, call.flag("cascade"))
        call.request("DELETE", info.path, body=options)
        wait_gone(call, [(info, current["metadata"]["uid"])], call.flag("timeout"))
        made: dict[str, Any] = call.request(
            "POST", info.collection, body=with_last_applied(info.object), query=query(call, CLIENT_MANAGER)
        )
        return made

    def _create(self, call: Call, info: Info) -> None:
        body = _without_nulls(with_last_applied(info.object))
        if dry_run(call) != "client":
            try:
                body = call.request(
                    "POST", info.collection, body=body, query=query(call, CLIENT_MANAGER, validate=True)
                )
            except ApiError as error:
                raise with_source(error, "creating", info.source) from None
        self.visited.add(body["metadata"].get("uid", ""))
        self._told(call, info, body, "created")

    def _server_side(self, call: Call, info: Info) -> None:
        parameters = {
            **query(call, SERVER_MANAGER, validate=True),
            "force": "true" if call.flag("force-conflicts") else "false",
        }
        path = info.path + (f"/{call.flag('subresource')}" if call.flag("subresource") else "")
        text = to_json(info.object, indent=None)

        def send() -> Json:
            answer: Json = call.request("PATCH", path, body=text, content_type=APPLY, query=parameters)
            return answer

        try:
            body = send()
        except ApiError as error:
            if error.status == 409 and error.reason == "Conflict":
                raise CommandError(f"{error}{_CONFLICT}") from None
            raise
        if not call.flag("subresource"):
            body = self._upgraded(call, info, body, send)
        self.visited.add(body["metadata"].get("uid", ""))
        self._told(call, info, body, "serverside-applied")

    def _upgraded(self, call: Call, info: Info, body: Json, again: Callable[[], Json]) -> Json:
        manager = call.flag("field-manager") if call.changed("field-manager") else SERVER_MANAGER
        try:
            moved = dry_run(call) == "none" and upgrade(
                call, info, body, manager, keep_annotation=manager == SERVER_MANAGER
            )
            return again() if moved else body
        except ApiError as error:
            call.err(
                "Warning: server rejected managed fields migration to Server-Side Apply. This is non-fatal and will be "
                f"retried next time you apply. Error: {error}"
            )
            return body

    def _told(self, call: Call, info: Info, body: dict[str, Any], operation: str) -> None:
        if call.flag("output") and call.flag("output") != "name":
            self.shown.append((info.resource, body))
        else:
            tell(call, info.resource, body, operation)

    def _print_objects(self, call: Call) -> None:
        """Objects are printed together at the end, several as a List."""
        if not self.shown:
            return
        if len(self.shown) == 1:
            tell(call, *self.shown[0], "applied")
            return
        items = [{"apiVersion": resource.group_version, "kind": resource.kind, **body} for resource, body in self.shown]
        whole = {"apiVersion": "v1", "kind": "List", "items": items, "metadata": {}}
        tell(call, APIResource("", "v1", "lists", "list", "List", namespaced=False), whole, "applied")

    def _prune(self, call: Call, infos: list[Info]) -> None:
        namespaces = {info.namespace for info in infos if info.namespace} | {call.namespace}
        words = [_kind_word(word) for word in call.flag("prune-allowlist")] or PRUNED
        for word in words:
            try:
                resource = resolve(call, word)
            except CommandError:
                continue
            for namespace in sorted(namespaces) if resource.namespaced else [""]:
                self._prune_in(call, resource, namespace)

    def _prune_in(self, call: Call, resource: APIResource, namespace: str) -> None:
        for item in list_all(call, resource.path(namespace), labelSelector=call.flag("selector")):
            metadata = item["metadata"]
            if LAST_APPLIED not in (metadata.get("annotations") or {}) or metadata["uid"] in self.visited:
                continue
            info = Info(resource, namespace, metadata["name"], item)
            if dry_run(call) != "client":
                call.request(
                    "DELETE", info.path, body=delete_options(call, call.flag("grace-period"), call.flag("cascade"))
                )
            suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(dry_run(call), "")
            call.out(f"{kind_name(resource)}/{info.name} pruned{suffix}")


def _kind_word(word: str) -> str:
    group, _, rest = word.partition("/")
    version, _, kind = rest.partition("/")
    return f"{kind}.{version}.{group}" if group != "core" else kind


def _selected(info: Info, selector: str) -> bool:
    from k8s_tutor.apimachinery.labels import parse

    return parse(selector).matches(info.object.get("metadata", {}).get("labels") or {})


def _shown(info: Info) -> str:
    resource = info.resource
    named = f"{resource.group}/{resource.version}"
    return (
        f'Resource: "{named}, Resource={resource.plural}", GroupVersionKind: "{named}, '
        f'Kind={resource.kind}"\nName: "{info.name}", Namespace: "{info.namespace}"'
    )


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


VERB = Apply
