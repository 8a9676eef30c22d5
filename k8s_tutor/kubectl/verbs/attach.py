"""``kubectl attach`` (kubectl, ``cmd/attach``)."""

from k8s_tutor.kubectl import sessions
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.options import POD_RUNNING_TIMEOUT
from k8s_tutor.kubectl.pods import attachable, choose_container, read


class Attach(Verb):
    """Attaches to the program that a container runs."""

    name = "attach"
    usage = "attach (POD | TYPE/NAME) -c CONTAINER [options]"
    short = "Attach to a running container"
    group = "Troubleshooting and Debugging Commands"
    flags = (
        POD_RUNNING_TIMEOUT,
        Flag("container", short="c", help="the container; the first if not given"),
        Flag("stdin", "bool", short="i", help="pass the standard input"),
        Flag("tty", "bool", short="t", help="the input is a terminal"),
        Flag("quiet", "bool", short="q", help="print only what the program prints"),
        Flag("detach-keys", default="ctrl-p,ctrl-q", help="taken and ignored"),
    )

    def validate(self, call: Call) -> None:
        words = call.arguments
        if not words:
            raise CommandError("at least 1 argument is required for attach")
        if len(words) > 2:
            raise CommandError(
                f"expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {len(words)}: [{' '.join(words)}]"
            )

    def run(self, call: Call) -> int:
        pod = attachable(call, read(call, "/".join(call.arguments)), call.flag("pod-running-timeout"))
        phase = (pod.get("status") or {}).get("phase", "")
        if phase in {"Succeeded", "Failed"}:
            raise CommandError(f"cannot attach a container in a completed pod; current phase is {phase}")
        try:
            container = choose_container(call, pod, call.flag("container"), quiet=call.flag("quiet"))
        except CommandError as error:
            raise CommandError(f"cannot attach to the container: {error}") from None
        tty = bool(call.flag("tty"))
        if tty and not container.get("tty"):
            tty = False
            if not call.flag("quiet"):
                call.err(f"error: Unable to use a TTY - container {container['name']} did not allocate one")
        elif tty and call.terminal is None:
            tty = False
            if not call.flag("quiet"):
                call.err("Unable to use a TTY - input is not a terminal or the right kind of file")
        if call.flag("stdin") and not call.flag("quiet"):
            call.err(
                "All commands and output from this session will be recorded in container logs, including credentials and "
                "sensitive information passed through the command prompt."
            )
            call.err("If you don't see a command prompt, try pressing enter.")
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        channels = call.client.attach(namespace, name, container=container["name"], stdin=call.flag("stdin"), tty=tty)
        return sessions.run(call, channels, stdin=call.flag("stdin"), tty=tty)


VERB = Attach
