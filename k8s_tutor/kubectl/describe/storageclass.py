"""StorageClass."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import boolean, labels_line

GROUP = "storage.k8s.io"
_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def describe(view: View, body: Json) -> None:
    """Describe a storage class."""
    metadata = body.get("metadata", {})
    annotations = metadata.get("annotations") or {}
    view.field(0, "Name", metadata.get("name", ""))
    view.field(0, "IsDefaultClass", "Yes" if any(annotations.get(key) == "true" for key in _DEFAULT) else "No")
    view.field(0, "Annotations", labels_line(annotations))
    view.field(0, "Provisioner", body.get("provisioner", ""))
    view.field(0, "Parameters", labels_line(body.get("parameters")))
    expansion = body.get("allowVolumeExpansion")
    view.field(0, "AllowVolumeExpansion", "<unset>" if expansion is None else boolean(expansion))
    options = body.get("mountOptions")
    view.line(0, "MountOptions:" if options else "MountOptions:\t<none>")
    for option in options or ():
        view.line(1, option)
    for title, key in (("ReclaimPolicy", "reclaimPolicy"), ("VolumeBindingMode", "volumeBindingMode")):
        if body.get(key) is not None:
            view.field(0, title, body[key])
    if body.get("allowedTopologies") is not None:
        _topologies(view, body["allowedTopologies"])
    write_events(view, body)


def _topologies(view: View, terms: list[Json]) -> None:
    view.line(0, "AllowedTopologies:\t" + ("" if terms else "<none>"))
    for at, term in enumerate(terms):
        view.write(1, f"Term {at}:\t")
        expressions = term.get("matchLabelExpressions") or ()
        if not expressions:
            view.line(0, "<none>")
        for position, one in enumerate(expressions):
            if position:
                view.write(1, "\t")
            values = f" [{', '.join(one['values'])}]" if one.get("values") else ""
            view.line(0, f"{one.get('key', '')} in{values}")
