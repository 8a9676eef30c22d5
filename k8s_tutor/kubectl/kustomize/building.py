"""From the files of a kustomization to its objects, layer by layer, in the order in which they can be created."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl import manifests
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.kustomize.generating import add_hashes, generate
from k8s_tutor.kubectl.kustomize.patching import patch
from k8s_tutor.kubectl.kustomize.referring import follow
from k8s_tutor.kubectl.kustomize.resource import Resource
from k8s_tutor.kubectl.kustomize.transforming import transform
from k8s_tutor.kubectl.text import quoted

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_KNOWN = frozenset(
    {
        *("apiVersion", "kind", "metadata", "resources", "bases", "components", "sortOptions", "buildMetadata"),
        *("namespace", "namePrefix", "nameSuffix", "commonLabels", "commonAnnotations", "labels", "images"),
        *("replicas", "configMapGenerator", "secretGenerator", "generatorOptions"),
        *("patches", "patchesStrategicMerge", "patchesJson6902"),
    }
)
_UNSUPPORTED = frozenset(
    {
        *("openapi", "vars", "crds", "replacements", "helmCharts", "helmGlobals", "helmChartInflationGenerator"),
        *("generators", "transformers", "validators", "configurations", "imageTags"),
    }
)
_DEPRECATED = {
    "bases": "resources",
    "commonLabels": "labels",
    "patchesJson6902": "patches",
    "patchesStrategicMerge": "patches",
}
_FIRST = (
    *("Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition", "ServiceAccount"),
    *("PodSecurityPolicy", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap", "Secret"),
    *("Endpoints", "Service", "LimitRange", "PriorityClass", "PersistentVolume", "PersistentVolumeClaim"),
    *("Deployment", "StatefulSet", "CronJob", "PodDisruptionBudget"),
)
_LAST = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_RANKS = {kind: at - len(_FIRST) for at, kind in enumerate(_FIRST)} | {kind: at + 1 for at, kind in enumerate(_LAST)}


def build(
    folder: Path, shown: str, warn: Callable[[str], None] = lambda _: None, *, restricted: bool = True
) -> list[manifests.Document]:
    """Build a kustomization.

    Args:
        folder: where its file is.
        shown: the folder as the user named it.
        warn: is told of fields that one should no longer use.
        restricted: its files must lie in it or below.

    Raises:
        CommandError: it is missing, broken, or uses what is not supported here.
    """
    if not folder.is_dir():
        raise CommandError(f"must build at directory: not a valid directory: {_unreadable(folder, shown)}")
    builder = _Builder(warn, restricted)
    settings = builder.settings(folder)
    resources = builder.layer(folder, settings, [])
    add_hashes(resources)
    follow(resources)
    if (settings.get("sortOptions") or {}).get("order") != "fifo":
        resources.sort(key=_rank)
    return [manifests.Document(resource.body, shown) for resource in resources]


def _rank(resource: Resource) -> tuple[int, str, str]:
    group, version = resource.group_version
    named = f"{group or '~G'}_{version}_{resource.kind}"
    return _RANKS.get(resource.kind, 0), named, f"{resource.namespace or '~X'}|{resource.name}"


def _unreadable(path: Path, shown: str) -> str:
    return f"evalsymlink failure on '{shown}' : lstat {path}: no such file or directory"


@dataclass(frozen=True, slots=True)
class _Builder:
    """Builds layers; see `build` for what it holds."""

    warn: Callable[[str], None]
    restricted: bool

    def layer(self, folder: Path, settings: Json, given: list[Resource]) -> list[Resource]:
        """Return the objects of one kustomization, of those below it, and those ``given`` to it as a component."""
        resources = list(given)
        for name in [*(settings.get("resources") or ()), *(settings.get("bases") or ())]:
            self._accumulate(folder, name, resources)
        for name in settings.get("components") or ():
            inner = folder / name
            resources = self.layer(inner, self.settings(inner), resources)
        resources += generate(folder, settings, resources)
        _refuse_doubles(resources)
        resources = patch(folder, settings, resources)
        transform(settings, resources)
        follow(resources)
        return resources

    def _accumulate(self, folder: Path, name: str, resources: list[Resource]) -> None:
        path = folder / name
        heading = f"accumulating resources: accumulation err='accumulating resources from '{name}'"
        if "://" in name or name.startswith("github.com/"):
            raise CommandError(f"{name}: bases are not fetched from the network here; save them and name the folder")
        if not path.exists():
            missing = _unreadable(path, str(path))
            raise CommandError(f"{heading}: {missing}': must build at directory: not a valid directory: {missing}")
        real = path.resolve()
        if path.is_dir():
            failed = "recursed accumulation of path"
            try:
                found = self.layer(real, self.settings(real), [])
                failed = "recursed merging from path"
                _refuse_doubles([*resources, *found])
            except CommandError as error:
                raise CommandError(f"{heading}: '{real}' must resolve to a file': {failed} '{real}': {error}") from None
        elif self.restricted and not real.is_relative_to(folder.resolve()):
            outside = f"security; file '{real}' is not in or below '{folder.resolve()}'"
            raise CommandError(f"{heading}: {outside}': must build at directory: '{real}': file is not directory")
        else:
            found = [Resource(document.object) for document in manifests.documents([name], folder, None)]
        resources += found

    def settings(self, folder: Path) -> Json:
        """Read the file of a kustomization."""
        found = next((folder / name for name in NAMES if (folder / name).is_file()), None)
        if found is None:
            raise CommandError(
                "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory "
                f"'{folder}'"
            )
        try:
            value = manifests.read_value(found.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise CommandError(f"invalid Kustomization: {manifests.go_words(error)}") from None
        if not isinstance(value, dict) or not value:
            raise CommandError("kustomization.yaml is empty")
        for field in sorted(set(value) - _KNOWN):
            if field in _UNSUPPORTED:
                raise CommandError(f"invalid Kustomization: {field} is not supported here")
            raise CommandError(f"invalid Kustomization: json: unknown field {quoted(str(field))}")
        for field, better in _DEPRECATED.items():
            if value.get(field):
                self.warn(
                    f"# Warning: '{field}' is deprecated. Please use '{better}' instead. Run 'kustomize edit fix' to "
                    "update your Kustomization automatically."
                )
        return value


def _refuse_doubles(resources: list[Resource]) -> None:
    seen: set[str] = set()
    for resource in resources:
        if resource.shown in seen:
            raise CommandError(f"may not add resource with an already registered id: {resource.shown}")
        seen.add(resource.shown)
