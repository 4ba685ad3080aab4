import os
import re

import pytest
from apache_beam.io.filesystem import FileSystem

from preprocess.storage import files, remote_files
from schemas import local_files

PATTERNS = ("rec*", "set?", "rec[12]", "data [v2]", "{a,b}", "a\\b")
"""Names that a glob would take for others' too."""


def neighbours(tmp_path):
    """Makes folders with a file each that patterns would match."""
    for name in ("rec1", "rec2", "rec_old", "set1", "data v", "a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("gold")
    return sorted(tmp_path.glob("*/*"))


@pytest.mark.parametrize("name", PATTERNS)
def test_a_local_name_is_a_name(tmp_path, name):
    others = neighbours(tmp_path)
    folder = f"{tmp_path}/{name}"
    path = files.join(folder, "manifest.json")
    assert not files.exists(path)
    assert not files.list_folder(folder)
    assert not list(files.list_below(folder))
    files.delete_if_there(path)
    files.delete_folder(folder)
    files.make_folder(folder)
    files.write_text(path, "own", folder)
    assert files.read_text(path) == "own"
    [found] = files.list_folder(folder)
    assert (found.path, found.num_bytes) == (path, 3)
    assert list(files.list_below(folder)) == [found]
    files.delete_if_there(path)
    assert not os.listdir(folder)
    files.delete_folder(folder)
    assert not os.path.exists(folder)
    assert all(other.read_text() == "gold" for other in others)


@pytest.mark.filterwarnings("ignore:Possible nested set")
@pytest.mark.parametrize("name", PATTERNS)
def test_a_remote_name_is_escaped_so_that_it_matches_itself_alone(name):
    path = f"gs://bucket/{name}/manifest.json"
    pattern = FileSystem.translate_pattern(remote_files.escape(path))
    assert re.match(pattern, path)
    for other in ("rec1", "rec_old", "set1", "data v", "recx", "rec", "set"):
        assert not re.match(pattern, f"gs://bucket/{other}/manifest.json")


def test_a_link_in_the_place_of_a_new_file_is_not_followed(
    tmp_path, monkeypatch
):
    treasure = tmp_path / "treasure"
    treasure.write_text("gold")
    monkeypatch.setattr(local_files, "random_token", lambda: "token")
    (tmp_path / "name.token").symlink_to(treasure)
    with pytest.raises(FileExistsError):
        files.write_text(f"{tmp_path}/name", "lead", str(tmp_path))
    assert treasure.read_text() == "gold"


def test_a_link_is_deleted_not_what_it_leads_to(tmp_path):
    treasure = tmp_path / "chest" / "treasure"
    treasure.parent.mkdir()
    treasure.write_text("gold")
    (tmp_path / "file").symlink_to(treasure)
    (tmp_path / "folder").symlink_to(treasure.parent)
    files.delete_if_there(f"{tmp_path}/file")
    with pytest.raises(OSError, match="symbolic link"):
        files.delete_folder(f"{tmp_path}/folder")
    assert treasure.read_text() == "gold"
    assert sorted(os.listdir(tmp_path)) == ["chest", "folder"]


def test_what_is_no_file_is_listed_as_empty_and_never_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "none")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for listed in (files.list_folder, files.list_below):
        found = {file.path: file.num_bytes for file in listed(str(tmp_path))}
        assert found == {
            f"{tmp_path}/{name}": 0 for name in ("link", "loop", "pipe")
        }
    for name in ("pipe", "link", "loop"):
        with pytest.raises(OSError, match=name):
            files.read_bytes(f"{tmp_path}/{name}")


def test_a_failed_file_leaves_nothing(tmp_path):
    with pytest.raises(KeyError):
        with files.AtomicFile(f"{tmp_path}/name", str(tmp_path)) as file:
            file.write(b"half")
            raise KeyError
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("path", "scheme"),
    [
        ("gs://bucket/a", "gs"),
        ("s3://bucket", "s3"),
        ("/data/a", None),
        ("a/gs://b", None),
    ],
)
def test_a_scheme_stands_at_the_beginning(path, scheme):
    assert files.scheme(path) == scheme
