"""The image catalogue: which references there are, what is in each image, how long its pull takes.

An image is a *profile* in YAML (``images/schema.json``, docs/image-profiles.md): names, tags, configuration, userland,
files, programs. Profiles of a pack or of the learner's configuration folder come on top of the built-in ones. What a
profile describes becomes one shared directory tree; containers put their overlay on it.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.sim.runtime.contract import CatalogueError, ImageInfo
from k8s_tutor.sim.runtime.filesystem import FileSystem
from k8s_tutor.sim.runtime.nodes import Directory
from k8s_tutor.sim.runtime.rootfs import build

BUILT_IN = Path(__file__).parent.parent / "images"
PULL_SECONDS = 0.6
PULL_BYTES_PER_SECOND = 40e6
MERGED = ("env", "files", "programs", "versions")


@dataclass(frozen=True, slots=True)
class Reference:
    """An image reference, taken apart as containerd's ``reference/docker`` does."""

    host: str
    repository: str
    tag: str
    digest: str = ""

    @property
    def name(self) -> str:
        """Host and repository."""
        return f"{self.host}/{self.repository}"

    def __str__(self) -> str:
        return f"{self.name}@{self.digest}" if self.digest else f"{self.name}:{self.tag}"


def parse_reference(text: str) -> Reference:
    """Return the parts of ``nginx``, ``nginx:1.27``, ``host:5000/a/b@sha256:…``.

    Raises:
        CatalogueError: it is no reference.
    """
    rest, _, digest = text.partition("@")
    host, slash, path = rest.partition("/")
    if not slash or not (set(host) & {".", ":"} or host == "localhost"):
        host, path = "docker.io", rest
    repository, _, tag = path.partition(":")
    if host == "docker.io" and "/" not in repository:
        repository = f"library/{repository}"
    if not re.fullmatch(r"[a-z0-9]+([._/-]+[a-z0-9]+)*", repository) or not re.fullmatch(r"[\w.-]{0,128}", tag):
        raise CatalogueError(f'failed to parse image reference "{text}": invalid reference format')
    return Reference(host, repository, tag or "latest", digest)


@dataclass(frozen=True)
class Image:
    """One tag of a profile."""

    reference: Reference
    info: ImageInfo
    profile: Mapping[str, Any]
    version: str
    _roots: list[Directory] = field(default_factory=list)
    cache: dict[str, Any] = field(default_factory=dict)

    @property
    def userland(self) -> str:
        """busybox, debian or none: whose words the tools use."""
        return str(self.profile.get("userland", "none"))

    @property
    def files(self) -> FileSystem:
        """The image's own file system, for looking things up before a container has one."""
        if "files" not in self.cache:
            self.cache["files"] = FileSystem(self.root, lambda: 0.0)
        found: FileSystem = self.cache["files"]
        return found

    def behaviour(self, name: str) -> Mapping[str, Any] | None:
        """Return the description of a server that the profile itself describes (``profile:/its/path``)."""
        spec = self.profile.get("programs", {}).get(name.removeprefix("profile:"))
        return spec if isinstance(spec, Mapping) else None

    @property
    def root(self) -> Directory:
        """The image's files, shared and never changed."""
        if not self._roots:
            self._roots.append(build(self.profile, self.version))
        return self._roots[0]


class Catalogue:
    """All images that can be pulled."""

    def __init__(self, profiles: Iterable[Mapping[str, Any]] = ()) -> None:
        self._profiles: dict[str, Mapping[str, Any]] = {}
        self._images: dict[str, Image] = {}
        for profile in profiles:
            self.add(profile)

    @classmethod
    def load(cls, *folders: Path) -> "Catalogue":
        """Return the built-in images and those of further folders (later ones win)."""
        catalogue = cls()
        for folder in (BUILT_IN, *folders):
            for path in sorted(folder.glob("*.yaml")):
                catalogue.add(yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader), str(path))
        return catalogue

    def add(self, profile: Mapping[str, Any], source: str = "profile") -> None:
        """Add a profile; one that says ``fallback: true`` gives way to a profile that is there already.

        Raises:
            CatalogueError: it has no names, or a field that profiles do not have.
        """
        unknown = set(profile) - FIELDS
        if unknown or not profile.get("names"):
            what = f"unknown field {', '.join(sorted(unknown))}" if unknown else "it has no names"
            raise CatalogueError(f"{source}: not an image profile: {what}")
        for name in profile["names"]:
            known = parse_reference(name).name
            if not (profile.get("fallback") and known in self._profiles):
                self._profiles[known] = profile
        self._images.clear()

    def names(self) -> list[str]:
        """Return the repositories, sorted."""
        return sorted(self._profiles)

    def image(self, text: str) -> Image:
        """Return the image of a reference.

        Raises:
            CatalogueError: there is none; the message is the registry's and says how to add it.
        """
        reference = parse_reference(text)
        known = self._images.get(str(reference))
        if known is None:
            known = self._images[str(reference)] = self._find(reference)
        return known

    def _find(self, reference: Reference) -> Image:
        head = f'failed to pull and unpack image "{reference}": failed to resolve reference "{reference}": '
        profile = self._profiles.get(reference.name)
        if profile is None:
            raise CatalogueError(
                f"{head}pull access denied, repository does not exist or may require authorization: server message: "
                "insufficient_scope: authorization failed (the practice cluster's catalogue has no such image; "
                "add a profile for it to the pack's images/ folder or to the configuration folder)",
            )
        if not _tag_known(profile, reference):
            raise CatalogueError(
                f"{head}{reference}: not found (the catalogue's profile of {reference.name} has no such tag)",
            )
        return _make(reference, profile)


FIELDS = frozenset({
    "names", "tags", "userland", "size", "pull_seconds", "entrypoint", "cmd", "env", "working_dir", "user", "ports",
    "commands", "without", "files", "programs", "versions", "variants", "description", "users", "groups", "flat", "fallback",
})  # fmt: skip


def _tag_known(profile: Mapping[str, Any], reference: Reference) -> bool:
    if reference.digest:
        return True
    rule = profile.get("tags", {"any": True})
    known = {str(tag) for tag in rule.get("known", ())}
    patterns = rule.get("patterns", ())
    return bool(rule.get("any")) or reference.tag in known or any(re.fullmatch(p, reference.tag) for p in patterns)


def _make(reference: Reference, profile: Mapping[str, Any]) -> Image:
    merged = dict(profile)
    for variant in profile.get("variants", ()):
        if any(re.fullmatch(pattern, reference.tag) for pattern in variant["tags"]):
            for key, value in variant.items():
                if key in MERGED:
                    merged[key] = {**merged.get(key, {}), **value}
                elif key != "tags":
                    merged[key] = value
    size = Quantity.parse(str(merged.get("size", "20M"))).value()
    info = ImageInfo(
        reference=str(reference),
        digest=reference.digest or "sha256:" + hashlib.sha256(str(reference).encode()).hexdigest(),
        size=size,
        pull_seconds=float(merged.get("pull_seconds", PULL_SECONDS + size / PULL_BYTES_PER_SECOND)),
        entrypoint=tuple(merged.get("entrypoint", ())),
        cmd=tuple(merged.get("cmd", ())),
        env={str(name): str(value) for name, value in merged.get("env", {}).items()},
        working_dir=str(merged.get("working_dir", "/")),
        user=str(merged.get("user", "")),
        ports=tuple(merged.get("ports", ())),
    )
    return Image(reference, info, merged, _version(merged, reference.tag))


def _version(profile: Mapping[str, Any], tag: str) -> str:
    versions = {str(key): str(value) for key, value in profile.get("versions", {}).items()}
    number = re.match(r"v?(\d+(\.\d+)*)", tag)
    return (
        versions.get(tag)
        or (versions.get(number[1]) if number else None)
        or (number[1] if number else versions.get("latest", tag))
    )
