"""``kubectl run`` (kubectl, ``cmd/run``): a pod of an image."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl import sessions
from k8s_tutor.kubectl.actions import create_object, delete_options, dry_run, tell
from k8s_tutor.kubectl.changes import patched_locally
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import api, with_last_applied
from k8s_tutor.kubectl.infos import Info
from k8s_tutor.kubectl.options import DRY_RUN, FILENAME, OUTPUT, POD_RUNNING_TIMEOUT, RECORD, SAVE_CONFIG, field_manager
from k8s_tutor.kubectl.recording import recorded
from k8s_tutor.kubectl.text import quoted
from k8s_tutor.kubectl.watching import wait_gone

POD, SERVICE = api("", "v1", "pods", "Pod"), api("", "v1", "services", "Service")

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")


class Run(Verb):
    """Makes a pod, and attaches to it if wanted."""

    name = "run"
    usage = 'run NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]'
    short = "Run a particular image on the cluster"
    group = "Basic Commands (Beginner)"
    examples = """
kubectl run web --image=nginx:1.27
kubectl run once --image=busybox:1.36 --restart=Never -- sh -c 'echo done'
kubectl run -it --rm try --image=busybox:1.36 -- sh
"""
    required = ("image",)
    flags = (
        *OUTPUT,
        DRY_RUN,
        field_manager("kubectl-run"),
        RECORD,
        SAVE_CONFIG,
        POD_RUNNING_TIMEOUT,
        Flag("image", help="image of the container"),
        Flag("image-pull-policy", help="Always, IfNotPresent or Never"),
        Flag("annotations", "array", help="annotation, as key=value; may repeat"),
        Flag("labels", short="l", help="labels, as key=value,key=value"),
        Flag("env", "array", help="variable, as KEY=VALUE; may repeat"),
        Flag("port", help="port of the container"),
        Flag("restart", default="Always", help="Always, OnFailure or Never"),
        Flag("command", "bool", help="the words after -- are the command, not its arguments"),
        Flag("expose", "bool", help="make a service too"),
        Flag("attach", "bool", help="attach once it runs"),
        Flag("stdin", "bool", short="i", help="keep the standard input open, and attach"),
        Flag("tty", "bool", short="t", help="the container gets a terminal"),
        Flag("rm", "bool", help="delete the pod after it ended"),
        Flag("leave-stdin-open", "bool", help="keep stdin open after the first attach"),
        Flag("quiet", "bool", short="q", help="print only what the program prints"),
        Flag("privileged", "bool", help="run privileged"),
        Flag("overrides", help="JSON that is merged over the made object"),
        Flag("override-type", default="merge", help="json, merge or strategic"),
        Flag("grace-period", "int", default=-1, help="seconds to end in, with --rm"),
        Flag("cascade", default="background", alone="background", help="taken and ignored"),
        Flag("force", "bool", help="taken and ignored"),
        Flag("wait", "bool", help="taken and ignored"),
        Flag("detach-keys", default="ctrl-p,ctrl-q", help="taken and ignored"),
        *FILENAME[1:],
        replace(FILENAME[0], deprecated="it is ignored by kubectl run and will be removed in a future release"),
        Flag("timeout", "duration", help="how long to wait for a deletion"),
    )

    def complete(self, call: Call) -> None:
        words, dash = call.arguments, call.words.dash_at
        if not words or dash == 0:
            raise CommandError("NAME is required for run\nSee 'kubectl run -h' for help and examples")
        self.named = words[0]
        self.command = words[1:]
        self.attaching = call.flag("attach") if call.changed("attach") else call.flag("stdin")

    def validate(self, call: Call) -> None:
        image = call.flag("image")
        if not image:
            raise CommandError("--image is required")
        if (
            any(char.isspace() for char in image)
            or image.split("@")[0].rsplit(":", 1)[0] != image.split("@")[0].rsplit(":", 1)[0].lower()
        ):
            raise CommandError(f"invalid image name {quoted(image)}: invalid reference format")
        if call.flag("tty") and not call.flag("stdin"):
            raise CommandError("-i/--stdin is required for containers with -t/--tty=true")
        if call.flag("expose") and not call.flag("port"):
            raise CommandError("--port must be set when exposing a service")
        if call.flag("port") and not call.flag("port").isdigit():
            raise CommandError("--port must be a number")
        if call.flag("rm") and not self.attaching:
            raise CommandError("--rm should only be used for attached containers")
        if self.attaching and dry_run(call) != "none":
            raise CommandError(
                "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)"
            )
        if call.flag("image-pull-policy") not in {"", *_PULL_POLICIES}:
            raise CommandError(
                f"invalid image pull policy: {call.flag('image-pull-policy')}, valid values are: "
                f"{', '.join(_PULL_POLICIES)}"
            )
        if call.flag("restart") not in {"Always", "OnFailure", "Never"}:
            raise CommandError(
                f"invalid restart policy: {call.flag('restart')}, valid values are: Always, OnFailure, Never"
            )

    def run(self, call: Call) -> int:
        body = self._pod(call)
        if call.flag("overrides"):
            body = self._overridden(call, body)
        if call.flag("save-config"):
            body = with_last_applied(body)
        body = recorded(call, body)
        pod = create_object(call, POD, call.namespace if dry_run(call) != "client" else "", body, "kubectl-run")
        if self.attaching:
            return self._attached(call, pod)
        tell(call, POD, pod, "created", typed=dry_run(call) == "client")
        if call.flag("expose"):
            service = self._service(call)
            service = create_object(
                call, SERVICE, call.namespace if dry_run(call) != "client" else "", service, "kubectl-run"
            )
            tell(call, SERVICE, service, "created", typed=dry_run(call) == "client")
        return 0

    def _labels(self, call: Call) -> dict[str, str]:
        if not call.flag("labels"):
            return {"run": self.named}
        labels = {}
        for part in call.flag("labels").split(","):
            key, equals, value = part.partition("=")
            if not equals:
                raise CommandError(f"unexpected label spec: {part}")
            labels[key] = value
        return labels

    def _pod(self, call: Call) -> Json:
        container: Json = {"name": self.named, "image": call.flag("image"), "resources": {}}
        if self.command:
            container["command" if call.flag("command") else "args"] = self.command
        if call.flag("image-pull-policy"):
            container["imagePullPolicy"] = call.flag("image-pull-policy")
        if call.flag("env"):
            container["env"] = [self._variable(word) for word in call.flag("env")]
        if call.flag("port"):
            container["ports"] = [{"containerPort": int(call.flag("port"))}]
        if call.flag("stdin"):
            container["stdin"] = True
            if not call.flag("leave-stdin-open"):
                container["stdinOnce"] = True
        if call.flag("tty"):
            container["tty"] = True
        if call.flag("privileged"):
            container["securityContext"] = {"privileged": True}
        metadata: Json = {"name": self.named, "labels": self._labels(call)}
        if call.flag("annotations"):
            metadata["annotations"] = dict(word.partition("=")[::2] for word in call.flag("annotations"))
        if call.explicit_namespace:
            metadata["namespace"] = call.namespace
        spec = {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": call.flag("restart")}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {}}

    def _variable(self, word: str) -> Json:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise CommandError(f"invalid env: {word}")
        return {"name": name, "value": value}

    def _overridden(self, call: Call, body: Json) -> Json:
        try:
            patch = json.loads(call.flag("overrides"))
        except ValueError as error:
            raise CommandError(f"Invalid JSON Patch: {error}") from None
        if call.flag("override-type") == "json":
            from k8s_tutor.apimachinery.patches import apply_json_patch

            made: Json = apply_json_patch(body, patch)
            return made
        strategic = call.flag("override-type") == "strategic"
        kind = "application/strategic-merge-patch+json" if strategic else "application/merge-patch+json"
        return patched_locally(POD, body, patch, kind)

    def _service(self, call: Call) -> Json:
        port = int(call.flag("port"))
        labels = self._labels(call)
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": self.named},
            "spec": {"ports": [{"port": port, "protocol": "TCP", "targetPort": port}], "selector": labels},
            "status": {"loadBalancer": {}},
        }

    def _attached(self, call: Call, pod: Json) -> int:
        info = Info(POD, pod["metadata"]["namespace"], pod["metadata"]["name"], pod)
        try:
            return self._follow(call, info)
        finally:
            if call.flag("rm"):
                call.client.request(
                    "DELETE", info.path, body=delete_options(call, call.flag("grace-period"), "background")
                )
                if not call.flag("quiet"):
                    call.out(f'pod "{info.name}" deleted from {info.namespace} namespace')
                wait_gone(call, [(info, pod["metadata"]["uid"])], call.flag("timeout"))

    def _follow(self, call: Call, info: Info) -> int:
        pod = self._until(call, info, ("Running", "Succeeded", "Failed"), call.flag("pod-running-timeout"))
        if (pod.get("status") or {}).get("phase") == "Running":
            self._attach(call, info)
        else:
            self._logs(call, info, {})
        if call.flag("restart") == "Always" or call.flag("leave-stdin-open"):
            return 0
        pod = self._until(call, info, ("Succeeded", "Failed"), call.flag("pod-running-timeout"))
        if pod["status"]["phase"] == "Succeeded":
            return 0
        statuses = pod["status"].get("containerStatuses") or [{}]
        ended = (statuses[0].get("state") or {}).get("terminated") or {}
        code = ended.get("exitCode", 1) or 1
        raise CommandError(
            f"pod {info.namespace}/{info.name} terminated ({ended.get('reason', '')})\n{ended.get('message', '')}",
            exit_code=code,
            bare=True,
        )

    def _attach(self, call: Call, info: Info) -> None:
        # What was written before the stream is there comes from the log; falling back goes on from this second.
        self._logs(call, info, {})
        since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        tty = bool(call.flag("tty")) and call.terminal is not None
        if call.flag("stdin") and not call.flag("quiet"):
            call.err(
                "All commands and output from this session will be recorded in container logs, including credentials and "
                "sensitive information passed through the command prompt."
            )
            call.err("If you don't see a command prompt, try pressing enter.")
        try:
            channels = call.client.attach(
                info.namespace, info.name, container=info.name, stdin=call.flag("stdin"), tty=tty
            )
            sessions.run(call, channels, stdin=call.flag("stdin"), tty=tty)
        except (ApiError, CommandError) as error:
            call.err(f"warning: couldn't attach to pod/{info.name}, falling back to streaming logs: {error}")
            self._logs(call, info, {"sinceTime": since})

    def _logs(self, call: Call, info: Info, options: dict[str, str]) -> None:
        for chunk in call.client.logs(info.namespace, info.name, options).chunks():
            sessions.write_bytes(call.streams.stdout, chunk)

    def _until(self, call: Call, info: Info, phases: tuple[str, ...], timeout: float) -> Json:
        import time

        limit = time.monotonic() + timeout
        while True:
            pod: Json = call.client.get(info.path)
            if (pod.get("status") or {}).get("phase") in phases:
                return pod
            if time.monotonic() > limit:
                raise CommandError("timed out waiting for the condition")
            if call.cancelled.wait(0.1):
                raise CommandError("interrupted")


VERB = Run
