"""``kubectl cp`` (kubectl, ``cmd/cp``): files through tar in the container."""

import io
import tarfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from k8s_tutor.client.streams import STDERR, STDOUT, exit_code
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.pods import choose_container
from k8s_tutor.kubectl.text import quoted


class FileSpec(NamedTuple):
    """``[[namespace/]pod:]path``."""

    namespace: str
    pod: str
    path: str


class Cp(Verb):
    """Copies files to and from containers."""

    name = "cp"
    usage = "cp <file-spec-src> <file-spec-dest> [options]"
    short = "Copy files and directories to and from containers"
    group = "Troubleshooting and Debugging Commands"
    examples = """
kubectl cp notes.txt one:/tmp/notes.txt
kubectl cp one:/tmp/notes.txt back.txt
kubectl cp team-a/one:/tmp notes -c main
"""
    flags = (
        Flag("container", short="c", help="the container; the first if not given"),
        Flag("no-preserve", "bool", help="leave owners and modes behind"),
        Flag("retries", "int", help="taken and ignored"),
    )

    def validate(self, call: Call) -> None:
        if len(call.arguments) != 2:
            raise CommandError("source and destination are required")

    def run(self, call: Call) -> int:
        source, target = (self._spec(call, word) for word in call.arguments)
        if source.pod and target.pod:
            raise CommandError("one of src or dest must be a local file specification")
        if not source.path or not target.path:
            raise CommandError("filepath can not be empty")
        if source.pod:
            return self._fetch(call, source, target)
        if target.pod:
            return self._send(call, source, target)
        raise CommandError("one of src or dest must be a remote file specification")

    def _spec(self, call: Call, word: str) -> FileSpec:
        head, colon, path = word.partition(":")
        if not colon or ("/" in head and head.startswith((".", "/"))):
            return FileSpec("", "", word)
        if not head:
            raise CommandError("filespec must match the canonical format: [[namespace/]pod:]file/path")
        namespace, slash, pod = head.rpartition("/")
        if "/" in namespace:
            raise CommandError("filespec must match the canonical format: [[namespace/]pod:]file/path")
        return FileSpec(namespace if slash else call.namespace, pod, path)

    def _send(self, call: Call, source: FileSpec, target: FileSpec) -> int:
        local = call.cwd / source.path
        if not local.exists():
            raise CommandError(f"{source.path} doesn't exist in local filesystem")
        path = PurePosixPath(target.path)
        if target.path.endswith("/") or self._is_folder(call, target):
            path /= local.name
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            archive.add(local, arcname=path.name)
        command = ["tar", "-xmf", "-"]
        if call.flag("no-preserve"):
            command = ["tar", "--no-same-permissions", "--no-same-owner", "-xmf", "-"]
        folder = str(path.parent)
        if folder:
            command += ["-C", folder]
        code, _, errors = self._exec(call, target, command, buffer.getvalue())
        if errors:
            call.streams.stderr.write(errors.decode("utf-8", "replace"))
        if code:
            raise CommandError(f"command terminated with exit code {code}", exit_code=code, bare=True)
        return 0

    def _is_folder(self, call: Call, target: FileSpec) -> bool:
        return self._exec(call, target, ["test", "-d", target.path], b"")[0] == 0

    def _fetch(self, call: Call, source: FileSpec, target: FileSpec) -> int:
        _, data, errors = self._exec(call, source, ["tar", "cf", "-", source.path], b"")
        call.write(errors.decode("utf-8", "replace"))
        self._unpack(call, source, target, data)
        return 0

    def _unpack(self, call: Call, source: FileSpec, target: FileSpec, data: bytes) -> None:
        if not data.strip(b"\0"):
            return
        destination = call.cwd / target.path
        prefix = PurePosixPath(source.path.lstrip("/"))
        if destination.is_dir():
            destination /= prefix.name
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                relative = _inside(PurePosixPath(member.name.lstrip("/")), prefix)
                if relative is None:
                    call.err(f"warning: file {quoted(member.name)} is outside target destination, skipping")
                    continue
                place = destination / Path(*relative.parts) if relative.parts else destination
                if member.issym() or member.islnk():
                    call.err(f"warning: skipping symlink: {quoted(str(place))} -> {quoted(member.linkname)}")
                elif member.isdir():
                    place.mkdir(parents=True, exist_ok=True)
                elif member.isfile():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    stream = archive.extractfile(member)
                    place.write_bytes(stream.read() if stream else b"")

    def _exec(self, call: Call, spec: FileSpec, command: list[str], data: bytes) -> tuple[int, bytes, bytes]:
        pod = call.client.get(f"/api/v1/namespaces/{spec.namespace}/pods/{spec.pod}")
        phase = (pod.get("status") or {}).get("phase", "")
        if phase in {"Succeeded", "Failed"}:
            raise CommandError(f"cannot exec into a container in a completed pod; current phase is {phase}")
        container = choose_container(call, pod, call.flag("container"), quiet=True)["name"]
        channels = call.client.exec(spec.namespace, spec.pod, command, container=container, stdin=bool(data))
        call.closing(channels.close)
        if data:
            channels.write(0, data)
            channels.close_stdin()
        out: dict[int, list[bytes]] = {STDOUT: [], STDERR: []}
        for channel, chunk in channels.frames():
            out.setdefault(channel, []).append(chunk)
        channels.close()
        code = exit_code(channels.status)
        if code is None:
            raise CommandError(f"Internal error occurred: {(channels.status or {}).get('message', '')}")
        return code, b"".join(out[STDOUT]), b"".join(out[STDERR])


def _inside(path: PurePosixPath, prefix: PurePosixPath) -> PurePosixPath | None:
    """A file of the archive, relative to what was asked for; None if it climbs out."""
    try:
        relative = path.relative_to(prefix)
    except ValueError:
        return None
    return None if ".." in relative.parts else relative


VERB = Cp
