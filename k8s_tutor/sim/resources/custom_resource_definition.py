"""CustomResourceDefinitions (upstream: ``apiextensions-apiserver`` ``pkg/registry/customresourcedefinition``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.structural.formats import FORMATS
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import Column, RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.admission.webhook_clients import check_client
from k8s_tutor.sim.resources.shared.admission.webhooks import check_review_versions
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import IMMUTABLE, At
from k8s_tutor.sim.resources.shared.crds import crd_versions
from k8s_tutor.sim.resources.shared.crds.crd_schema import check_schema, walk
from k8s_tutor.sim.resources.shared.gotext import quote

_APPROVED = "api-approved.kubernetes.io"
_APPROVAL = "see https://github.com/kubernetes/enhancements/pull/1111"
_PROTECTED = ("k8s.io", "kubernetes.io")
_KNOWN_FORMATS = frozenset(FORMATS) | {"int32", "int64", "float", "double", "isbn", "isbn10", "isbn13", "creditcard"}
_STRATEGIES = ("None", "Webhook")
_PRESERVE = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"


def _storage_version(obj: Json) -> str | None:
    for version in (obj.get("spec") or {}).get("versions") or ():
        if version.get("storage"):
            return str(version.get("name") or "")
    return None


def _is_established(obj: Json) -> bool:
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return any(item.get("type") == "Established" and item.get("status") == "True" for item in conditions)


def _check_unchanged(v: At, old: Json, path: str) -> None:
    *steps, name = path.split(".")
    before: Any = old
    for step in steps:
        v, before = v.at(step), (before or {}).get(step)
    if (before or {}).get(name) != (v.text(name) or None):
        v.invalid(name, IMMUTABLE, v.text(name))


class CustomResourceDefinitionStrategy(KindStrategy):
    """The kind CustomResourceDefinition."""

    resource = "customresourcedefinitions.apiextensions.k8s.io"
    no_rows = None
    columns = table.table(
        table.NAME,
        table.plain("Scope", "Cluster/Namespaced"),
        table.plain("Versions", "Served versions"),
        table.CREATED,
        Column("Group", "string", "", "API group", 1),
        Column("Kind", "string", "", "CustomResource kind", 1),
        Column("ShortNames", "string", "", "Short names", 1),
        Column("Established", "boolean", "", "Established status", 1),
    )
    has_status = True
    has_generation = True
    allow_unconditional_update = False

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        shown = spec.setdefault("names", {})
        kind = shown.get("kind") or ""
        if not shown.get("singular") and kind:
            shown["singular"] = kind.lower()
        if not shown.get("listKind") and kind:
            shown["listKind"] = f"{kind}List"
        conversion = spec.get("conversion")
        if conversion is None:
            spec["conversion"] = {"strategy": "None"}
        service = (((conversion or {}).get("webhook") or {}).get("clientConfig") or {}).get("service")
        if service is not None and service.get("port") is None:
            service["port"] = 443

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        obj["status"] = {}
        self._store_version(obj)

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        super().prepare_update(ctx, new, old)
        new["status"] = dict(old.get("status") or {})
        self._store_version(new)

    def _store_version(self, obj: Json) -> None:
        storage = _storage_version(obj)
        stored = obj["status"].get("storedVersions") or []
        if storage is not None and storage not in stored:
            obj["status"]["storedVersions"] = [*stored, storage]

    # -- validation

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        return []  # judged with the spec, which it must fit

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        if old is None:
            self._check_name(v, spec)
        common, versions = crd_versions.hoisted(spec.get("versions"))
        self._check_spec(spec, common, versions)
        if old is not None:
            established = _is_established(old)
            for path in (
                *(("spec.scope", "spec.names.kind") if established else ()),
                "spec.group",
                "spec.names.plural",
            ):
                _check_unchanged(v, old, path)
        crd_versions.check_names(v.at("status").at("acceptedNames"))
        self._check_stored(v, versions)
        self._check_approval(v, old)
        if spec.get("preserveUnknownFields"):
            spec.invalid("preserveUnknownFields", _PRESERVE)

    def _check_name(self, v: At, spec: At) -> None:
        meta = v.at("metadata")
        name = meta.text("name")
        if not name:
            return
        meta.judge("name", names.is_dns1123_subdomain)
        if name != f"{spec.at('names').text('plural')}.{spec.text('group')}":
            meta.invalid("name", 'must be spec.names.plural+"."+spec.group')

    def check_update(self, v: At, old: Json) -> None:
        self.check(v, old)

    def check_status(self, v: At, old: Json) -> None:
        crd_versions.check_names(v.at("status").at("acceptedNames"))

    def _check_spec(self, v: At, common: Json, versions: list[Json]) -> None:
        group = v.text("group")
        if v.need("group"):
            complaints = names.is_dns1123_subdomain(group)
            if complaints:
                v.invalid("group", ",".join(complaints))
            elif "." not in group:
                v.invalid("group", "should be a domain with at least one dot")
        v.one_of("scope", ("Cluster", "Namespaced"), required=True)
        self._check_versions(v, common, versions)
        shared = At(v.errors, v.path, common)
        for name in ("plural", "singular", "kind", "listKind"):
            v.at("names").need(name)
        crd_versions.check_names(v.at("names"))
        schema = shared.at("validation").at("openAPIV3Schema")
        if schema.value is not None:
            status = crd_versions.has_status(common.get("subresources"))
            status = status or any(crd_versions.has_status(item.get("subresources")) for item in versions)
            check_schema(schema, has_status=status)
        crd_versions.check_subresources(shared.at("subresources"))
        for column in shared.each("additionalPrinterColumns"):
            crd_versions.check_column(column)
        if shared.get("selectableFields"):
            if schema.value is None:
                shared.invalid("selectableFields", "may only be set when validations.schema is included", "")
            else:
                crd_versions.check_selectable(shared, schema.value)
        self._check_conversion(v.at("conversion"))

    def _check_versions(self, v: At, common: Json, versions: list[Json]) -> None:
        every = At(v.errors, v.path, {"versions": versions})
        shown = None if v.get("versions") is None else crd_versions.shown_versions(versions)
        if (common.get("validation") or {}).get("openAPIV3Schema") is None:
            for version in every.each("versions"):
                if version.at("schema").get("openAPIV3Schema") is None:
                    version.required("schema.openAPIV3Schema")
        seen = [version.get("name") or "" for version in versions]
        for version in every.each("versions"):
            complaints = names.is_dns1035_label(version.text("name"))
            if complaints:
                version.invalid_text("name", ",".join(complaints))
            subresources = common.get("subresources", version.get("subresources"))
            crd_versions.check_version(version, status=crd_versions.has_status(subresources))
        if len(set(seen)) != len(seen):
            v.invalid("versions", "must contain unique version names", shown)
        if sum(bool(version.get("storage")) for version in versions) != 1:
            v.invalid("versions", "must have exactly one version marked as storage version", shown)
        if seen and seen[0]:
            complaints = names.is_dns1035_label(seen[0])
            if complaints:
                v.invalid("version", ",".join(complaints), seen[0])

    def _check_conversion(self, v: At) -> None:
        if not v:
            return
        v.one_of("strategy", _STRATEGIES, required=True)
        webhook = v.at("webhook")
        client = At(v.errors, f"{v.path}.webhookClientConfig", webhook.get("clientConfig"))
        reviews = At(v.errors, v.path, webhook.value)
        if v.get("strategy") == "Webhook":
            if client.value is None:
                client.required("", "required when strategy is set to Webhook")
            else:
                check_client(client)
            if not webhook.get("conversionReviewVersions"):
                reviews.required("conversionReviewVersions")
            else:
                check_review_versions(reviews, "conversionReviewVersions")
            return
        complaint = "should not be set when strategy is not set to Webhook"
        if client.value is not None:
            client.forbidden("", complaint)
        if webhook.get("conversionReviewVersions"):
            reviews.forbidden("conversionReviewVersions", complaint)

    def _check_stored(self, v: At, versions: list[Json]) -> None:
        status = v.at("status")
        stored = status.get("storedVersions") or []
        if not stored:
            status.invalid("storedVersions", "must have at least one stored version", None)
            return
        known = [version.get("name") or "" for version in versions]
        for version in versions:
            if version.get("storage") and (version.get("name") or "") not in stored:
                status.invalid("storedVersions", f"must have the storage version {version.get('name') or ''}")
        for item in status.each("storedVersions"):
            if item.value not in known:
                name = item.value
                item.invalid(
                    "",
                    f"missing from spec.versions; {name} was previously a storage version, and must remain in "
                    f"spec.versions until a storage migration ensures no data remains persisted in {name} and removes "
                    f"{name} from status.storedVersions",
                )

    def _check_approval(self, v: At, old: Json | None) -> None:
        group = v.at("spec").text("group")
        if group not in _PROTECTED and not group.endswith(tuple(f".{name}" for name in _PROTECTED)):
            return
        texts = [(obj or {}).get("metadata", {}).get("annotations") or {} for obj in (v.value, old)]
        value, before = (item.get(_APPROVED) for item in texts)
        if old is not None and value == before:
            return
        at = v.at("metadata").at("annotations").key(_APPROVED, value)
        needed = f"protected groups must have approval annotation {quote(_APPROVED)}"
        if not value:
            at.required("", f"{needed}, {_APPROVAL}")
        elif not value.startswith(("unapproved", "http://", "https://")):
            at.invalid("", f'{needed} with either a URL or a reason starting with "unapproved", {_APPROVAL}')

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        before = _formats(old) if old is not None else ()
        found = [f"unrecognized format {quote(name)}" for name in _formats(obj) if name not in before]
        sets = {
            f"x-kubernetes-list-type: set for items of type {quote(schema['items']['type'])} is not supported by "
            "server-side apply or CEL validation rules"
            for schema in _schemas(obj)
            if schema.get("x-kubernetes-list-type") == "set"
            and isinstance(schema.get("items"), dict)
            and schema["items"].get("type") in ("object", "array")
        }
        return [*found, *sorted(sets)]

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, conditions = obj.get("spec") or {}, (obj.get("status") or {}).get("conditions") or ()
        names_of = spec.get("names") or {}
        versions = sorted(
            f"{version.get('name')}(storage)" if version.get("storage") else version.get("name") or ""
            for version in spec.get("versions") or ()
            if version.get("served")
        )
        return [
            obj["metadata"]["name"],
            spec.get("scope") or "",
            ",".join(versions),
            obj["metadata"].get("creationTimestamp"),
            spec.get("group") or "",
            names_of.get("kind") or "",
            ",".join(names_of.get("shortNames") or ()),
            any(item.get("type") == "Established" and item.get("status") == "True" for item in conditions),
        ]


def _schemas(obj: Json) -> list[Json]:
    common, versions = crd_versions.hoisted((obj.get("spec") or {}).get("versions"))
    roots = [common.get("validation"), *(version.get("schema") for version in versions)]
    return [schema for root in roots for schema in walk((root or {}).get("openAPIV3Schema"))]


def _formats(obj: Json) -> list[str]:
    return [
        schema["format"] for schema in _schemas(obj) if schema.get("format") and schema["format"] not in _KNOWN_FORMATS
    ]
