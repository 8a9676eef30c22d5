"""``kubectl get`` (kubectl, ``cmd/get``): tables made by the server, or objects in any other format."""

from collections.abc import Iterator
from typing import Any

from k8s_tutor.client import ApiError, WatchEvent
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Selection, Want, kind_name, list_page, read_named, select
from k8s_tutor.kubectl.options import ALL_NAMESPACES, CHUNK, FIELD_SELECTOR, FILENAME, OUTPUT, SELECTOR
from k8s_tutor.kubectl.printers import printer_for
from k8s_tutor.kubectl.printers.customcolumns import CustomColumns
from k8s_tutor.kubectl.printers.sorting import sort_by
from k8s_tutor.kubectl.printers.table import TablePrinter, plain_table
from k8s_tutor.kubectl.watching import asked_timeout, watched

TABLE = (
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
)
FORMATS = (
    "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,"
    "kyaml,name,template,templatefile,wide,yaml"
)


class Get(Verb):
    """Shows objects."""

    name = "get"
    usage = "get [(-o|--output=)FORMAT] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]"
    short = "Display one or many resources"
    group = "Basic Commands (Intermediate)"
    examples = """
# all pods of the namespace, and with more columns
kubectl get pods
kubectl get pods -o wide

# one object as YAML
kubectl get deployment web -o yaml

# follow changes as they happen
kubectl get pods -w
"""
    flags = (
        *OUTPUT,
        *FILENAME,
        SELECTOR,
        FIELD_SELECTOR,
        ALL_NAMESPACES,
        CHUNK,
        Flag("raw", help="a path to ask the server for, printed as it comes"),
        Flag("watch", "bool", short="w", help="after listing, watch for changes"),
        Flag("watch-only", "bool", help="watch for changes without listing first"),
        Flag("output-watch-events", "bool", help="show the type of each change"),
        Flag("ignore-not-found", "bool", help="missing objects are no error"),
        Flag("no-headers", "bool", help="leave the header line out"),
        Flag("show-labels", "bool", help="end with a column of all labels"),
        Flag("label-columns", "list", short="L", help="labels that get their own column"),
        Flag("show-kind", "bool", help="put the kind before names"),
        Flag("sort-by", help="order by a field, as .metadata.name"),
        Flag("subresource", help="status, scale or resize instead of the object"),
        Flag("server-print", "bool", default=True, help="let the server make the columns"),
    )

    def complete(self, call: Call) -> None:
        self.output: str = call.flag("output") or ("go-template" if call.flag("template") else "")
        self.human = self.output in {"", "wide"}
        self.watching: bool = call.flag("watch") or call.flag("watch-only")
        self.failures: list[Exception] = []
        self.wrote = False

    def validate(self, call: Call) -> None:
        if call.flag("raw"):
            if call.arguments:
                raise CommandError("arguments may not be passed when --raw is specified")
            if self.watching or call.flag("selector"):
                raise CommandError(
                    "--raw may not be specified with other flags that filter the server request or alter the output"
                )
            if self.output:
                raise CommandError("--raw and --output are mutually exclusive")
            if not call.flag("raw").startswith("/"):
                raise CommandError(
                    f'--raw must be a valid URL path: parse "{call.flag("raw")}": invalid URI for request'
                )
            return
        if call.flag("show-labels") and not self.human:
            raise CommandError(f"--show-labels option cannot be used with {self.output} printer")
        if call.flag("label-columns") and self.output.startswith("custom-columns"):
            raise CommandError(f"--label-columns option cannot be used with {self.output} printer")
        if call.flag("output-watch-events") and not self.watching:
            raise CommandError("--output-watch-events option can only be used with --watch or --watch-only")
        if not call.arguments and not call.flag("filename") and not call.flag("kustomize"):
            if not self.watching:
                call.err(
                    'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of '
                    "supported resources.\n"
                )
            raise call.usage(
                'Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that '
                "resource (e.g. kubectl explain pods)."
            )

    def run(self, call: Call) -> int:
        if call.flag("raw"):
            call.write(call.client.request("GET", call.flag("raw")).data.decode("utf-8", "replace"))
            return 0
        selection = select(call, allow_all=True, single_type=self.watching)
        if call.flag("subresource") and not selection.single:
            raise CommandError("subresource cannot be used when bulk resources are specified")
        if self.watching:
            return self._watch(call, selection)
        wants = [Want(info.resource, info.namespace, info.name) for info in selection.manifest] + selection.wants
        self.failures += selection.errors
        if self.human:
            self._tables(call, selection, wants)
        else:
            self._objects(call, selection, wants)
        raise_all(self.failures)
        return 0

    def _ask(self, call: Call, selection: Selection, want: Want, *, table: bool) -> list[dict[str, Any]]:
        """Ask for one want; a collection comes in pages."""
        options: dict[str, Any] = {}
        if table and call.flag("sort-by"):
            options["includeObject"] = "Object"
        path = want.path
        if want.name:
            if call.flag("subresource"):
                path += "/" + call.flag("subresource")
        else:
            options |= {"labelSelector": selection.label_selector, "fieldSelector": selection.field_selector}
            options["limit"] = None if call.flag("sort-by") else call.flag("chunk-size") or None
        pages = []
        while True:
            accept = TABLE if table else None
            if want.name:
                if call.flag("subresource"):
                    return [call.request("GET", path, query=options, accept=accept)]
                return [read_named(call, want, options, accept)]
            page = list_page(call, path, options, accept)
            pages.append(page)
            token = page.get("metadata", {}).get("continue", "")
            if not token:
                return pages
            options["continue"] = token

    def _pages(self, call: Call, selection: Selection, want: Want, *, table: bool) -> list[dict[str, Any]]:
        try:
            return self._ask(call, selection, want, table=table)
        except ApiError as error:
            if not (error.status == 404 and error.reason == "NotFound" and call.flag("ignore-not-found")):
                self.failures.append(error)
            return []

    def _printer(self, call: Call, want: Want, *, kinds: bool) -> TablePrinter:
        return TablePrinter(
            wide=self.output == "wide",
            no_headers=call.flag("no-headers"),
            namespace=call.flag("all-namespaces") and want.resource.namespaced,
            kind=kind_name(want.resource) if kinds or call.flag("show-kind") else "",
            show_labels=call.flag("show-labels"),
            label_columns=tuple(call.flag("label-columns")),
        )

    def _tables(self, call: Call, selection: Selection, wants: list[Want]) -> None:
        answers = [(want, self._pages(call, selection, want, table=call.flag("server-print"))) for want in wants]
        answers = [(want, pages) for want, pages in answers if pages]
        kinds = len({want.resource.qualified for want, _ in answers}) > 1
        if call.flag("sort-by"):
            answers = [(want, self._sorted(call, pages)) for want, pages in answers]
        before: TablePrinter | None = None
        last = ""
        for want, pages in answers:
            if before is None or want.resource.qualified != last:
                before = self._printer(call, want, kinds=kinds)
                separate = bool(last) and not call.flag("no-headers")
                last = want.resource.qualified
            else:
                separate = False
            for page in pages:
                text = before.text(self._as_table(call, page))
                if text:
                    call.write(("\n" if separate and self.wrote else "") + text)
                    self.wrote, separate = True, False
        if not self.wrote and not self.failures and not call.flag("ignore-not-found"):
            if not call.flag("all-namespaces") and all(want.resource.namespaced for want, _ in answers):
                call.err(f"No resources found in {call.namespace} namespace.")
            else:
                call.err("No resources found")

    def _as_table(self, call: Call, page: dict[str, Any]) -> dict[str, Any]:
        if page.get("kind") == "Table":
            return page
        return plain_table(page.get("items", [page]), call.client.now())

    def _sorted(self, call: Call, pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        tables = [self._as_table(call, page) for page in pages]
        rows = [row for table in tables for row in table.get("rows") or []]
        try:
            rows = sort_by(rows, call.flag("sort-by"), [row.get("object") or {} for row in rows])
        except CommandError:
            # As kubectl: a table that cannot be sorted is not printed, and that is no error.
            rows = []
        return [{**tables[0], "rows": rows}]

    def _objects(self, call: Call, selection: Selection, wants: list[Want]) -> None:
        items, lists = [], []
        for want in wants:
            for page in self._pages(call, selection, want, table=False):
                if want.name:
                    items.append(page)
                else:
                    lists.append(page)
                    kind, version = want.resource.kind, want.resource.group_version
                    items += [{"apiVersion": version, "kind": kind, **one} for one in page.get("items") or []]
        if self.failures and selection.single:
            return
        if not items and call.flag("ignore-not-found") and not lists:
            return
        if call.flag("sort-by"):
            items = sort_by(items, call.flag("sort-by"), items)
        if self.output.partition("=")[0] in {"custom-columns", "custom-columns-file"}:
            call.write(self._columns(call).text(items))
            return
        show = self._formatter(call)
        if selection.single and len(items) == 1:
            call.write(show(items[0]))
            return
        whole = {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}
        if self.output == "name":
            call.write("".join(show(item) for item in items))
        else:
            call.write(show(whole))

    def _formatter(self, call: Call) -> Any:
        return printer_for(
            self.output,
            template=call.flag("template"),
            allow_missing=call.flag("allow-missing-template-keys"),
            show_managed=call.flag("show-managed-fields"),
            cwd=call.cwd,
            formats=FORMATS,
        )

    def _columns(self, call: Call) -> CustomColumns:
        name, _, spec = self.output.partition("=")
        if name == "custom-columns-file":
            return CustomColumns.from_file(call.cwd / (spec or call.flag("template")), spec)
        return CustomColumns.from_spec(spec or call.flag("template"), no_headers=call.flag("no-headers"))

    def _watch(self, call: Call, selection: Selection) -> int:
        wants = [Want(info.resource, info.namespace, info.name) for info in selection.manifest] + selection.wants
        if len(wants) != 1:
            raise CommandError("you may only specify a single resource type")
        want = wants[0]
        show = self._watch_printer(call, want)
        try:
            first = self._ask(call, selection, want, table=self.human)
        except ApiError as error:
            if error.status == 404 and call.flag("ignore-not-found"):
                return 0
            raise
        event = "ADDED" if call.flag("output-watch-events") else ""
        if not call.flag("watch-only"):
            for page in first:
                for one in [page] if self.human or want.name else page.get("items") or []:
                    show(one, event)
        # A watch that starts at a list's version tells only what comes after it; for one object the version of
        # the object is asked for and its first event is left out, as it was printed above.
        version = first[-1].get("metadata", {}).get("resourceVersion", "")
        for change in self._changes(call, selection, want, version):
            if change.type == "BOOKMARK":
                continue
            if change.type == "ERROR":
                raise ApiError(
                    change.object.get("code", 500),
                    change.object.get("reason", ""),
                    change.object.get("message", ""),
                    change.object,
                )
            show(change.object, change.type if event or call.flag("output-watch-events") else "")
        return 0

    def _changes(self, call: Call, selection: Selection, want: Want, version: str) -> Iterator[WatchEvent]:
        options = {
            "resourceVersion": version,
            "labelSelector": selection.label_selector,
            "fieldSelector": f"metadata.name={want.name}" if want.name else selection.field_selector,
            "allowWatchBookmarks": "false",
        }
        path, accept = want.resource.path(want.namespace), TABLE if self.human else None
        with watched(call, path, options, seconds=asked_timeout(call), accept=accept) as watch:
            yield from watch

    def _watch_printer(self, call: Call, want: Want) -> Any:
        if self.human:
            table = self._printer(call, want, kinds=False)

            def show_rows(body: dict[str, Any], event: str) -> None:
                call.write(table.text(self._as_table(call, body), event))
                call.streams.stdout.flush()

            return show_rows
        if self.output.startswith("custom-columns"):
            columns = self._columns(call)

            def show_columns(body: dict[str, Any], event: str) -> None:
                call.write(columns.text([{"type": event, "object": body} if event else body]))
                columns.no_headers = True
                call.streams.stdout.flush()

            return show_columns
        formatter = self._formatter(call)

        def show_object(body: dict[str, Any], event: str) -> None:
            if self.output == "yaml" and self.wrote:
                call.write("---\n")
            self.wrote = True
            call.write(formatter({"type": event, "object": body} if event else body))
            call.streams.stdout.flush()

        return show_object


VERB = Get
