"""Every image profile keeps to the schema, and names programs that exist."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from k8s_tutor.sim.runtime.images import BUILT_IN, FIELDS
from k8s_tutor.sim.runtime.programs import registry
from k8s_tutor.sim.runtime.userlands import COMMANDS

SCHEMA: dict[str, Any] = json.loads((BUILT_IN / "schema.json").read_text("utf-8"))
PROFILES = sorted(BUILT_IN.rglob("*.yaml"))


@pytest.mark.parametrize("path", PROFILES, ids=[path.stem for path in PROFILES])
def test_profile(path: Path) -> None:
    profile = yaml.safe_load(path.read_text("utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(profile)
    known = set(registry.names())
    for variant in [profile, *profile.get("variants", ())]:
        assert {item for item in variant.get("programs", {}).values() if isinstance(item, str)} <= known
        assert set(variant.get("commands", ())) <= known


def test_the_schema_and_the_catalogue_know_the_same_fields() -> None:
    assert set(SCHEMA["properties"]) == FIELDS


def test_every_command_of_a_userland_is_a_program() -> None:
    for commands in COMMANDS.values():
        assert set(commands) <= set(registry.names())
