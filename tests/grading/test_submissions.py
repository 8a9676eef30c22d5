"""Finding and unpacking what students handed in, without trusting it."""

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from k8s_tutor.errors import UsageError
from k8s_tutor.grading.reading import read_submission
from k8s_tutor.grading.submissions import Submission, find, unpack

SAMPLES = Path(__file__).parent / "samples"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: nginx}]}\n"


def zipped(file: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return file


def test_a_folder_of_folders_is_a_class() -> None:
    found = find([SAMPLES])
    assert len(found) == 10
    assert [s.id for s in found] == sorted(s.id for s in found)


def test_a_folder_with_manifests_is_one_submission() -> None:
    assert [s.id for s in find([SAMPLES / "right"])] == ["right"]


def test_archives_and_folders_side_by_side(tmp_path: Path) -> None:
    zipped(tmp_path / "ivanov.zip", {"hw/pod.yaml": POD})
    zipped(tmp_path / "petrov.zip", {"pod.yaml": POD})
    (tmp_path / "sidorov").mkdir()
    (tmp_path / "sidorov" / "x.yaml").write_text(POD)
    assert [s.id for s in find([tmp_path])] == ["ivanov", "petrov", "sidorov"]
    assert [s.id for s in find([tmp_path / "ivanov.zip", tmp_path / "ivanov.zip"])] == ["ivanov", "ivanov-2"]


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_nothing_to_grade(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    if name == "nowhere":
        with pytest.raises(UsageError, match="does not exist"):
            find([tmp_path / name])
    else:
        assert read_submission(find([tmp_path / name])[0].path).manifests == ()


def test_a_zip_stays_inside(tmp_path: Path) -> None:
    file = zipped(
        tmp_path / "evil.zip",
        {"../outside.yaml": POD, "/etc/evil.yaml": POD, "a\\..\\..\\b.yaml": POD, "good.yaml": POD},
    )
    link = zipfile.ZipInfo("link.yaml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    submission = Submission("evil", file)
    target = tmp_path / "out"
    target.mkdir()
    unpack(submission, target)
    assert [p.name for p in target.rglob("*") if p.is_file()] == ["good.yaml"]
    assert not (tmp_path / "outside.yaml").exists()
    assert len(submission.notes) == 4


def test_a_tar_stays_inside(tmp_path: Path) -> None:
    file = tmp_path / "evil.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for name, kind in (
            ("../up.yaml", tarfile.REGTYPE),
            ("dev", tarfile.CHRTYPE),
            ("sym", tarfile.SYMTYPE),
            ("k/ok.yaml", tarfile.REGTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type = kind
            member.linkname = "/etc/passwd"
            member.size = len(POD) if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(POD.encode()))
    submission = Submission("evil", file)
    (tmp_path / "out").mkdir()
    unpack(submission, tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").rglob("*.yaml")] == ["ok.yaml"]
    assert len(submission.notes) == 3


def test_a_zip_bomb_is_left_unread(tmp_path: Path) -> None:
    file = tmp_path / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"{number}.yaml", "a: b\n" * 2_000_000)
    submission = Submission("bomb", file)
    (tmp_path / "out").mkdir()
    unpack(submission, tmp_path / "out")
    assert "cannot be read: more than" in submission.notes[0]


def test_not_an_archive_at_all(tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    file.write_bytes(b"not a zip")
    submission = Submission("x", file)
    (tmp_path / "out").mkdir()
    unpack(submission, tmp_path / "out")
    assert submission.notes[0].startswith("The archive cannot be read")


def test_what_cannot_be_read_is_told_and_the_rest_is_read() -> None:
    reading = read_submission(SAMPLES / "broken-yaml")
    assert [m.kind for m in reading.manifests] == ["Deployment"]
    assert any("pod.yaml:4" in note for note in reading.notes)
    assert any("resources.yaml" in note for note in reading.notes)


def test_a_byte_order_mark_cyrillic_names_and_many_documents() -> None:
    reading = read_submission(SAMPLES / "one-file")
    assert [m.kind for m in reading.manifests] == ["Pod", "Pod", "Deployment", "Service"]
    assert reading.notes == ()


def test_a_yaml_bomb_is_told() -> None:
    reading = read_submission(SAMPLES / "hostile")
    assert sorted(m.kind for m in reading.manifests) == ["Deployment", "Pod"]
    assert any("bomb.yaml" in note for note in reading.notes)


def test_charts_are_no_manifests(tmp_path: Path) -> None:
    (tmp_path / "chart" / "templates").mkdir(parents=True)
    (tmp_path / "chart" / "Chart.yaml").write_text("name: x\n")
    (tmp_path / "chart" / "templates" / "pod.yaml").write_text("{{ .Values }}\n")
    (tmp_path / "pod.yaml").write_text(POD)
    reading = read_submission(tmp_path)
    assert len(reading.manifests) == 1
    assert reading.notes == ()
