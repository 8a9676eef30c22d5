"""CEL: values, errors as values, Kubernetes' functions, limits."""

from typing import Any

import pytest

from k8s_tutor.apimachinery import cel


def run(expression: str, **values: Any) -> Any:
    return cel.compile(expression, ("object", "self", "oldSelf")).evaluate(values)


@pytest.mark.parametrize(
    "expression",
    [
        "quantity('1Gi').isGreaterThan(quantity('1000Mi'))",
        "quantity('1Gi').add(quantity('1Gi')) == quantity('2Gi')",
        "!isQuantity('x') && quantity('50k').add(20).asInteger() == 50020",
        "url('https://a.b:80/x').getHost() == 'a.b:80' && !isURL('x')",
        "cidr('10.0.0.0/8').containsIP(ip('10.1.1.1')) && ip('::1').family() == 6",
        "'abc 12'.find('[0-9]+') == '12' && 'a1b2'.findAll('[0-9]') == ['1', '2']",
        "[1, 2].sum() == 3 && [1, 2].isSorted() && [3, 1].sort() == [1, 3] && [1, 2].indexOf(2) == 1",
        "'abc'.indexOf('c') == 2 && 'a,b'.split(',') == ['a', 'b'] && '%d'.format([5]) == '5'",
        "sets.contains([1, 2], [1]) && !format.dns1123Label().validate('a').hasValue()",
        "format.dns1123Label().validate('A').hasValue()",
        "semver('1.2.3').isLessThan(semver('1.10.0'))",
        "[1, 2, 3].slice(0, 2) == [1, 2] && [[1], [2]].flatten() == [1, 2] && [1, 1].distinct() == [1]",
        "[1, 2, 1].lastIndexOf(1) == 2 && [2, 1].min() == 1 && [2, 1].max() == 2",
        "object.?a.?b.orValue(1) == 1",
        "semver('v1.2', true).minor() == 2 && isSemver('v01.2', true) && !isSemver('v1.2')",
        "format.named('dns1123Label').value().validate('A').hasValue() && !format.named('x').hasValue()",
        "sign(quantity('-1')) == -1 && url('https://a/?b=c').getQuery()['b'] == ['c']",
        "[1, 2].all(i, v, i < v) && [1, 2].transformList(i, v, i + v) == [1, 3] && lists.range(2) == [0, 1]",
        "['a', 'b'].join('-') == 'a-b' && strings.quote('a') == '\"a\"' && [1, 2].reverse() == [2, 1]",
        "object.list.all(x, x.n > 0)",
    ],
)
def test_true(expression: str) -> None:
    assert run(expression, object={"list": [{"n": 1}]}) is True


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("object.nope", "no such key: nope"),
        ("1 / 0 == 1", "division by zero"),
        ("[1, 2][5] == 1", "index out of bounds: 5"),
        ("dyn('a') + 1 == 2", "no such overload"),
    ],
)
def test_errors_are_values(expression: str, message: str) -> None:
    result = run(expression, object={})
    assert isinstance(result, cel.CelError)
    assert str(result) == message
    assert not cel.is_true(cel.compile(expression, ("object",)), {"object": {}})


def test_compile_errors_are_upstreams() -> None:
    with pytest.raises(cel.CompileError) as raised:
        cel.compile("foo(1)")
    assert (
        str(raised.value) == "ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')\n | foo(1)\n | ...^"
    )
    assert cel.compile("1 + 1").type == "int"


def test_nested_comprehensions_over_much_are_refused() -> None:
    nested = "object.all(a, object.all(b, object.all(c, true)))"
    result = run(nested, object=[1] * 1000)
    assert str(result) == "operation cancelled: actual cost limit exceeded"
    assert run("object.all(a, a == 1)", object=[1] * 1000) is True


@pytest.mark.parametrize(
    ("template", "arguments", "text"),
    [
        ("%s %d", "['a', 3]", "a 3"),
        ("%s", "[['a', 1, true, null]]", '["a", 1, true, null]'),
        ("%s", "[{'b': ['c'], 'a': 1.5}]", '{"a":1.500000, "b":["c"]}'),
        ("%s %s", "[1.0, 1.25]", "1 1.25"),
        ("%.2f|%e|%f", "[1.5, 2.5, 1234.5]", "1.50|2.500000×10⁰⁰|1,234.500000"),
        ("%x %X %b %o %%", "[255, 'hi', 5, 8]", "ff 6869 101 10 %"),
        ("%s", "[duration('90s')]", "90s"),
        ("%s", "[[duration('90s'), timestamp('2026-01-02T03:04:05Z'), b'x']]", 'b"x"]'),
    ],
)
def test_formatting(template: str, arguments: str, text: str) -> None:
    assert run(f"'{template}'.format({arguments})").endswith(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "'%d'.format([dyn('x')])",
            "error during formatting: decimal clause can only be used on integers, was given string",
        ),
        ("'%s'.format(dyn([]))", "index 0 out of range"),
    ],
)
def test_formatting_fails(arguments: str, message: str) -> None:
    assert str(run(arguments)) == message


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("[1, 2].sum()", "int"),
        ("[1.5].max()", "double"),
        ("['a'].min()", "string"),
        ("'a'.findAll('a')", "list(string)"),
        ("[1, 1].distinct()", "list(int)"),
        ("url('a').getQuery()", "map(string, list(string))"),
        ("{'a': 1}.transformMap(k, v, v + 1)", "map(string, int)"),
    ],
)
def test_types(expression: str, name: str) -> None:
    assert cel.compile(expression).type == name


@pytest.mark.parametrize(
    "expression", ["math.abs(1)", "base64.encode(b'a')", "'abc'.reverse()", "jsonpatch.escapeKey('a')"]
)
def test_what_kubernetes_does_not_have(expression: str) -> None:
    with pytest.raises(cel.CompileError):
        cel.compile(expression)


def test_the_target_of_a_method_is_told_apart() -> None:
    with pytest.raises(cel.CompileError, match=r"'contains' applied to 'string\.\(int\)'"):
        cel.compile("'a'.contains(1)")
