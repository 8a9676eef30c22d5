"""From the words of a call to objects: TYPE, TYPE NAME, TYPE/NAME, -f, selectors (cli-runtime, ``resource.Builder``).

`Selection` holds what was asked for; `Selection.infos` fetches it, going on after an error and keeping it, as kubectl
does, so that one missing object does not hide the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from k8s_tutor.client import ApiError, APIResource, NoMatchError
from k8s_tutor.kubectl import kustomize, manifests
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.decoding import wrong_metadata
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.text import quoted

MISSING = (
    "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n"
    "   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'"
)


@dataclass(slots=True)
class Info:
    """One object: what it is, where, and as it was read."""

    resource: APIResource
    namespace: str
    name: str
    object: dict[str, Any] = field(default_factory=dict)
    source: str = ""

    @property
    def path(self) -> str:
        """Its URL path.

        Raises:
            CommandError: it has no name; the path would be that of all objects of its kind.
        """
        if not self.name:
            raise CommandError("resource name may not be empty")
        return self.resource.path(self.namespace, self.name)

    @property
    def collection(self) -> str:
        """The URL path of its collection."""
        return self.resource.path(self.namespace)

    @property
    def shown(self) -> str:
        """``pod/web`` or ``deployment.apps/web``."""
        return f"{kind_name(self.resource)}/{self.name}"


@dataclass(slots=True)
class Want:
    """One collection or one named object that was asked for."""

    resource: APIResource
    namespace: str
    name: str = ""

    @property
    def path(self) -> str:
        """Its URL path."""
        return self.resource.path(self.namespace, self.name)


@dataclass(slots=True)
class Selection:
    """Everything the words of a call name."""

    call: Call
    wants: list[Want]
    manifest: list[Info] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    label_selector: str = ""
    field_selector: str = ""
    from_files: bool = False

    @property
    def single(self) -> bool:
        """Whether exactly one named object was asked for."""
        if self.from_files:
            return len(self.manifest) == 1
        return len(self.wants) == 1 and bool(self.wants[0].name)

    def infos(self, *, latest: bool = True) -> Iterator[Info]:
        """Fetch and yield the objects; errors are kept in ``errors``.

        Args:
            latest: read objects of manifests from the server; else give them as written.
        """
        for info in self.manifest:
            if not latest:
                yield info
                continue
            try:
                _ = info.path
                info.object = read_named(self.call, Want(info.resource, info.namespace, info.name))
            except (ApiError, CommandError) as error:
                self.errors.append(error)
                continue
            yield info
        for want in self.wants:
            try:
                yield from self._fetch(want)
            except ApiError as error:
                self.errors.append(error)

    def _fetch(self, want: Want) -> Iterator[Info]:
        if want.name:
            found = read_named(self.call, want)
            yield Info(want.resource, want.namespace, want.name, found)
            return
        query = {"labelSelector": self.label_selector, "fieldSelector": self.field_selector}
        for item in list_all(self.call, want.path, **query):
            metadata = item.get("metadata", {})
            item.setdefault("apiVersion", want.resource.group_version)
            item.setdefault("kind", want.resource.kind)
            yield Info(want.resource, metadata.get("namespace", ""), metadata.get("name", ""), item)


def read_named(call: Call, want: Want, query: dict[str, Any] | None = None, accept: str | None = None) -> Any:
    """Read one object; if its namespace does not exist, that is the error (cli-runtime, ``Info.Get``)."""
    try:
        return call.request("GET", want.path, query=query, accept=accept)
    except ApiError as error:
        if error.status == 404 and want.namespace not in {"", "default"}:
            try:
                call.client.request("GET", f"/api/v1/namespaces/{want.namespace}")
            except ApiError as other:
                if other.status == 404:
                    raise other from None
        raise


def list_all(call: Call, path: str, **query: Any) -> list[dict[str, Any]]:
    """List a collection, page by page."""
    items: list[dict[str, Any]] = []
    token = ""
    while True:
        page = list_page(call, path, {"limit": 500, "continue": token or None, **query})
        items += page.get("items") or []
        token = page.get("metadata", {}).get("continue", "")
        if not token:
            return items


def list_page(call: Call, path: str, query: dict[str, Any], accept: str | None = None) -> Any:
    """Ask for one page of a collection; a refusal of the selectors names them (cli-runtime, ``EnhanceListError``)."""
    try:
        return call.request("GET", path, query=query, accept=accept)
    except ApiError as error:
        if error.reason not in {"BadRequest", "NotFound"}:
            raise
        labels, fields = query.get("labelSelector") or "", query.get("fieldSelector") or ""
        subject = quoted(_resource_text(path))
        text = f"Unable to list {subject}: {error}"
        if labels or fields:
            text = (
                f"Unable to find {subject} that match label selector {quoted(labels)}, field selector {quoted(fields)}: "
                f"{error}"
            )
        raise ApiError(error.status, error.reason, text, {**error.body, "message": text}) from None


def _resource_text(path: str) -> str:
    parts = path.strip("/").split("/")
    group_version = f"/{parts[1]}" if parts[0] == "api" else f"{parts[1]}/{parts[2]}"
    return f"{group_version}, Resource={parts[-1]}"


def kind_name(resource: APIResource) -> str:
    """Return the kind as kubectl's messages name it: ``pod``, ``deployment.apps``."""
    return f"{resource.kind.lower()}.{resource.group}" if resource.group else resource.kind.lower()


def resolve(call: Call, word: str, *, bare: bool = False) -> APIResource:
    """Find the resource that a word names.

    Raises:
        CommandError: in kubectl's words.
    """
    try:
        return call.client.discovery.resolve(word)
    except NoMatchError:
        pass
    name, _, group = word.partition(".")
    if group:
        raise CommandError(
            f"the server doesn't have a resource type {quoted(name)} in group {quoted(group)}", bare=bare
        )
    raise CommandError(f"the server doesn't have a resource type {quoted(word)}", bare=bare)


def types(call: Call, word: str) -> list[APIResource]:
    """Resolve a comma-separated list of types; categories such as ``all`` stand for their members."""
    found: list[APIResource] = []
    for part in word.split(","):
        members = call.client.discovery.category(part) if part else []
        found += [one for one in (members or [resolve(call, part)]) if one not in found]
    return found


def select(
    call: Call,
    arguments: list[str] | None = None,
    *,
    allow_all: bool = False,
    single_type: bool = False,
    selectors: bool = True,
) -> Selection:
    """Read the call's arguments and its filename and selector flags.

    Args:
        call: the call.
        arguments: what names objects; the call's arguments if not given.
        allow_all: a type alone means all of its objects.
        single_type: refuse more than one type.
        selectors: the verb's --selector chooses objects (that of ``expose`` does not).

    Raises:
        CommandError: the words do not go together.
    """
    words = call.arguments if arguments is None else arguments
    files, folder = call.words.get("filename") or [], call.words.get("kustomize") or ""
    labels = (call.words.get("selector") or "") if selectors else ""
    fields = call.words.get("field-selector") or ""
    selection = Selection(call, [], label_selector=labels, field_selector=fields)
    if files or folder:
        if words:
            raise CommandError(
                "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
            )
        selection.from_files = True
        selection.manifest = load(call, selection.errors)
        return selection
    everything = bool(call.words.get("all"))
    if everything and (labels or fields):
        raise CommandError("setting 'all' parameter but found a non empty selector. ")
    if not words:
        raise CommandError(
            "at least one resource must be specified to use a selector" if labels or everything else MISSING
        )
    namespace = "" if call.words.get("all-namespaces") else call.namespace
    if any("/" in word for word in words):
        selection.wants = _pairs(call, words, namespace)
        if labels or fields or everything:
            raise CommandError("selectors and the all flag cannot be used when passing resource/name arguments")
    elif len(words) == 1:
        found = types(call, words[0])
        if not (allow_all or labels or fields or everything):
            raise CommandError("resource(s) were provided, but no name was specified")
        selection.wants = [Want(one, namespace if one.namespaced else "") for one in found]
    else:
        if labels or fields or everything:
            raise CommandError("name cannot be provided when a selector is specified")
        found = types(call, words[0])
        for one in found:
            selection.wants += [Want(one, namespace if one.namespaced else "", name) for name in words[1:]]
        if not namespace and any(one.namespaced for one in found):
            raise CommandError("a resource cannot be retrieved by name across all namespaces")
    if single_type and len({want.resource.qualified for want in selection.wants}) > 1:
        raise CommandError("you may only specify a single resource type")
    return selection


def _pairs(call: Call, words: list[str], namespace: str) -> list[Want]:
    found = []
    for word in words:
        if "/" not in word:
            raise CommandError(
                "there is no need to specify a resource type as a separate argument when passing arguments in "
                f"resource/name form (e.g. '{_base(call)} get resource/<resource_name>' instead of "
                f"'{_base(call)} get resource resource/<resource_name>'"
            )
        parts = word.split("/")
        if len(parts) != 2:
            raise CommandError("arguments in resource/name form may not have more than one slash")
        if not all(parts) or "," in parts[0]:
            raise CommandError("arguments in resource/name form must have a single resource and name")
        resource = resolve(call, parts[0])
        if resource.namespaced and not namespace:
            raise CommandError("a resource cannot be retrieved by name across all namespaces")
        found.append(Want(resource, namespace if resource.namespaced else "", parts[1]))
    return found


def _base(call: Call) -> str:
    return call.path.split(" ", 1)[0]


def load(call: Call, errors: list[Exception], *, local: bool = False) -> list[Info]:
    """Read the manifests named by -f or -k into infos with resource and namespace.

    Objects of unknown kinds become errors; the others are returned.

    Raises:
        CommandError: a file cannot be read.
    """
    files, folder = list(call.words.get("filename") or []), call.words.get("kustomize") or ""
    if folder and files:
        raise CommandError("only one of -f or -k can be specified")
    if folder:
        found = iter(kustomize.build(call.cwd / folder, folder, call.err))
    else:
        recursive = bool(call.words.get("recursive"))
        validated = call.words.get("validate", "ignore") not in {"ignore", "false"}
        found = manifests.documents(files, call.cwd, call.streams.stdin, recursive=recursive, validated=validated)
    infos = []
    for document in found:
        # What is in a list is read by the server only.
        wrong = "" if document.item else wrong_metadata(document.object)
        if wrong:
            errors.append(CommandError(f"unable to decode {quoted(document.source)}: {wrong}"))
            continue
        try:
            infos.append(local_info(document) if local else info_of(call, document.object, document.source))
        except CommandError as error:
            errors.append(error)
    return infos


def local_info(document: manifests.Document) -> Info:
    """Make an info without asking the server."""
    api_version, kind = document.object["apiVersion"], document.object["kind"]
    group, _, version = api_version.rpartition("/")
    metadata = document.object.get("metadata") or {}
    resource = APIResource(group, version, kind.lower() + "s", kind.lower(), kind, namespaced=True)
    return Info(resource, metadata.get("namespace", ""), metadata.get("name", ""), document.object, document.source)


def info_of(call: Call, body: dict[str, Any], source: str = "") -> Info:
    """Find resource and namespace of an object.

    Raises:
        CommandError: its kind is not served, or it names another namespace than the call.
    """
    metadata = body.get("metadata") or {}
    name, own = metadata.get("name", ""), metadata.get("namespace", "")
    try:
        resource = call.client.discovery.for_kind(body["apiVersion"], body["kind"])
    except NoMatchError:
        raise CommandError(
            f"resource mapping not found for name: {quoted(str(name))} namespace: {quoted(str(own))} from "
            f"{quoted(source)}: no matches for kind {quoted(body['kind'])} in version {quoted(body['apiVersion'])}\n"
            "ensure CRDs are installed first"
        ) from None
    if not resource.namespaced:
        return Info(resource, "", name, body, source)
    if call.explicit_namespace and own and own != call.namespace:
        raise CommandError(
            f"the namespace from the provided object {quoted(own)} does not match the namespace "
            f"{quoted(call.namespace)}. You must pass '--namespace={own}' to perform this operation."
        )
    namespace = own or call.namespace
    if not own:
        body = {**body, "metadata": {**metadata, "namespace": namespace}}
    return Info(resource, namespace, name, body, source)
