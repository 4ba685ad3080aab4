"""TensorFlow's file systems, on the one that needs no network: file://."""

import os

import pytest

from trainer import storage


@pytest.fixture
def folder(tmp_path):
    return f"file://{tmp_path}/run"


def test_files_are_written_found_and_read(folder):
    storage.make_folder(f"{folder}/val/ulm")
    storage.write_text(f"{folder}/note.txt", "one")
    storage.write_text(f"{folder}/note.txt", "two")
    content = bytes(range(256)) * 9000
    storage.write_bytes(f"{folder}/val/ulm/a.png", content)
    assert storage.read_text(f"{folder}/note.txt") == "two"
    assert storage.read_bytes(f"{folder}/val/ulm/a.png") == content
    assert storage.num_bytes(f"{folder}/note.txt") == 3
    assert storage.names(folder) == ["note.txt", "val"]
    assert storage.is_folder(f"{folder}/val")
    paths = [f"{folder}/note.txt", f"{folder}/val/ulm/a.png"]
    assert sorted(storage.walk(folder)) == paths
    assert storage.match(f"{folder}/*.txt") == paths[:1]
    storage.remove(f"{folder}/note.txt")
    assert storage.num_bytes(f"{folder}/note.txt") is None


def test_a_file_is_read_from_any_place(folder):
    storage.make_folder(folder)
    storage.write_bytes(f"{folder}/a", b"0123456789")
    with storage.open_binary(f"{folder}/a") as file:
        assert file.seekable()
        assert file.seek(-3, os.SEEK_END) == 7
        assert file.read() == b"789"
        file.seek(2)
        assert file.read(2) == b"23"
        assert file.tell() == 4


def test_what_is_not_there_is_named(folder):
    assert not storage.is_folder(folder)
    assert storage.names(folder) == []
    with pytest.raises(FileNotFoundError, match="run/note.txt does not exist"):
        storage.read_text(f"{folder}/note.txt")


def test_what_cannot_be_written_is_an_os_error(folder, tmp_path):
    (tmp_path / "run").write_text("no folder")
    with pytest.raises(OSError, match="run/note.txt"):
        storage.write_text(f"{folder}/note.txt", "one")
