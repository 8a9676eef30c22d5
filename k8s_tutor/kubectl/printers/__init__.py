"""How objects are printed: ``-o yaml|json|name|jsonpath=…|custom-columns=…|go-template=…`` and tables.

`printer_for` gives a function from an object to text; tables of the server are printed by `printers.table`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from k8s_tutor.apimachinery.go_values import go_syntax
from k8s_tutor.apimachinery.goyaml import to_json, to_yaml
from k8s_tutor.apimachinery.jsonpath import JSONPath, JSONPathError
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.printers.declared import in_declared_order, in_order, json_as_declared
from k8s_tutor.kubectl.text import quoted

Printer = Callable[[dict[str, Any]], str]
TEMPLATES = (
    "jsonpath-as-json",
    "jsonpath-file",
    "jsonpath",
    "go-template-file",
    "go-template",
    "templatefile",
    "template",
)
FORMATS = (
    "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml"
)


def without_managed_fields(body: dict[str, Any]) -> dict[str, Any]:
    """Return the object without managedFields, and its items too; the original stays."""
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and "managedFields" in metadata:
        body = {**body, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}
    if isinstance(body.get("items"), list):
        body = {**body, "items": [without_managed_fields(item) for item in body["items"]]}
    return body


def split_format(output: str, template: str = "") -> tuple[str, str]:
    """Split ``jsonpath={.x}`` into format and template."""
    name, equals, rest = output.partition("=")
    return name, rest if equals else template


def printer_for(
    output: str,
    *,
    template: str = "",
    allow_missing: bool = True,
    show_managed: bool = False,
    cwd: Path | None = None,
    formats: str = FORMATS,
    typed: bool = False,
) -> Printer:
    """Make the printer of an output format other than tables; ``typed``: JSON in the order of the Go type.

    Raises:
        CommandError: unknown format, or a template that cannot be read.
    """
    name, text = split_format(output, template)
    folder = cwd or Path()

    def clean(body: dict[str, Any]) -> dict[str, Any]:
        return body if show_managed else without_managed_fields(body)

    if name == "yaml":
        return lambda body: to_yaml(clean(body))
    if name == "json":
        if typed:
            return lambda body: json_as_declared(in_declared_order(clean(body))) + "\n"
        return lambda body: to_json(clean(body)) + "\n"
    if name == "kyaml":
        from k8s_tutor.kubectl.printers.kyaml import to_kyaml

        return lambda body: to_kyaml(in_declared_order(clean(body)) if typed else in_order(clean(body)))
    if name == "name":
        return names
    if name.startswith("jsonpath"):
        text = _file(folder, text) if name == "jsonpath-file" else text
        return _jsonpath(name, text, allow_missing=allow_missing)
    if name in {"go-template", "template", "go-template-file", "templatefile"}:
        from k8s_tutor.kubectl.printers.gotemplate import GoTemplate

        if not text:
            raise CommandError("template format specified but no template given")
        return GoTemplate(_file(folder, text) if name.endswith("file") else text, allow_missing=allow_missing).render
    raise CommandError(
        f"unable to match a printer suitable for the output format {quoted(output)}, allowed formats are: {formats}"
    )


def names(body: dict[str, Any]) -> str:
    """Print ``kind.group/name``, a line an object."""
    if isinstance(body.get("items"), list):
        return "".join(names(item) for item in body["items"])
    group = body.get("apiVersion", "").rpartition("/")[0]
    kind = body.get("kind", "").lower()
    name = body.get("metadata", {}).get("name", "")
    return f"{kind}.{group}/{name}\n" if group else f"{kind}/{name}\n"


def _jsonpath(name: str, text: str, *, allow_missing: bool) -> Printer:
    if not text:
        raise CommandError("template format specified but no template given")
    try:
        parsed = JSONPath(text, allow_missing=allow_missing)
    except JSONPathError as error:
        raise CommandError(f"error parsing jsonpath {text}, {error}") from None

    def show(body: dict[str, Any]) -> str:
        try:
            return to_json(parsed.find(body)) + "\n" if name == "jsonpath-as-json" else parsed.render(body)
        except JSONPathError as error:
            raise CommandError(
                f"error executing jsonpath {quoted(text)}: Error executing template: {error}. Printing more information "
                f"for debugging the template:\n\ttemplate was:\n\t\t{text}\n\tobject given to jsonpath engine was:\n"
                f"\t\t{go_syntax(body)}\n\n\n"
            ) from None

    return show


def _file(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"error reading --template {name}, open {name}: {(error.strerror or '').lower()}") from None
