"""manifest: the learner's file, before it is applied: it parses, has the right shape, and the API server takes it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from k8s_tutor.checks import pattern
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kind import CheckKind, SpecPath
from k8s_tutor.checks.manifests import Manifest, read_manifests, shape_problems
from k8s_tutor.checks.meaning import shown
from k8s_tutor.checks.objects import ObjectQuery, label
from k8s_tutor.checks.result import CheckResult, Difference, State
from k8s_tutor.client import ApiError, APIResource
from k8s_tutor.errors import PackError

_RETRY = 1.0  # a file in the working folder changes without the cluster noticing


class ManifestCheck(CheckKind):
    """Looks at ``file`` in the working folder; ``any`` must match one of its objects (of ``kind``)."""

    name = "manifest"
    offline = True
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["file"],
        "properties": {
            "file": {"$ref": "common.schema.json#/$defs/path"},
            "kind": {"type": "string"},
            "any": {"type": "object"},
            "dry_run": {"type": "boolean"},
        },
    }

    def mistakes(self) -> Iterator[tuple[SpecPath, str]]:
        yield from pattern.mistakes_in(self.spec.get("any", {}), ("any",))

    def evaluate(self, context: CheckContext) -> CheckResult:
        wanted = self.spec["file"]
        follow = f"cat {wanted}"
        files = sorted(context.workdir.glob(wanted)) if context.workdir is not None else []
        if not files:
            return _failed(wanted, Difference("file", wanted, "nothing"), follow="ls")
        try:
            found = [manifest for file in files for manifest in read_manifests(file, file.name)]
        except PackError as error:
            return _failed(wanted, Difference("file", "YAML", error.what), follow=follow, causes=(error.next_step,))
        chosen = [one for one in found if self.spec.get("kind", one.kind) == one.kind]
        if not chosen:
            there = ", ".join(one.kind for one in found) or "nothing"
            return _failed(wanted, Difference("kind", self.spec.get("kind", "an object"), there), follow=follow)
        for manifest in chosen:
            wrong = [Difference("field", "known and of its type", text) for text in shape_problems(manifest)]
            if wrong:
                return _failed(wanted, *wrong, follow=follow)
        best = pattern.nearest(self.spec.get("any", {}), [manifest.object for manifest in chosen])
        if best is not None and best[1]:
            return _failed(label(best[0]), *best[1], follow=follow)
        if self.spec.get("dry_run"):
            return self._tried(context, chosen, files)
        return CheckResult(State.PASSED, about=wanted, retry_after=_RETRY)

    def _tried(self, context: CheckContext, chosen: list[Manifest], files: list[Path]) -> CheckResult:
        if context.client is None:
            return CheckResult(State.PASSED, about=self.spec["file"])
        for manifest in chosen:
            metadata = manifest.object.get("metadata") or {}
            query = ObjectQuery(
                manifest.kind, str(manifest.object.get("apiVersion", "")), str(metadata.get("name", ""))
            )
            resource = query.resource(context.client)
            if resource is None:
                unknown = Difference(
                    "kind", "one that the cluster serves", shown(f"{query.kind} in {query.api_version}")
                )
                return _failed(str(query), unknown, follow="kubectl api-resources")
            refusal = _dry_run(context, manifest, resource, metadata.get("namespace", context.namespace))
            if refusal:
                follow = f"kubectl apply --dry-run=server -f {files[0].name}"
                return _failed(str(query), Difference("API server", "takes it", refusal), follow=follow)
        return CheckResult(State.PASSED, about=self.spec["file"], retry_after=_RETRY)


def _dry_run(context: CheckContext, manifest: Manifest, resource: APIResource, namespace: str) -> str:
    """Ask the server with a server-side apply that changes nothing; returns its refusal."""
    assert context.client is not None  # noqa: S101 - the caller looked
    name = manifest.object["metadata"]["name"]
    query = {"dryRun": "All", "fieldManager": "k8s-tutor-check", "force": "true", "fieldValidation": "Strict"}
    try:
        context.client.request(
            "PATCH",
            resource.path(namespace, name),
            body=manifest.object,
            query=query,
            content_type="application/apply-patch+yaml",
        )
    except ApiError as error:
        return error.message
    return ""


def _failed(about: str, *differences: Difference, follow: str, causes: tuple[str, ...] = ()) -> CheckResult:
    return CheckResult(
        State.FAILED, about=about, differences=differences, causes=causes, next=follow, retry_after=_RETRY
    )
