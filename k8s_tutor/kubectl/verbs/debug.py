"""``kubectl debug`` (kubectl, ``cmd/debug``): an ephemeral container, a copy of a pod, or a pod on a node."""

import random
import time

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl import sessions
from k8s_tutor.kubectl.actions import all_containers
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import api
from k8s_tutor.kubectl.infos import Info, select
from k8s_tutor.kubectl.options import FILENAME
from k8s_tutor.kubectl.patchtypes import STRATEGIC
from k8s_tutor.kubectl.text import quoted
from k8s_tutor.kubectl.verbs import _debug_profiles as profiles

POD = api("", "v1", "pods", "Pod")
LETTERS = "bcdfghjklmnpqrstvwxz2456789"
WAIT = 60.0


class Debug(Verb):
    """Makes a container to look around with."""

    name = "debug"
    usage = "debug (POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ] [options]"
    short = "Create debugging sessions for troubleshooting workloads and nodes"
    group = "Troubleshooting and Debugging Commands"
    examples = """
kubectl debug one -it --image=busybox:1.36
kubectl debug one -it --image=busybox:1.36 --copy-to=one-debug
kubectl debug node/node1 -it --image=busybox:1.36
"""
    flags = (
        *FILENAME[:1],
        Flag("image", help="image of the debugging container"),
        Flag("container", short="c", help="its name; random if not given"),
        Flag("target", help="the container whose processes it shall see"),
        Flag("copy-to", help="make a copy of the pod with this name"),
        Flag("replace", "bool", help="with --copy-to: delete the original"),
        Flag("same-node", "bool", help="with --copy-to: on the same node"),
        Flag("share-processes", "bool", default=True, help="with --copy-to: share processes"),
        Flag("set-image", "list", help="with --copy-to: container=image; may repeat"),
        Flag("keep-labels", "bool", help="with --copy-to: keep labels"),
        Flag("keep-annotations", "bool", help="with --copy-to: keep annotations"),
        Flag("keep-liveness", "bool", help="with --copy-to: keep liveness probes"),
        Flag("keep-readiness", "bool", help="with --copy-to: keep readiness probes"),
        Flag("keep-startup", "bool", help="with --copy-to: keep startup probes"),
        Flag("keep-init-containers", "bool", default=True, help="with --copy-to: keep init containers"),
        Flag("env", "array", help="variable, as KEY=VALUE; may repeat"),
        Flag("image-pull-policy", help="Always, IfNotPresent or Never"),
        Flag("profile", default="general", help="general, baseline, restricted, netadmin, sysadmin or legacy"),
        Flag("custom", help="a file with a part of a container that is merged over the profile's"),
        Flag("stdin", "bool", short="i", help="keep the standard input open"),
        Flag("tty", "bool", short="t", help="the container gets a terminal"),
        Flag("attach", "bool", help="attach to the container"),
        Flag("quiet", "bool", short="q", help="print only what the program prints"),
        Flag("arguments-only", "bool", help="the words after -- are arguments, not the command"),
    )

    def complete(self, call: Call) -> None:
        limit = call.words.dash_at if call.words.dash_at >= 0 else len(call.arguments)
        self.targets, self.command = call.arguments[:limit], call.arguments[limit:]
        self.attaching = call.flag("attach") if call.changed("attach") else call.flag("stdin")

    def validate(self, call: Call) -> None:
        image, copy = call.flag("image"), call.flag("copy-to")
        if copy:
            if not image and not call.flag("set-image") and not self.command:
                raise CommandError("you must specify --image, --set-image or command arguments.")
            if call.flag("target"):
                raise CommandError("--target is incompatible with --copy-to. Use --share-processes instead.")
        else:
            for name in ("replace", "same-node", "set-image"):
                if call.flag(name):
                    raise CommandError(f"--{name} may only be used with --copy-to.")
            if not image:
                raise CommandError("you must specify --image when not using --copy-to.")
        if not self.targets and not call.flag("filename"):
            raise CommandError("NAME or filename is required for debug")
        if image and any(char.isspace() for char in image):
            raise CommandError(f"invalid image name {quoted(image)}: invalid reference format")
        if call.flag("image-pull-policy") not in {"", "Always", "IfNotPresent", "Never"}:
            raise CommandError(f"invalid image pull policy: {call.flag('image-pull-policy')}")
        if call.flag("tty") and not call.flag("stdin"):
            raise CommandError("-i/--stdin is required for containers with -t/--tty=true")
        if call.flag("profile") not in profiles.PROFILES:
            raise CommandError(f"unknown profile: {call.flag('profile')}")
        self.own = profiles.own(call)
        if call.flag("profile") == "legacy":
            call.err(
                "--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other "
                'profile, for example "--profile=general".'
            )

    def run(self, call: Call) -> int:
        words = [word if "/" in word else f"pods/{word}" for word in self.targets]
        selection = select(call, words)
        code = 0
        for info in selection.infos():
            if info.resource.kind == "Node":
                pod, container = self._on_node(call, info)
            elif info.resource.kind != "Pod":
                raise CommandError(
                    f"{quoted(info.resource.group_version + ', Kind=' + info.resource.kind)} not supported by debug"
                )
            elif call.flag("copy-to"):
                pod, container = self._copy(call, info)
            else:
                pod, container = self._ephemeral(call, info)
            if self.attaching:
                code = self._attach(call, pod, container)
        raise_all(selection.errors)
        return code

    def _name(self, call: Call, pod: Json) -> str:
        taken = {one["name"] for one in all_containers(pod)}
        if call.flag("container"):
            return str(call.flag("container"))
        name = "debugger-" + "".join(random.choices(LETTERS, k=5))
        while name in taken:
            name = "debugger-" + "".join(random.choices(LETTERS, k=5))
        if not call.flag("quiet"):
            call.out(f"Defaulting debug container name to {name}.")
        return name

    def _container(self, call: Call, name: str) -> Json:
        made: Json = {"name": name, "image": call.flag("image"), "resources": {}, "terminationMessagePolicy": "File"}
        made["imagePullPolicy"] = call.flag("image-pull-policy") or "IfNotPresent"
        if self.command:
            made["args" if call.flag("arguments-only") else "command"] = self.command
        if call.flag("env"):
            made["env"] = [
                dict(zip(("name", "value"), word.partition("=")[::2], strict=True)) for word in call.flag("env")
            ]
        for flag in ("stdin", "tty"):
            if call.flag(flag):
                made[flag] = True
        return made

    def _ephemeral(self, call: Call, info: Info) -> tuple[Json, str]:
        name = self._name(call, info.object)
        container = self._container(call, name)
        profiles.apply(call.flag("profile"), container)
        container = profiles.merged(container, self.own)
        if call.flag("target"):
            container["targetContainerName"] = call.flag("target")
            if not call.flag("quiet"):
                call.out(
                    f"Targeting container {quoted(call.flag('target'))}. If you don't see processes from this container it "
                    "may be because the container runtime doesn't support this feature."
                )
        patch = {"spec": {"ephemeralContainers": [container]}}
        try:
            pod = call.request("PATCH", f"{info.path}/ephemeralcontainers", body=patch, content_type=STRATEGIC)
        except ApiError as error:
            if error.status == 404 and not error.details.get("kind"):
                raise CommandError(
                    f"ephemeral containers are disabled for this cluster (error from server: {quoted(str(error))})"
                ) from None
            raise
        return pod, name

    def _copy(self, call: Call, info: Info) -> tuple[Json, str]:
        source = info.object
        spec = clone(source["spec"])
        metadata: Json = {"name": call.flag("copy-to"), "namespace": info.namespace}
        legacy = call.flag("profile") == "legacy"
        for kept in ("labels", "annotations"):
            if (call.flag(f"keep-{kept}") or (legacy and kept == "annotations")) and source["metadata"].get(kept):
                metadata[kept] = source["metadata"][kept]
        if not call.flag("same-node"):
            spec.pop("nodeName", None)
        spec.pop("ephemeralContainers", None)
        if not call.flag("keep-init-containers") and not legacy:
            spec.pop("initContainers", None)
        for container in spec["containers"]:
            for probe in ("liveness", "readiness", "startup"):
                if not call.flag(f"keep-{probe}") and not legacy:
                    container.pop(f"{probe}Probe", None)
        images = dict(word.partition("=")[::2] for word in call.flag("set-image"))
        for container in spec["containers"]:
            container["image"] = images.get(container["name"], images.get("*", container["image"]))
        existing = next((one for one in spec["containers"] if one["name"] == call.flag("container")), None)
        if existing is not None or not call.flag("image"):
            changed = existing or spec["containers"][0]
            if call.flag("image"):
                changed["image"] = call.flag("image")
            if self.command:
                changed["args" if call.flag("arguments-only") else "command"] = self.command
            changed |= {flag: True for flag in ("stdin", "tty") if call.flag(flag)}
            name = changed["name"]
        else:
            name = self._name(call, source)
            spec["containers"].append(self._container(call, name))
        at = next(at for at, one in enumerate(spec["containers"]) if one["name"] == name)
        profiles.apply(call.flag("profile"), spec["containers"][at])
        spec["containers"][at] = profiles.merged(spec["containers"][at], self.own)
        if call.changed("share-processes") or not legacy:
            spec["shareProcessNamespace"] = bool(call.flag("share-processes"))
        made = call.request(
            "POST", info.collection, body={"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        )
        if call.flag("replace"):
            call.request(
                "DELETE", info.path, body={"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
            )
        return made, name

    def _on_node(self, call: Call, info: Info) -> tuple[Json, str]:
        name = "node-debugger-" + info.name + "-" + "".join(random.choices(LETTERS, k=5))
        container_name = call.flag("container") or "debugger"
        if not call.flag("quiet"):
            call.out(f"Creating debugging pod {name} with container {container_name} on node {info.name}.")
        container = self._container(call, container_name)
        profile = call.flag("profile")
        profiles.apply(profile, container, on_node=True)
        spec: Json = {
            "nodeName": info.name,
            "restartPolicy": "Never",
            "tolerations": [{"operator": "Exists"}],
        }
        if profile in profiles.HOST_ROOT:
            container["volumeMounts"] = [{"name": "host-root", "mountPath": "/host"}]
            spec["volumes"] = [{"name": "host-root", "hostPath": {"path": "/"}}]
        if profile in profiles.HOST_NAMESPACES:
            spec |= {"hostIPC": True, "hostNetwork": True, "hostPID": True}
        spec["containers"] = [profiles.merged(container, self.own)]
        metadata = {"name": name, "labels": {"app.kubernetes.io/managed-by": "kubectl-debug"}}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        return call.request("POST", POD.path(call.namespace), body=body), container_name

    def _attach(self, call: Call, pod: Json, container: str) -> int:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        limit = time.monotonic() + WAIT
        while True:
            current = call.client.get(POD.path(namespace, name))
            state = _state(current, container)
            if state:
                break
            if time.monotonic() > limit or call.cancelled.wait(0.1):
                raise CommandError("timed out waiting for the condition")
        if state == "terminated":
            for chunk in call.client.logs(namespace, name, {"container": container}).chunks():
                sessions.write_bytes(call.streams.stdout, chunk)
            return 0
        if call.flag("stdin") and not call.flag("quiet"):
            call.err(
                "All commands and output from this session will be recorded in container logs, including credentials and "
                "sensitive information passed through the command prompt."
            )
            call.err("If you don't see a command prompt, try pressing enter.")
        tty = bool(call.flag("tty")) and call.terminal is not None
        channels = call.client.attach(namespace, name, container=container, stdin=call.flag("stdin"), tty=tty)
        return sessions.run(call, channels, stdin=call.flag("stdin"), tty=tty)


def _state(pod: Json, container: str) -> str:
    status = pod.get("status") or {}
    for key in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for one in status.get(key) or ():
            if one["name"] == container:
                state = one.get("state") or {}
                return next((word for word in ("running", "terminated") if word in state), "")
    return ""


VERB = Debug
