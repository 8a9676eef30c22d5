"""Types of expressions and the words about what is wrong with them, as a real 1.37.2 answered."""

import pytest

from k8s_tutor.apimachinery import cel
from k8s_tutor.apimachinery.cel.types import DYN, STRING, list_of, struct

SCOPE = cel.Scope(
    {**dict.fromkeys(("object", "oldObject"), DYN), "request": struct("Request")},
    {"Request": {"name": STRING, "groups": list_of(STRING)}},
)


@pytest.mark.parametrize(
    ("expression", "place", "message"),
    [
        ("'%s'.format([]) == 'a'", 12, "index 0 out of range"),
        ("'%q'.format(['x']) == 'a'", 12, 'could not parse formatting clause: unrecognized formatting clause "q"'),
        ("'%s'.format([1,2]) == 'a'", 12, "too many arguments supplied to string.format (expected 1, got 2)"),
        ("[[1],['a']] == []", 6, "expected type 'list(int)' but found 'list(string)'"),
        ("{'a':1,'b':'c'} == {}", 12, "expected type 'int' but found 'string'"),
        ("duration('x') == duration('1h')", 10, "invalid duration argument"),
        ("timestamp('x') < timestamp('2020-01-01T00:00:00Z')", 11, "invalid timestamp argument"),
        ("object.a.matches('(')", 18, "invalid matches argument"),
        ("a.b.c == 1", 1, "undeclared reference to 'a' (in container '')"),
        ("request.foo == 'x'", 8, "undefined field 'foo'"),
        ("has(request.foo)", 4, "undefined field 'foo'"),
        ("request.groups.exists(g, g == 1)", 28, "found no matching overload for '_==_' applied to '(string, int)'"),
        ("'a'.foo()", 8, "undeclared reference to 'foo' (in container '')"),
        ("size(1)", 5, "found no matching overload for 'size' applied to '(int)'"),
        ("quantity('1').sign()", 19, "found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'"),
        ("object.x <= 5 && 'x'", 18, "expected type 'bool' but found 'string'"),
        ("true ? 1 : 'a'", 6, "found no matching overload for '_?_:_' applied to '(bool, int, string)'"),
        ("[null, 1]", 8, "expected type 'null' but found 'int'"),
        ("1 == 1.0", 3, "found no matching overload for '_==_' applied to '(int, double)'"),
        (
            "'a'.all(x, x)",
            1,
            "expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)",
        ),
    ],
)
def test_what_is_wrong(expression: str, place: int, message: str) -> None:
    with pytest.raises(cel.CompileError) as caught:
        cel.compile(expression, SCOPE)
    first, line, arrow = str(caught.value).split("\n")[:3]
    assert first == f"ERROR: <input>:1:{place}: {message}"
    assert line == f" | {expression}"
    assert arrow == f" | {'.' * (place - 1)}^"


def test_all_that_is_wrong_is_told_in_order() -> None:
    with pytest.raises(cel.CompileError) as caught:
        cel.compile("cel.bind(x, 1, x)", SCOPE)
    heads = [line for line in str(caught.value).split("\n") if line.startswith("ERROR")]
    assert [head.partition(": undeclared reference to ")[2] for head in heads] == [
        f"'{name}' (in container '')" for name in ("cel", "bind", "x", "x")
    ]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("{}[1]", "dyn"),
        ("type(1)", "type(int)"),
        ("null", "null_type"),
        ("optional.of(1)", "optional_type(int)"),
        ("object.?a", "optional_type(dyn)"),
        ("quantity('1')", "kubernetes.Quantity"),
        ("ip('1.1.1.1')", "net.IP"),
        ("format.dns1123Label().validate('a')", "optional_type(list(string))"),
        ("[]", "list(dyn)"),
        ("[[1,2],[3]].flatten()", "list(int)"),
        ("object.items.map(i, i.name, 1)", "list(int)"),
        ("request.groups", "list(string)"),
        ("'%s %d'.format(['a', 3])", "string"),
        ("{'a':1}.transformMap(k, v, string(v))", "map(string, string)"),
        ("['a'].transformList(i, v, i)", "list(int)"),
        ("timestamp('2020-01-01T00:00:00Z') - duration('1h')", "google.protobuf.Timestamp"),
    ],
)
def test_types(expression: str, found: str) -> None:
    assert cel.compile(expression, SCOPE).type == found


def test_maps_are_made_by_comprehensions() -> None:
    assert cel.compile("{'a': 1}.transformMap(k, v, v + 1)").evaluate({}) == {"a": 2}
    assert cel.compile("{'a': 1}.transformMapEntry(k, v, {v: k})").evaluate({}) == {1: "a"}
