"""An object on its way through the layers, and the names it had."""

from dataclasses import dataclass, field

from k8s_tutor.apimachinery.unstructured import Json


@dataclass(slots=True, eq=False)
class Resource:
    """One object.

    Args:
        body: as it is now.
        former: the names that it had in the layers below; patches and references may use any of them.
        hashed: its name ends with the hash of its content once all layers are built.
    """

    body: Json
    former: list[str] = field(default_factory=list)
    hashed: bool = False

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.body.get("kind", ""))

    @property
    def group_version(self) -> tuple[str, str]:
        """Group and version."""
        group, _, version = str(self.body.get("apiVersion", "")).rpartition("/")
        return group, version

    @property
    def name(self) -> str:
        """Its present name."""
        return str(self.metadata.get("name", ""))

    @property
    def namespace(self) -> str:
        """Its present namespace."""
        return str(self.metadata.get("namespace", ""))

    @property
    def metadata(self) -> Json:
        """Its metadata, made if needed."""
        found: Json = self.body.setdefault("metadata", {})
        return found

    @property
    def names(self) -> list[str]:
        """All names that it has or had."""
        return [*self.former, self.name]

    def rename(self, name: str) -> None:
        """Give it another name."""
        if name != self.name:
            self.former.append(self.name)
            self.metadata["name"] = name

    @property
    def shown(self) -> str:
        """Its id as kustomize writes it: ``Deployment.v1.apps/web.[noNs]``."""
        group, version = self.group_version
        return f"{self.kind}.{version}.{group or '[noGrp]'}/{self.name}.{self.namespace or '[noNs]'}"
