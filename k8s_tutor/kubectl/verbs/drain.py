"""``kubectl drain`` (kubectl, ``pkg/drain``): cordon, then evict what may be evicted."""

import time
from concurrent.futures import ThreadPoolExecutor

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import dry_run, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, SeveralErrors, message_of, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, list_all
from k8s_tutor.kubectl.options import DRY_RUN, SELECTOR
from k8s_tutor.kubectl.text import go_duration
from k8s_tutor.kubectl.verbs.cordon import cordon, nodes

MIRROR = "kubernetes.io/config.mirror"
RETRY = 5.0
_DAEMON = ("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)", "ignoring DaemonSet-managed Pods")
_LOCAL = "Pods with local storage (use --delete-emptydir-data to override)"
_ALONE = ("Pods that declare no controller (use --force to override)", "deleting Pods that declare no controller")


class Drain(Verb):
    """Empties a node."""

    name = "drain"
    usage = "drain NODE [options]"
    short = "Drain node in preparation for maintenance"
    group = "Cluster Management Commands"
    flags = (
        SELECTOR,
        DRY_RUN,
        Flag("force", "bool", help="delete pods that nothing would make again too"),
        Flag("ignore-daemonsets", "bool", help="leave pods of DaemonSets"),
        Flag("delete-emptydir-data", "bool", help="delete pods with emptyDir volumes too"),
        Flag("disable-eviction", "bool", help="delete instead of evicting, past disruption budgets"),
        Flag("grace-period", "int", default=-1, help="seconds to end in"),
        Flag("timeout", "duration", help="how long to try; 0 tries for ever"),
        Flag("pod-selector", help="only pods with these labels"),
        Flag("skip-wait-for-delete-timeout", "int", help="do not wait for pods that end for longer"),
        Flag("chunk-size", "int", default=500, help="how many pods one request lists"),
    )

    def validate(self, call: Call) -> None:
        if not call.arguments and not call.flag("selector"):
            raise call.usage("USAGE: drain NODE [flags]")
        if call.arguments and call.flag("selector"):
            raise call.usage("error: cannot specify both a node name and a --selector option")

    def run(self, call: Call) -> int:
        failures: list[Exception] = []
        infos = nodes(call, failures)
        raise_all(failures)
        for info in infos:
            cordon(call, info, wanted=True, done="cordoned")
        self.limit = time.monotonic() + call.flag("timeout") if call.flag("timeout") else None
        drained: set[str] = set()
        for info in infos:
            try:
                self._drain(call, info)
            except (ApiError, CommandError, SeveralErrors) as error:
                told = error.errors if isinstance(error, SeveralErrors) else [error]
                # kubectl collects them, and tells what it has collected without "error: ".
                failures += [CommandError(message_of(one), bare=True) for one in told]
                call.err(f'error: unable to drain node "{info.name}" due to error: {error}, continuing command...')
                continue
            drained.add(info.name)
            tell(call, info.resource, info.object, "drained")
        if failures:
            call.err("There are pending nodes to be drained:")
            for info in infos:
                if info.name not in drained:
                    call.err(f" {info.name}")
        raise_all(failures)
        return 0

    def _drain(self, call: Call, info: Info) -> None:
        options = {"fieldSelector": f"spec.nodeName={info.name}", "labelSelector": call.flag("pod-selector")}
        pods = list_all(call, "/api/v1/pods", **options)
        chosen, warnings, errors = self._filter(call, pods)
        raise_all([CommandError(f"cannot delete {text}: {', '.join(errors[text])}") for text in sorted(errors)])
        if warnings:
            call.err(f"Warning: {_told(warnings)}")
        if dry_run(call) != "none":
            suffix = "(dry run)" if dry_run(call) == "client" else "(server dry run)"
            for pod in chosen:
                call.out(f"evicting pod {_name(pod)} {suffix}")
            return
        if not chosen:
            return
        with ThreadPoolExecutor(min(len(chosen), 100)) as pool:
            failures = [error for error in pool.map(lambda pod: self._evicted(call, pod), chosen) if error]
        if failures:
            self._pending(call, info, failures)
        raise_all(failures)

    def _evicted(self, call: Call, pod: Json) -> Exception | None:
        """Evict one pod and wait until it is gone; all pods of a node go side by side."""
        try:
            self._evict(call, pod)
            self._await_gone(call, pod)
        except (ApiError, CommandError) as error:
            return error
        return None

    def _pending(self, call: Call, info: Info, failures: list[Exception]) -> None:
        options = {"fieldSelector": f"spec.nodeName={info.name}", "labelSelector": call.flag("pod-selector")}
        pods, _, _ = self._filter(call, list_all(call, "/api/v1/pods", **options))
        if pods:
            why = ", ".join(str(error) for error in failures)
            why = f"[{why}]" if len(failures) > 1 else why
            call.err(f'There are pending pods in node "{info.name}" when an error occurred: {why}')
            for pod in pods:
                call.err(f"pod/{pod['metadata']['name']}")

    def _filter(self, call: Call, pods: list[Json]) -> tuple[list[Json], dict[str, list[str]], dict[str, list[str]]]:
        chosen: list[Json] = []
        warnings: dict[str, list[str]] = {}
        errors: dict[str, list[str]] = {}
        for pod in pods:
            verdict, text = self._judge(call, pod)
            if verdict == "error":
                errors.setdefault(text, []).append(_name(pod))
            elif text:
                warnings.setdefault(text, []).append(_name(pod))
            if verdict == "delete":
                chosen.append(pod)
        return chosen, warnings, errors

    def _judge(self, call: Call, pod: Json) -> tuple[str, str]:
        metadata, spec = pod["metadata"], pod["spec"]
        if MIRROR in (metadata.get("annotations") or {}):
            return "skip", ""
        finished = (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}
        owner = next((one for one in metadata.get("ownerReferences") or () if one.get("controller")), None)
        if owner and owner.get("kind") == "DaemonSet" and not finished:
            return ("skip", _DAEMON[1]) if call.flag("ignore-daemonsets") else ("error", _DAEMON[0])
        text = ""
        if any("emptyDir" in volume for volume in spec.get("volumes") or ()) and not finished:
            if not call.flag("delete-emptydir-data"):
                return "error", _LOCAL
        if owner is None and not finished:
            if not call.flag("force"):
                return "error", _ALONE[0]
            text = _ALONE[1]
        return "delete", text

    def _evict(self, call: Call, pod: Json) -> None:
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        options: Json = {"gracePeriodSeconds": call.flag("grace-period")} if call.flag("grace-period") >= 0 else {}
        while True:
            call.out(f"evicting pod {_name(pod)}")
            if self.limit is not None and time.monotonic() >= self.limit:
                timeout = go_duration(call.flag("timeout"))
                raise CommandError(f"error when evicting {_where(pod)}: global timeout reached: {timeout}")
            try:
                if call.flag("disable-eviction"):
                    call.request("DELETE", path, body={"kind": "DeleteOptions", "apiVersion": "v1", **options})
                    return
                body: Json = {"apiVersion": "policy/v1", "kind": "Eviction"}
                body["metadata"] = {"name": metadata["name"], "namespace": metadata["namespace"]}
                if options:
                    body["deleteOptions"] = options
                call.request("POST", f"{path}/eviction", body=body)
                return
            except ApiError as error:
                if error.status == 404:
                    return
                if error.status != 429:
                    raise CommandError(f"error when evicting {_where(pod)}: {error}") from None
                call.err(f"error when evicting {_where(pod)} (will retry after 5s): {error}")
                if call.cancelled.wait(RETRY):
                    raise CommandError("interrupted") from None

    def _await_gone(self, call: Call, pod: Json) -> None:
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        while True:
            try:
                current = call.client.get(path)
            except ApiError as error:
                if error.status == 404:
                    break
                raise
            if current["metadata"]["uid"] != metadata["uid"]:
                break
            if self.limit is not None and time.monotonic() > self.limit:
                raise CommandError(
                    f'error when waiting for pod "{metadata["name"]}" in namespace "{metadata["namespace"]}" to '
                    "terminate: context deadline exceeded"
                )
            if call.cancelled.wait(0.2):
                raise CommandError("interrupted")
        call.out(f"pod/{metadata['name']} evicted")


def _where(pod: Json) -> str:
    return f'pods/"{pod["metadata"]["name"]}" -n "{pod["metadata"]["namespace"]}"'


def _name(pod: Json) -> str:
    return f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"


def _told(groups: dict[str, list[str]]) -> str:
    return "; ".join(f"{text}: {', '.join(names)}" for text, names in sorted(groups.items()))


VERB = Drain
