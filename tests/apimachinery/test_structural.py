"""Custom resources by their structural schema."""

import pytest

from k8s_tutor.apimachinery.apply import fieldset_of
from k8s_tutor.apimachinery.structural import (
    apply_defaults,
    compile_rules,
    embedding,
    prune,
    rule_warnings,
    type_of,
    validate,
)
from k8s_tutor.apimachinery.unstructured import Json

SCHEMA: Json = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["image"],
            "x-kubernetes-validations": [
                {"rule": "self.low <= self.high", "messageExpression": "'low is ' + string(self.low)"},
                {"rule": "self.image == oldSelf.image", "message": "image stays", "reason": "FieldValueForbidden"},
            ],
            "properties": {
                "image": {"type": "string", "minLength": 2, "pattern": "^[a-z]+$"},
                "low": {"type": "integer", "default": 1, "minimum": 0},
                "high": {"type": "integer", "default": 5, "maximum": 10},
                "mode": {"type": "string", "enum": ["fast", "slow"], "default": "fast"},
                "port": {"x-kubernetes-int-or-string": True},
                "note": {"type": "string", "nullable": True},
                "steps": {
                    "type": "array",
                    "maxItems": 2,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "n": {"type": "integer", "default": 1}},
                    },
                },
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "my-name": {"type": "string", "x-kubernetes-validations": [{"rule": "self != 'bad'"}]},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        }
    },
}


def problems(spec: Json, old: Json | None = None) -> list[str]:
    obj = apply_defaults({"spec": spec}, SCHEMA)
    before = apply_defaults({"spec": old}, SCHEMA) if old else None
    return [str(error) for error in validate(obj, SCHEMA, before)]


def test_pruning_tells_what_it_drops() -> None:
    obj = {
        "kind": "X",
        "metadata": {"any": 1},
        "spec": {"image": "a", "nope": 1, "steps": [{"name": "s", "x": 1}], "free": {"any": {"a": 1}}},
    }
    clean, gone = prune(obj, SCHEMA)
    assert gone == ["spec.nope", "spec.steps[0].x"]
    assert clean["spec"] == {"image": "a", "steps": [{"name": "s"}], "free": {"any": {"a": 1}}}
    assert clean["metadata"] == {"any": 1}


def test_defaults_fill_nulls_but_not_nullable_ones() -> None:
    spec = apply_defaults({"spec": {"image": "a", "low": None, "note": None, "steps": [{"name": "s"}]}}, SCHEMA)["spec"]
    assert spec == {
        "image": "a",
        "low": 1,
        "high": 5,
        "mode": "fast",
        "note": None,
        "steps": [{"name": "s", "n": 1}],
    }


NOT_CHECKED = (
    "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the "
    "existing errors to complete validation"
)


@pytest.mark.parametrize(
    ("spec", "complaints"),
    [
        ({"image": "ok"}, []),
        ({}, ["spec.image: Required value", NOT_CHECKED]),
        ({"image": 5}, ['spec.image: Invalid value: "integer": spec.image in body must be of type string: "integer"', NOT_CHECKED]),
        (
            {"image": "UP"},
            ["spec.image: Invalid value: \"UP\": spec.image in body should match '^[a-z]+$'"],
        ),
        ({"image": "ok", "low": 9}, ["spec: Invalid value: low is 9"]),
        (
            {"image": "ok", "high": 99},
            ["spec.high: Invalid value: 99: spec.high in body should be less than or equal to 10"],
        ),
        (
            {"image": "ok", "mode": "x"},
            ['spec.mode: Unsupported value: "x": supported values: "fast", "slow"', NOT_CHECKED],
        ),
        (
            {"image": "ok", "port": True},
            ['spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"', NOT_CHECKED],
        ),
        (
            {"image": "ok", "steps": [{"name": "a"}, {"name": "a"}]},
            ['spec.steps[1]: Duplicate value: {"name":"a"}'],
        ),
        (
            {"image": "ok", "steps": [{"name": "a"}, {"name": "b"}, {"name": "c"}]},
            ["spec.steps: Too many: 3: must have at most 2 items", NOT_CHECKED],
        ),
        ({"image": "ok", "my-name": "bad"}, ["spec.my-name: Invalid value: \"bad\": failed rule: self != 'bad'"]),
    ],
)  # fmt: skip
def test_complaints(spec: Json, complaints: list[str]) -> None:
    assert problems(spec) == complaints


def test_transition_rules_and_ratcheting() -> None:
    assert problems({"image": "new"}, {"image": "old"}) == ["spec: Forbidden: image stays"]
    # What was wrong before and has not changed is no complaint.
    assert problems({"image": "UP", "low": 2}, {"image": "UP"}) == []


def test_rules_that_do_not_compile() -> None:
    schema: Json = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {"a": {"type": "integer"}},
                "x-kubernetes-validations": [{"rule": "self.b > 1"}],
            }
        },
        "x-kubernetes-validations": [{"rule": "1 + 1"}, {"rule": "self.spec.a > 1"}],
    }
    found = compile_rules(schema, resource=True, times=1)
    inner = compile_rules(schema["properties"]["spec"], resource=False, times=1)
    assert found is not None
    assert inner is not None
    assert [rule.problem for rule in found] == ["cel expression must evaluate to a bool", ""]
    assert inner[0].problem == "compilation failed: ERROR: <input>:1:5: undefined field 'b'\n | self.b > 1\n | ....^"


def _cost(rule: str, times: int | None = 1, **properties: Json) -> int:
    schema = {"type": "object", "properties": properties, "x-kubernetes-validations": [{"rule": rule}]}
    found = compile_rules(schema, resource=False, times=times)
    assert found is not None
    assert found[0].problem == ""
    return found[0].cost


def test_rules_cost_as_much_as_their_values_can_measure() -> None:
    text = {"type": "string", "maxLength": 10}
    texts = {"type": "array", "items": text, "maxItems": 100}
    assert _cost("self.a == 'x'", a=text) == 3
    assert _cost("self.l.all(x, x == 'x')", l=texts) == 503
    assert _cost("self.l.all(x, self.l.exists(y, y == x))", l=texts) > 100 * 500
    assert _cost("self.a == 'x'", times=7, a=text) == 3 * 7
    assert _cost("self.a.contains('abc')", times=None, a={"type": "string"}) > 10_000_000


def test_rules_of_values_without_a_type_are_not_compiled() -> None:
    schema = {"x-kubernetes-preserve-unknown-fields": True, "x-kubernetes-validations": [{"rule": "self > 1"}]}
    assert compile_rules(schema, resource=False, times=1) is None


def test_a_schema_becomes_a_type() -> None:
    obj = {"metadata": {"labels": {"a": "b"}}, "spec": {"steps": [{"name": "s", "n": 1}], "free": {"x": [1]}}}
    assert fieldset_of(obj, type_of(SCHEMA)) == {
        "f:metadata": {"f:labels": {"f:a": {}}},
        "f:spec": {
            "f:steps": {'k:{"name":"s"}': {".": {}, "f:name": {}, "f:n": {}}},
            "f:free": {"f:x": {}},
        },
    }


EMBEDDING: Json = {
    "type": "object",
    "properties": {
        "pod": {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}
    },
}


@pytest.mark.parametrize(
    ("pod", "complaint"),
    [
        ({"kind": "Pod"}, "pod.apiVersion: Required value"),
        ({"apiVersion": "", "kind": "Pod"}, 'pod.apiVersion: Invalid value: "": must not be empty'),
        ({"apiVersion": "a/b/c", "kind": "Pod"}, "unexpected GroupVersion string: a/b/c"),
        ({"apiVersion": "v1", "kind": "8"}, 'pod.kind: Invalid value: "8": may have mixed case, but should otherwise'),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a/b"}}, "pod.metadata.name: Invalid value"),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a": "b c"}}}, "pod.metadata.labels: Invalid"),
    ],
)
def test_embedded_objects_are_checked(pod: Json, complaint: str) -> None:
    assert complaint in "; ".join(map(str, validate({"pod": pod}, EMBEDDING)))


def test_embedded_metadata_is_brought_into_form() -> None:
    value = {"pod": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "colour": 1, "labels": {}}}}
    unknown: list[str] = []
    embedding.coerce(value, EMBEDDING, "", unknown)
    assert value["pod"]["metadata"] == {"name": "a"}
    assert unknown == ['unknown field "pod.metadata.colour"']
    nothing = {"pod": {"metadata": None}}
    embedding.coerce(nothing, EMBEDDING, "", unknown)
    assert nothing == {"pod": {"metadata": {}}}


@pytest.mark.parametrize(
    ("pod", "why"),
    [
        (
            {"metadata": {"name": 1}},
            (
                'pod.metadata: Invalid value: {"name":1}: json: cannot unmarshal number into Go struct field '
                "ObjectMeta.name of type string"
            ),
        ),
        ({"metadata": []}, "pod.metadata: Invalid value: []: json: cannot unmarshal array into Go value of type"),
        ({"kind": 7}, "pod.kind: Invalid value: 7: must be a string"),
    ],
)
def test_what_is_no_embedded_object_is_refused(pod: Json, why: str) -> None:
    with pytest.raises(embedding.MalformedError) as raised:
        embedding.coerce({"pod": pod}, EMBEDDING, "", [])
    assert why in str(raised.value)


@pytest.mark.parametrize(
    ("schema", "value", "complaint"),
    [
        ({"type": "string", "format": "date-time"}, 5, 'Invalid value: "int64": a in body must be of type date-time'),
        ({"type": "string", "format": "date-time"}, True, 'Invalid value: "": a in body must be of type date-time: ""'),
        ({"type": "integer", "format": "int64"}, "5", 'Invalid value: "string": a in body must be of type integer'),
        ({"type": "integer", "format": "int64"}, 1.5, "Checked value must be of type integer with format int64 in a"),
        ({"type": "integer"}, 1.5, "Checked value must be of type integer (default format) in a"),
        ({"type": "integer", "format": "int32"}, 2**40, "Checked value must be of type integer with format int32 in a"),
        ({"type": "string", "enum": [["x"], None, "y"]}, "z", 'supported values: "[\\"x\\"]", "null", "y"'),
    ],
)
def test_formats_are_told_before_types(schema: Json, value: object, complaint: str) -> None:
    found = validate({"a": value}, {"type": "object", "properties": {"a": schema}})
    assert complaint in "; ".join(map(str, found))


def test_items_of_keyed_lists_are_objects() -> None:
    found = [str(error) for error in validate({"spec": {"image": "ab", "steps": [{"name": "a"}, "b"]}}, SCHEMA)]
    assert 'spec.steps[1]: Invalid value: "b": must be an object for an array of list-type map' in found
    assert found[-1].startswith("<nil>: Invalid value: null: some validation rules were not checked")


def test_lists_where_objects_should_be_lose_their_fields() -> None:
    assert prune({"spec": {"labels": [{"a": "b"}]}}, SCHEMA) == (
        {"spec": {"labels": [{}]}},
        ["spec.labels[0].a"],
    )


def test_of_a_text_only_the_first_fault_is_told() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 2, "pattern": "^[a-z]+$"}}}
    assert [error.body for error in validate({"a": "A-B"}, schema)] == ["Too long: may not be more than 2 bytes"]


def test_ratcheting_knows_true_from_one() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "boolean"}}}
    assert validate({"a": 1}, schema, {"a": True})
    assert not validate({"a": "x"}, schema, {"a": "x"})


def test_a_status_is_checked_alone() -> None:
    status = {"type": "object", "properties": {"n": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"status": status, "spec": {"type": "string"}}}
    found = validate({"spec": 1, "status": {"n": "x"}}, schema, {"spec": 2}, status=True)
    assert [str(error) for error in found] == [
        'status.n: Invalid value: "string": n in body must be of type integer: "string"'
    ]


def _after(schema: Json, value: Json, old: Json | None = None) -> list[str]:
    root: Json = {"type": "object", "properties": {"spec": {"type": "object", "properties": schema}}}
    found = validate({"spec": value}, root, {"spec": old} if old is not None else None)
    return [f"{error.field}: {error.body}" for error in found]


def test_items_are_known_again_in_list_maps_only() -> None:
    word = {"type": "string", "enum": ["good"]}
    keyed = {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
        "items": {"type": "object", "properties": {"k": {"type": "string"}, "v": word}},
    }
    plain = {"type": "array", "items": word}
    bad = 'Unsupported value: "bad": supported values: "good"'
    assert _after({"l": plain}, {"l": ["bad"], "x": 1}, {"l": ["bad"]}) == [], "the list around it has not changed"
    assert _after({"l": plain}, {"l": ["bad", "good"]}, {"l": ["bad"]}) == [f"spec.l[0]: {bad}"]
    assert _after({"m": keyed}, {"m": [{"k": "b"}, {"k": "a", "v": "bad"}]}, {"m": [{"k": "a", "v": "bad"}]}) == []


def test_a_rule_may_ask_whether_there_was_a_value() -> None:
    rule = {"rule": "!oldSelf.hasValue() || oldSelf.value() == 'a'", "optionalOldSelf": True, "message": "was not a"}
    schema = {"s": {"type": "string", "x-kubernetes-validations": [rule]}}
    assert _after(schema, {"s": "x"}) == []
    assert _after(schema, {"s": "x"}, {"s": "a"}) == []
    assert _after(schema, {"s": "x"}, {"s": "b"}) == ['spec.s: Invalid value: "x": was not a']


def test_what_has_not_changed_is_warned_of() -> None:
    schema: Json = {"type": "string", "x-kubernetes-validations": [{"rule": "self == 'good'"}]}
    root: Json = {"type": "object", "properties": {"s": schema}}
    assert validate({"s": "bad"}, root, {"s": "bad"}) == []
    assert [error.field for error in rule_warnings({"s": "bad"}, root, {"s": "bad"})] == ["s"]
    assert rule_warnings({"s": "good"}, root, {"s": "bad"}) == []


def test_dear_rules_end_the_checks() -> None:
    rules = [{"rule": "self.all(x, self.all(y, x >= 0 && y >= 0))"}, {"rule": "false"}]
    schema: Json = {"l": {"type": "array", "items": {"type": "integer"}, "x-kubernetes-validations": rules}}
    found = _after(schema, {"l": list(range(600))})
    assert len(found) == 1
    assert "operation cancelled: actual cost limit exceeded" in found[0]
