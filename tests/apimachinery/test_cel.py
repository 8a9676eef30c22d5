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
