"""``kubectl config set-cluster`` and ``set-credentials`` (kubectl, ``cmd/config``): what a server is, and who we are."""

import base64

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.kubeconfig_file import put, read, save
from k8s_tutor.kubectl.verbs._config_arguments import expect_arguments

_EXEC_FLAGS = (
    "exec-command",
    "exec-api-version",
    "exec-arg",
    "exec-env",
    "exec-interactive-mode",
    "exec-provide-cluster-info",
)


class SetCluster(Verb):
    """Changes a cluster."""

    name = "set-cluster"
    usage = "config set-cluster NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com] [options]"
    short = "Set a cluster entry in kubeconfig"
    flags = (
        Flag("server", help="the API server's address"),
        Flag("tls-server-name", help="name expected in the server's certificate"),
        Flag("insecure-skip-tls-verify", "bool", help="do not check the server's certificate"),
        Flag("certificate-authority", help="file with the authority's certificate"),
        Flag("embed-certs", "bool", help="copy the certificate into the file"),
        Flag("proxy-url", help="a proxy on the way to the server"),
    )

    def run(self, call: Call) -> int:
        expect_arguments(self, call, 1)
        if call.flag("insecure-skip-tls-verify") and call.flag("certificate-authority"):
            raise CommandError("you cannot specify a certificate authority and insecure mode at the same time")
        document = read(call)
        cluster, _ = put(document, "clusters", call.arguments[0])
        if call.changed("server"):
            cluster["server"] = call.flag("server").rstrip("/")
        if call.changed("insecure-skip-tls-verify"):
            cluster["insecure-skip-tls-verify"] = call.flag("insecure-skip-tls-verify")
        for flag in ("proxy-url", "tls-server-name"):
            if call.changed(flag):
                cluster[flag] = call.flag(flag)
        _certificate(call, cluster, "certificate-authority")
        save(call, document)
        call.out(f'Cluster "{call.arguments[0]}" set.')
        return 0


class SetCredentials(Verb):
    """Changes a user."""

    name = "set-credentials"
    usage = "config set-credentials NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [--auth-provider=provider_name] [--auth-provider-arg=key=value] [--exec-command=exec_command] [--exec-api-version=exec_api_version] [--exec-arg=arg] [--exec-env=key=value] [options]"
    short = "Set a user entry in kubeconfig"
    flags = (
        Flag("client-certificate", help="file with the client's certificate"),
        Flag("client-key", help="file with the client's key"),
        Flag("embed-certs", "bool", help="copy certificate and key into the file"),
        Flag("token", help="bearer token"),
        Flag("username", help="user of basic authentication"),
        Flag("password", help="its password"),
        Flag("auth-provider", help="name of an authentication provider"),
        Flag("auth-provider-arg", "list", help="key=value for the provider, key- removes; may repeat"),
        Flag("exec-command", help="a program that prints credentials"),
        Flag("exec-api-version", help="version of the API that it speaks"),
        Flag("exec-arg", "list", help="its arguments; may repeat"),
        Flag("exec-env", "array", help="key=value of its environment, key- removes; may repeat"),
        Flag("exec-interactive-mode", help="Never, IfAvailable or Always: whether it may ask"),
        Flag("exec-provide-cluster-info", "bool", help="tell it of the cluster"),
    )

    def validate(self, call: Call) -> None:
        expect_arguments(self, call, 1, words="unexpected args")
        methods = (["--token"] if call.flag("token") else []) + (
            ["--username/--password"] if call.flag("username") or call.flag("password") else []
        )
        if len(methods) > 1:
            raise CommandError(
                f"you cannot specify more than one authentication method at the same time: {', '.join(methods)}"
            )

    def run(self, call: Call) -> int:
        document = read(call)
        user, _ = put(document, "users", call.arguments[0])
        for flag in ("token", "username", "password"):
            if call.changed(flag):
                user[flag] = call.flag(flag)
        _certificate(call, user, "client-certificate")
        _certificate(call, user, "client-key")
        if call.flag("auth-provider"):
            provider = user.get("auth-provider") or {}
            if provider.get("name") != call.flag("auth-provider"):
                provider = {"config": {}, "name": call.flag("auth-provider")}
            user["auth-provider"] = provider
        if "auth-provider" in user:
            _set_pairs(user["auth-provider"].setdefault("config", {}), call.flag("auth-provider-arg"))
        if any(call.changed(flag) for flag in _EXEC_FLAGS) and ("exec" in user or call.flag("exec-command")):
            user["exec"] = _plugin(call, user.get("exec") or {})
        save(call, document)
        call.out(f'User "{call.arguments[0]}" set.')
        return 0


def _plugin(call: Call, before: Json) -> Json:
    plugin: Json = {"args": None, "env": None, "provideClusterInfo": False, **before}
    for flag, key in (
        ("exec-command", "command"),
        ("exec-api-version", "apiVersion"),
        ("exec-arg", "args"),
        ("exec-interactive-mode", "interactiveMode"),
        ("exec-provide-cluster-info", "provideClusterInfo"),
    ):
        if call.changed(flag):
            plugin[key] = call.flag(flag)
    if call.changed("exec-command"):
        # Another program knows nothing of the arguments of the last one.
        plugin["args"] = call.flag("exec-arg") or None
    if call.changed("exec-env"):
        values = {one["name"]: one["value"] for one in plugin["env"] or ()}
        _set_pairs(values, call.flag("exec-env"))
        plugin["env"] = [{"name": name, "value": value} for name, value in values.items()] or None
    return plugin


def _set_pairs(values: dict[str, str], words: list[str]) -> None:
    """Take ``key=value`` and ``key-`` into a mapping."""
    for word in words:
        key, equals, value = word.partition("=")
        if equals:
            values[key] = value
        elif word.endswith("-"):
            values.pop(word[:-1], None)
        else:
            raise CommandError(f"Error: invalid argument {word}, expected key=value or key-")


def _certificate(call: Call, target: Json, flag: str) -> None:
    if not call.changed(flag):
        return
    path = call.cwd / call.flag(flag)
    if not call.flag("embed-certs"):
        target[flag] = str(path)
        target.pop(f"{flag}-data", None)
        return
    if not path.exists():
        named = call.flag(flag)
        raise CommandError(f"could not stat {flag} file {named}: stat {named}: no such file or directory")
    target[f"{flag}-data"] = base64.b64encode(path.read_bytes()).decode()
    target.pop(flag, None)
