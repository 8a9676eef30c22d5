"""``kubectl exec`` (kubectl, ``cmd/exec``)."""

from k8s_tutor.kubectl import sessions
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import load
from k8s_tutor.kubectl.options import FILENAME, POD_RUNNING_TIMEOUT
from k8s_tutor.kubectl.pods import attachable, choose_container, read


class Exec(Verb):
    """Runs a program in a container."""

    name = "exec"
    usage = "exec (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...] [options]"
    short = "Execute a command in a container"
    group = "Troubleshooting and Debugging Commands"
    examples = """
kubectl exec one -- date
kubectl exec one -c main -it -- sh
kubectl exec deploy/web -- env
"""
    flags = (
        *FILENAME[:1],
        POD_RUNNING_TIMEOUT,
        Flag("container", short="c", help="the container; the first if not given"),
        Flag("stdin", "bool", short="i", help="pass the standard input"),
        Flag("tty", "bool", short="t", help="the input is a terminal"),
        Flag("quiet", "bool", short="q", help="print only what the program prints"),
    )

    def complete(self, call: Call) -> None:
        words, dash = call.arguments, call.words.dash_at
        self.target = words[0] if words and dash != 0 else ""
        self.command: list[str] = []
        if dash in {0, 1}:
            self.command = words[dash:]
        elif len(words) > 1 or (words and call.flag("filename")):
            raise call.usage("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead")

    def validate(self, call: Call) -> None:
        if not self.target and not call.flag("filename"):
            raise CommandError("pod, type/name or --filename must be specified")
        if not self.command:
            raise CommandError("you must specify at least one command for the container")

    def run(self, call: Call) -> int:
        if self.target:
            info = read(call, self.target)
        else:
            info = load(call, [])[0]
            info.object = call.request("GET", info.path)
        pod = attachable(call, info, call.flag("pod-running-timeout"))
        phase = (pod.get("status") or {}).get("phase", "")
        if phase in {"Succeeded", "Failed"}:
            raise CommandError(f"cannot exec into a container in a completed pod; current phase is {phase}")
        container = choose_container(call, pod, call.flag("container"), quiet=call.flag("quiet"))
        stdin = call.flag("stdin")
        tty = bool(call.flag("tty") and stdin)
        if tty and call.terminal is None:
            tty = False
            if not call.flag("quiet"):
                call.err("Unable to use a TTY - input is not a terminal or the right kind of file")
        channels = call.client.exec(
            pod["metadata"]["namespace"],
            pod["metadata"]["name"],
            self.command,
            container=container["name"],
            stdin=stdin,
            tty=tty,
        )
        return sessions.run(call, channels, stdin=stdin, tty=tty)


VERB = Exec
