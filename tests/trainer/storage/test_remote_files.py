"""TensorFlow's file systems, on the one that needs no network: file://."""

import os

import pytest

from trainer.storage import files


@pytest.fixture
def folder(tmp_path):
    return f"file://{tmp_path}/run"


def test_files_are_written_found_and_read(folder):
    files.make_folder(f"{folder}/val/ulm")
    files.write_text(f"{folder}/note.txt", "one")
    files.write_text(f"{folder}/note.txt", "two")
    content = bytes(range(256)) * 9000
    files.write_bytes(f"{folder}/val/ulm/a.png", content)
    assert files.read_text(f"{folder}/note.txt") == "two"
    assert files.read_bytes(f"{folder}/val/ulm/a.png") == content
    assert files.num_bytes(f"{folder}/note.txt") == 3
    assert files.names(folder) == ["note.txt", "val"]
    assert files.is_folder(f"{folder}/val")
    paths = [f"{folder}/note.txt", f"{folder}/val/ulm/a.png"]
    assert sorted(files.walk(folder)) == paths
    assert files.match(f"{folder}/*.txt") == paths[:1]
    files.remove(f"{folder}/note.txt")
    assert files.num_bytes(f"{folder}/note.txt") is None


def test_a_file_without_content_is_written(folder):
    files.make_folder(folder)
    files.write_bytes(f"{folder}/empty", b"")
    assert files.num_bytes(f"{folder}/empty") == 0


def test_a_folder_that_can_be_written_to_stays_empty(folder):
    files.prepare_folder(folder)
    assert files.is_folder(folder) and files.names(folder) == []


def test_a_file_is_read_from_any_place(folder):
    files.make_folder(folder)
    files.write_bytes(f"{folder}/a", b"0123456789")
    with files.open_binary(f"{folder}/a") as file:
        assert file.seekable()
        assert file.seek(-3, os.SEEK_END) == 7
        assert file.read() == b"789"
        file.seek(2)
        assert file.read(2) == b"23"
        assert file.tell() == 4


def test_what_is_not_there_is_named(folder):
    assert not files.is_folder(folder)
    assert files.names(folder) == []
    with pytest.raises(FileNotFoundError, match="run/note.txt does not exist"):
        files.read_text(f"{folder}/note.txt")


def test_what_cannot_be_written_is_an_os_error(folder, tmp_path):
    (tmp_path / "run").write_text("no folder")
    with pytest.raises(OSError, match="run/note.txt"):
        files.write_text(f"{folder}/note.txt", "one")
