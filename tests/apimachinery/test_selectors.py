"""Label and field selectors, and the rules for names."""

import pytest

from k8s_tutor.apimachinery import fields, labels, names
from k8s_tutor.apimachinery.labels import SelectorError


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("b=2,a=1", "a=1,b=2"),
        ("x in (foo,,baz),y,z notin ()", "x in (,baz,foo),y,z notin ()"),
        ("!x", "!x"),
        ("a == b", "a==b"),
        ("size>3", "size>3"),
        ("in in (in)", "in in (in)"),
        ("", ""),
    ],
)
def test_parses_and_prints(text: str, printed: str) -> None:
    assert str(labels.parse(text)) == printed


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a=b,,c", "found ',', expected: identifier after ','"),
        ("a in b", r"unable to parse requirement: found 'b' expected: '\('"),
        ("a>x", "unable to parse requirement: .*Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an"),
        ("-a", '<nil>: Invalid value: "-a": name part must consist of'),
        ("a=-", r'values\[0\]\[a\]: Invalid value: "-": a valid label must be'),
    ],
)
def test_complains_as_upstream_does(text: str, complaint: str) -> None:
    with pytest.raises(SelectorError, match=complaint):
        labels.parse(text)


def test_matches_labels() -> None:
    selector = labels.parse("app=web,tier in (a,b),!old,n>3")
    assert selector.matches({"app": "web", "tier": "a", "n": "4"})
    assert not selector.matches({"app": "web", "tier": "a", "n": "3"})
    assert not selector.matches({"app": "web", "tier": "c", "n": "4"})
    assert not selector.matches({"app": "web", "tier": "a", "n": "4", "old": ""})
    assert labels.parse("a!=1").matches({})


def test_label_selectors_of_objects() -> None:
    assert not labels.from_label_selector(None).matches({"a": "b"})
    assert labels.from_label_selector({}).matches({"a": "b"})
    selector = labels.from_label_selector(
        {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "NotIn", "values": ["d"]}]}
    )
    assert str(selector) == "a=b,c notin (d)"
    with pytest.raises(SelectorError, match='"Foo" is not a valid label selector operator'):
        labels.from_label_selector({"matchExpressions": [{"key": "c", "operator": "Foo"}]})


def test_field_selectors() -> None:
    selector = fields.parse(r"status.phase!=Running,metadata.name=a\,b")
    pod = {"metadata": {"name": "a,b"}, "status": {"phase": "Pending"}}
    assert selector.matches(lambda path: fields.value_at(pod, path))
    assert selector.required_value("metadata.name") == "a,b"
    assert str(selector) == r"metadata.name=a\,b,status.phase!=Running"
    with pytest.raises(SelectorError, match="can't understand 'x'"):
        fields.parse("x")
    with pytest.raises(SelectorError, match=r"invalid escape sequence: \\q"):
        fields.parse(r"a=\q")


@pytest.mark.parametrize(
    ("check", "good", "bad", "complaint"),
    [
        (names.is_dns1123_label, "a-1", "a.b", "must not contain dots"),
        (names.is_dns1123_label, "a", "A", "a lowercase RFC 1123 label must consist of"),
        (names.is_dns1123_subdomain, "a.b", "a..b", "a lowercase RFC 1123 subdomain must consist of"),
        (names.is_dns1035_label, "a1", "1a", "a DNS-1035 label must consist of"),
        (names.is_qualified_name, "a.b/C_d", "/x", "prefix part must be non-empty"),
        (names.is_qualified_name, "x", "a" * 64, "name part must be no more than 63 bytes"),
        (names.is_label_value, "", "a b", "a valid label must be an empty string or consist of"),
        (names.is_port_name, "http", "80", "must contain at least one letter (a-z)"),
        (names.is_port_name, "http-2", "much-too-long-name", "must be no more than 15 characters"),
        (names.is_config_map_key, "a.b", "..", "must not be '..'"),
        (names.is_relaxed_env_var_name, "9 a", "a=b", "a valid environment variable name must consist only of"),
        (names.is_percent, "5%", "5", "a valid percent string must be"),
        (names.is_ip, "10.0.0.1", "010.0.0.1", "must not have leading 0s"),
    ],
)
def test_rules_for_names(check: names.Check, good: str, bad: str, complaint: str) -> None:
    assert check(good) == []
    assert any(line.startswith(complaint) for line in check(bad)), check(bad)
    assert check(f"{good}\n") != [] or check is names.is_relaxed_env_var_name
