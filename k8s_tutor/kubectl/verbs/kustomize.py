"""``kubectl kustomize``: builds a kustomization and prints it."""

from k8s_tutor.apimachinery.goyaml import to_yaml
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.kustomize import build


class Kustomize(Verb):
    """Prints what a kustomization makes."""

    name = "kustomize"
    usage = "kustomize DIR [flags] [options]"
    short = "Build a kustomization target from a directory or URL"
    group = "Advanced Commands"

    flags = (
        Flag("output", short="o", help="a file for what is made, or a folder for one file an object"),
        Flag(
            "load-restrictor", default="LoadRestrictionsRootOnly", help="LoadRestrictionsNone: files may lie elsewhere"
        ),
        Flag("as-current-user", "bool", help="taken and ignored: nothing is run"),
        Flag("enable-alpha-plugins", "bool", help="taken and ignored: there are no plugins"),
        Flag("enable-helm", "bool", help="taken and ignored: charts are refused"),
        Flag("helm-command", default="helm", help="taken and ignored"),
        Flag("helm-api-versions", "array", help="taken and ignored"),
        Flag("helm-kube-version", help="taken and ignored"),
        Flag("helm-debug", "bool", help="taken and ignored"),
        Flag("env", "array", short="e", help="taken and ignored"),
        Flag("mount", "array", help="taken and ignored"),
        Flag("network", "bool", help="taken and ignored"),
        Flag("network-name", default="bridge", help="taken and ignored"),
    )

    def validate(self, call: Call) -> None:
        if len(call.arguments) > 1:
            raise CommandError("specify one path to kustomization.yaml")

    def run(self, call: Call) -> int:
        name = call.arguments[0] if call.arguments else "."
        restricted = call.flag("load-restrictor") != "LoadRestrictionsNone"
        objects = [one.object for one in build(call.cwd / name, name, call.err, restricted=restricted)]
        output = call.flag("output")
        if output and (call.cwd / output).is_dir():
            for body in objects:
                group, _, version = body["apiVersion"].rpartition("/")
                kind = "_".join(part for part in (group, version, body["kind"]) if part).lower()
                file = call.cwd / output / f"{kind}_{body['metadata']['name']}.yaml"
                file.write_text(to_yaml(body), encoding="utf-8")
            return 0
        text = "---\n".join(to_yaml(body) for body in objects)
        if output:
            (call.cwd / output).write_text(text, encoding="utf-8")
        else:
            call.write(text)
        return 0


VERB = Kustomize
