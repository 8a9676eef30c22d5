"""``kubectl port-forward`` (kubectl, ``cmd/portforward``)."""

import threading

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.actions import log_head
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.forwarding import Forwarder
from k8s_tutor.kubectl.infos import Info
from k8s_tutor.kubectl.options import POD_RUNNING_TIMEOUT
from k8s_tutor.kubectl.pods import attachable, read
from k8s_tutor.kubectl.text import quoted


class PortForward(Verb):
    """Leads local ports to a pod."""

    name = "port-forward"
    usage = "port-forward TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]"
    short = "Forward one or more local ports to a pod"
    group = "Troubleshooting and Debugging Commands"
    examples = """
kubectl port-forward pod/one 8080:80
kubectl port-forward service/web 8080:http
kubectl port-forward deploy/web :80
"""
    flags = (
        POD_RUNNING_TIMEOUT,
        Flag("address", "list", default=["localhost"], help="local addresses to listen on"),
    )

    def validate(self, call: Call) -> None:
        if len(call.arguments) < 2:
            raise call.usage("TYPE/NAME and list of ports are required for port-forward")

    def run(self, call: Call) -> int:
        target, *ports = call.arguments
        info = read(call, target)
        pod = attachable(call, info, call.flag("pod-running-timeout"))
        pairs = [self._pair(info, pod, port) for port in ports]
        phase = (pod.get("status") or {}).get("phase", "")
        if phase != "Running":
            raise CommandError(f"unable to forward port because pod is not running. Current status={phase}")
        self.forwarders: list[Forwarder] = []
        self.ended, self.lost = threading.Event(), False
        call.closing(self.ended.set)
        for local, remote in pairs:
            self._open(call, pod, local, remote)
        try:
            self.ended.wait()
        finally:
            self._close()
        if self.lost:
            raise CommandError("lost connection to pod")
        return 0

    def _failed(self, call: Call, text: str) -> None:
        """Tell what went wrong with one connection; kubectl gives up the pod then."""
        call.err(f"{log_head('E', 'portforward.go:549')} {text}")
        self.lost = True
        self.ended.set()

    def _close(self) -> None:
        for forwarder in self.forwarders:
            forwarder.close()

    def _open(self, call: Call, pod: Json, local: int, remote: int) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        opened = 0
        taken = ""
        for address in self._addresses(call):
            forwarder = Forwarder(
                call.client,
                namespace,
                name,
                remote,
                lambda text: self._say(call, text),
                lambda text: self._failed(call, text),
            )
            try:
                forwarder.listen(address, local)
            except OSError as error:
                taken = f"unable to create listener: Error listen tcp4 {address}:{local}: bind: {(error.strerror or '').lower()}"
                continue
            opened += 1
            self.forwarders.append(forwarder)
            shown = f"[{address}]" if ":" in address else address
            self._say(call, f"Forwarding from {shown}:{forwarder.port} -> {remote}")
            local = forwarder.port
        if not opened:
            call.err(
                f"Unable to listen on port {local}: Listeners failed to create with the following errors: [{taken}]"
            )
            raise CommandError(f"unable to listen on any of the requested ports: [{{{local} {remote}}}]")

    def _addresses(self, call: Call) -> list[str]:
        found: list[str] = []
        for address in call.flag("address"):
            found += ["127.0.0.1", "::1"] if address == "localhost" else [address]
        return found

    def _say(self, call: Call, text: str) -> None:
        call.out(text)
        call.streams.stdout.flush()

    def _pair(self, info: Info, pod: Json, word: str) -> tuple[int, int]:
        local, colon, remote = word.rpartition(":")
        if not colon:
            local = remote
        if not remote:
            raise CommandError("remote port cannot be empty")
        number = (
            self._service_port(info, pod, remote) if info.resource.kind == "Service" else self._pod_port(pod, remote)
        )
        if not local:
            return 0, number
        if local == remote and not local.isdigit():
            return number, number
        if not local.isdigit():
            raise CommandError(
                f"error parsing local port '{local}': strconv.ParseUint: parsing {quoted(local)}: invalid syntax"
            )
        return int(local), number

    def _pod_port(self, pod: Json, word: str) -> int:
        if word.isdigit():
            return int(word)
        for container in pod["spec"]["containers"]:
            for port in container.get("ports") or ():
                if port.get("name") == word:
                    return int(port["containerPort"])
        raise CommandError(f"Pod '{pod['metadata']['name']}' does not have a named port '{word}'")

    def _service_port(self, info: Info, pod: Json, word: str) -> int:
        for port in info.object["spec"].get("ports") or ():
            if word in {str(port["port"]), port.get("name")}:
                if info.object["spec"].get("clusterIP") == "None":
                    return int(port["port"])
                return self._pod_port(pod, str(port.get("targetPort") or port["port"]))
        if word.isdigit():
            raise CommandError(f"Service {info.name} does not have a service port {word}")
        raise CommandError(f"Service '{info.name}' does not have a named port '{word}'")


VERB = PortForward
