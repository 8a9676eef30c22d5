"""Flags that several verbs share, with their defaults."""

from dataclasses import replace

from k8s_tutor.kubectl.flags import Flag

FILENAME = (
    Flag("filename", "list", short="f", help="file, folder or - (standard input) with the objects"),
    Flag("kustomize", short="k", help="a folder with a kustomization"),
    Flag("recursive", "bool", short="R", help="go into the folders inside the named folder"),
)
SELECTOR = Flag("selector", short="l", help="only objects with these labels (key=value, key!=value, key in (a,b), key)")
FIELD_SELECTOR = Flag("field-selector", help="only objects with these fields (key=value,key!=value)")
ALL_NAMESPACES = Flag("all-namespaces", "bool", short="A", help="look in all namespaces")
DRY_RUN = Flag("dry-run", default="none", alone="unchanged", help="none, server or client: what would be done")
VALIDATE = Flag("validate", default="strict", alone="strict", help="strict, warn or ignore: unknown fields")
CHUNK = Flag("chunk-size", "int", default=500, help="how many objects one request lists")
OVERWRITE = Flag("overwrite", "bool", help="replace a value that is there")
ALL = Flag("all", "bool", help="all objects of the named types")
LOCAL = Flag("local", "bool", help="work on the given files only, without the server")
SHOW_MANAGED = Flag("show-managed-fields", "bool", help="keep managedFields in YAML and JSON")
OUTPUT = (
    Flag("output", short="o", help="json, yaml, name, jsonpath=…, go-template=…"),
    Flag("template", help="the template of -o jsonpath or -o go-template"),
    Flag("allow-missing-template-keys", "bool", default=True, help="missing keys in templates give nothing"),
    SHOW_MANAGED,
)
SAVE_CONFIG = Flag("save-config", "bool", help="keep the object in the annotation that apply compares with")
RECORD = Flag(
    "record",
    "bool",
    deprecated="--record will be removed in the future",
    help="write this command into the annotation kubernetes.io/change-cause",
)
POD_RUNNING_TIMEOUT = Flag("pod-running-timeout", "duration", default=60.0, help="how long to wait for a running pod")


def field_manager(name: str) -> Flag:
    """The flag that names who manages the changed fields; each verb has a name of its own."""
    return Flag("field-manager", default=name, help="the name under which fields are managed")


def output_of(default: str, meaning: str) -> tuple[Flag, ...]:
    """The flags of an output that has a format unless told otherwise."""
    return (Flag("output", short="o", default=default, help=meaning), *OUTPUT[1:])


def deeply(*flags: Flag) -> tuple[Flag, ...]:
    """The flags of manifests for verbs that go into folders unless told not to."""
    return tuple(replace(flag, default=True) if flag.name == "recursive" else flag for flag in flags)
