"""Text formats that must be Go's: YAML, tab stops, durations, flags, templates."""

from typing import Any

import pytest

from k8s_tutor.apimachinery.goyaml import to_json, to_yaml
from k8s_tutor.apimachinery.times import human_duration
from k8s_tutor.kubectl.flags import Flag, FlagError, parse
from k8s_tutor.kubectl.printers.gotemplate import GoTemplate
from k8s_tutor.kubectl.suggestions import suggest
from k8s_tutor.kubectl.tabwriter import aligned
from k8s_tutor.kubectl.text import parse_duration


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("yes", '"yes"'),
        ("1", '"1"'),
        ("1e3", '"1e3"'),
        ("2020-01-01", '"2020-01-01"'),
        ("12:30:45", '"12:30:45"'),
        ("a: b", "'a: b'"),
        ("- x", "'- x'"),
        ("x #y", "'x #y'"),
        (" lead", "' lead'"),
        ("it's", "it's"),
        ("", '""'),
        ("tab\there", '"tab\\there"'),
        ("a\nb\n", "|\n  a\n  b"),
        ("a\nb", "|-\n  a\n  b"),
        ("a\n\n", "|+\n  a\n"),
        ("  lead\nx", "|2-\n    lead\n  x"),
        ("trail \nx", '"trail \\nx"'),
        ("1.5Gi", "1.5Gi"),
        ("{a}", "'{a}'"),
        ("<<", "<<"),
        ({}, "{}"),
        ([], "[]"),
        (None, "null"),
        (True, "true"),
    ],
)
def test_yaml_writes_a_scalar_as_go_does(value: Any, text: str) -> None:
    assert to_yaml({"k": value}) == f"k: {text}\n"


def test_yaml_sorts_keys_naturally_and_does_not_indent_lists() -> None:
    assert to_yaml({"a10": 1, "a9": [{"b": 1, "a": [2]}], "B": 3}) == "B: 3\na9:\n- a:\n  - 2\n  b: 1\na10: 1\n"


def test_yaml_breaks_long_text_after_the_80th_column() -> None:
    words = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as"
    folded = to_yaml({"kubernetes.io/description": words})
    assert folded == (
        "kubernetes.io/description: Contains a CA bundle that can be used to verify the kube-apiserver\n"
        "  when using internal endpoints such as\n"
    )


def test_json_escapes_what_go_escapes() -> None:
    assert to_json({"a": "<&>"}, indent=None) == '{"a":"\\u003c\\u0026\\u003e"}'


def test_tab_stops_belong_to_adjacent_lines() -> None:
    assert aligned("Name:\tx\nNamespace:\ty\nplain\nA:\tb\n") == "Name:       x\nNamespace:  y\nplain\nA:  b\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (185, "3m5s"),
        (3700, "61m"),
        (11000, "3h3m"),
        (100000, "27h"),
        (200000, "2d7h"),
    ],
)
def test_durations_are_told_in_two_units(seconds: int, text: str) -> None:
    assert human_duration(seconds) == text


def test_durations_are_read_as_go_reads_them() -> None:
    assert parse_duration("1m30s") == 90
    with pytest.raises(ValueError, match="missing unit"):
        parse_duration("30")


FLAGS = (
    Flag("output", short="o"),
    Flag("watch", "bool", short="w"),
    Flag("tty", "bool", short="t"),
    Flag("replicas", "int"),
    Flag("dry-run", default="none", alone="unchanged"),
    Flag("filename", "list", short="f"),
)


def test_flags_and_arguments_mix_until_the_dashes() -> None:
    parsed = parse(
        ["-wt", "get", "-oyaml", "--replicas=3", "-f", "a,b", "-f=c", "--dry-run", "x", "--", "-o", "y"], FLAGS
    )
    assert parsed.arguments == ["get", "x", "-o", "y"]
    assert parsed.dash_at == 2
    assert parsed["filename"] == ["a", "b", "c"]
    assert (parsed["watch"], parsed["tty"], parsed["output"], parsed["replicas"]) == (True, True, "yaml", 3)
    assert parsed["dry-run"] == "unchanged"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--nope"], "unknown flag: --nope"),
        (["-x"], "unknown shorthand flag: 'x' in -x"),
        (["-o"], "flag needs an argument: 'o' in -o"),
        (["--output"], "flag needs an argument: --output"),
        (["--replicas=x"], 'invalid argument "x" for "--replicas" flag: strconv.ParseInt: parsing "x": invalid syntax'),
        (["--watch=x"], 'invalid argument "x" for "-w, --watch" flag: strconv.ParseBool: parsing "x": invalid syntax'),
    ],
)
def test_wrong_flags_get_pflags_words(words: list[str], message: str) -> None:
    with pytest.raises(FlagError) as caught:
        parse(words, FLAGS)
    assert str(caught.value) == message


def test_near_verbs_are_suggested_in_kubectls_order() -> None:
    assert suggest("gt") == "\n\nDid you mean this?\n\tset\n\tget\n\tcp\n"
    assert suggest("xyzzy") == ""


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.metadata.name}}", "web"),
        ("{{.nope}}", "<no value>"),
        ("{{range .items}}{{.}},{{end}}", "a,b,"),
        ('{{range $i, $x := .items}}{{if $i}} {{end}}{{$x | printf "%q"}}{{end}}', '"a" "b"'),
        ('{{if eq .metadata.name "web"}}yes{{else}}no{{end}}', "yes"),
        ("{{with .metadata}}{{.name}}{{end}}", "web"),
        ("{{index .items 1}} {{len .items}}", "b 2"),
        ("{{- .metadata.name -}}  x", "webx"),
        ("{{range .none}}x{{else}}empty{{end}}", "empty"),
    ],
)
def test_go_templates(template: str, text: str) -> None:
    data = {"metadata": {"name": "web"}, "items": ["a", "b"], "none": []}
    assert GoTemplate(template).render(data) == text
