"""``kubectl explain`` (kubectl, ``cmd/explain``)."""

from k8s_tutor.client import APIResource
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.explaining import Explainer, document
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import resolve
from k8s_tutor.kubectl.text import quoted


class Explain(Verb):
    """Explains kinds and their fields."""

    name = "explain"
    usage = "explain TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2] [options]"
    short = "Get documentation for a resource"
    group = "Basic Commands (Intermediate)"
    examples = """
kubectl explain pods
kubectl explain pod.spec.containers.resources
kubectl explain deployment.spec.strategy --recursive
"""
    flags = (
        Flag("recursive", "bool", short="R", help="the fields of fields too, names only"),
        Flag("max-depth", "int", help="with --recursive: how deep"),
        Flag("api-version", help="group/version to explain"),
        Flag("output", short="o", default="plaintext", help="taken and ignored"),
    )

    def validate(self, call: Call) -> None:
        if not call.arguments:
            raise CommandError(
                'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of '
                "supported resources."
            )
        if len(call.arguments) > 1:
            raise CommandError("We accept only this format: explain RESOURCE")
        if call.flag("output") not in {"plaintext", "plaintext-openapiv2"}:
            raise CommandError(f"unrecognized format: {call.flag('output')}")
        if call.flag("max-depth") and not call.flag("recursive"):
            raise CommandError("--max-depth requires --recursive")

    def run(self, call: Call) -> int:
        resource, path = self._find(call, call.arguments[0])
        group, version = resource.group, resource.version
        if call.flag("api-version"):
            group, _, version = call.flag("api-version").rpartition("/")
        found = document(call.client.get, group, version, resource.plural)
        explainer = Explainer(found, recursive=call.flag("recursive"), max_depth=call.flag("max-depth"))
        schema = explainer.kind(group, version, resource.kind)
        if schema is None:
            raise CommandError(f"GVK {group}/{version}, Kind={resource.kind} not found in OpenAPI schema")
        if group:
            call.out(f"GROUP:      {group}")
        call.out(f"KIND:       {resource.kind}")
        call.out(f"VERSION:    {version}\n")
        text = explainer.text(schema, path)
        if text is None:
            raise CommandError(f"field {quoted(path[-1])} does not exist")
        call.out(text)
        return 0

    def _find(self, call: Call, word: str) -> tuple[APIResource, list[str]]:
        """The longest beginning that names a resource (``deployments.apps.spec``) is the resource."""
        parts = word.split(".")
        for end in range(len(parts), 1, -1):
            name, group = parts[0], ".".join(parts[1:end])
            for one in call.client.discovery.resources():
                if one.group == group and name.lower() in {
                    one.plural,
                    one.singular,
                    one.kind.lower(),
                    *one.short_names,
                }:
                    return one, parts[end:]
        try:
            return resolve(call, parts[0]), parts[1:]
        except CommandError as error:
            raise CommandError(error.message, bare=True) from None


VERB = Explain
