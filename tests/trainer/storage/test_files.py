import errno
import os

import pytest

from schemas import local_files
from trainer.storage import files


def test_a_file_is_replaced_whole(tmp_path):
    path = str(tmp_path / "note.txt")
    files.write_text(path, "one")
    files.write_text(path, "two")
    assert files.read_text(path) == "two"
    assert files.num_bytes(path) == 3
    assert files.names(str(tmp_path)) == ["note.txt"]


def test_the_old_file_stays_when_writing_fails(tmp_path):
    path = str(tmp_path / "note.txt")
    files.write_text(path, "one")
    with pytest.raises(RuntimeError), files.replacing(path) as partial:
        open(partial, "w").write("half")
        raise RuntimeError
    assert files.read_text(path) == "one"
    assert files.names(str(tmp_path)) == ["note.txt"]


def write_folder(path, text):
    with files.replacing_folder(str(path)) as new:
        os.mkdir(new)
        files.write_text(f"{new}/{text}", text)
        if text == "bad":
            raise OSError(errno.ENOSPC, "No space left on device")


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path):
    folder, link = tmp_path / "model", tmp_path / "link"
    write_folder(folder, "one")
    assert os.listdir(folder) == ["one"]
    with pytest.raises(OSError, match="No space left"):
        write_folder(folder, "bad")
    assert os.listdir(folder) == ["one"]
    link.symlink_to(folder)
    write_folder(link, "two")
    assert os.listdir(folder) == ["two"]
    assert files.names(str(tmp_path)) == ["link", "model"]


def test_the_old_folder_comes_back_where_the_new_one_cannot_take_its_place(
    tmp_path,
):
    folder = tmp_path / "model"
    write_folder(folder, "one")
    with pytest.raises(FileNotFoundError):
        with files.replacing_folder(str(folder)):
            pass  # writes nothing: there is no folder to rename
    assert os.listdir(folder) == ["one"]
    assert files.names(str(tmp_path)) == ["model"]


@pytest.mark.parametrize("is_named", [False, True])
def test_a_full_disk_is_told_with_the_files_own_name(tmp_path, is_named):
    path = str(tmp_path / "note.txt")
    with pytest.raises(OSError, match=rf"No space left.*: '{path}'$"):
        with files.replacing(path) as partial:
            text = "No space left on device"
            raise OSError(errno.ENOSPC, text, *[partial] * is_named)
    assert files.names(str(tmp_path)) == []


def test_an_error_about_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        with files.replacing(str(tmp_path / "note.txt")):
            open(tmp_path / "missing")


def test_what_is_not_there_has_no_size_and_no_names(tmp_path):
    assert files.num_bytes(str(tmp_path / "none")) is None
    assert files.names(str(tmp_path / "none")) == []


def test_schemes_are_remote():
    assert files.is_remote("gs://bucket/run")
    assert not files.is_remote("/data/run")
    assert files.join("gs://bucket/run/", "a") == "gs://bucket/run/a"


@pytest.mark.parametrize("path", ["s3://bucket/run/a", "https://host/a"])
def test_what_tensorflow_cannot_read_is_refused_before_its_import(path):
    message = f"{path}: TensorFlow reads and writes gs:// and local files, not"
    for refused in (files.read_text, files.num_bytes, files.make_folder):
        with pytest.raises(OSError, match=message):
            refused(path)
    with pytest.raises(OSError, match="aws s3 sync s3://BUCKET/FOLDER DIR"):
        files.write_text(path, "one")


def test_nobody_foresees_the_name_that_is_written_to(tmp_path):
    path = str(tmp_path / "note.txt")
    seen = set()
    for _ in range(2):
        with files.replacing(path) as partial:
            assert partial.endswith(".txt")
            assert not os.path.islink(partial)
            assert os.path.getsize(partial) == 0
            seen.add(partial)
    assert len(seen) == 2


def test_a_name_may_be_as_long_as_names_can_be(tmp_path):
    path = str(tmp_path / f"{'x' * 251}.txt")
    files.write_text(path, "one")
    assert files.read_text(path) == "one"
    with pytest.raises(OSError, match=r"too long: .*xy\.txt"):
        with files.replacing(path.replace(".txt", "y.txt")):
            pytest.fail("this work would be lost")
    assert len(files.names(str(tmp_path))) == 1


def test_a_folder_that_cannot_be_written_is_named_before_any_work(tmp_path):
    files.prepare_folder(str(tmp_path / "a/b"))
    assert files.names(str(tmp_path / "a/b")) == []
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file/below", "/proc/self"):
        with pytest.raises(OSError, match=f"'{folder}'$"):
            files.prepare_folder(str(folder))


def test_a_link_in_the_place_of_a_partial_file_is_not_followed(
    tmp_path, monkeypatch
):
    treasure = tmp_path / "treasure"
    treasure.write_text("gold")
    monkeypatch.setattr(local_files, "random_token", lambda: "0" * 16)
    link = tmp_path / f"{'0' * 16}.partial.txt"
    link.symlink_to(treasure)
    with pytest.raises(FileExistsError):
        files.write_text(str(tmp_path / "note.txt"), "lead")
    assert treasure.read_text() == "gold"


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path):
    own = ["a.partial.keras", "partial", f"b.{'x' * 16}.partial.csv"]
    token = "0a" * 8
    left = [f"{token}.partial.keras", f"last.{token}.partial.keras"]
    for name in (*own, *left):
        (tmp_path / name).write_text("")
    files.remove_partial(str(tmp_path))
    assert files.names(str(tmp_path)) == sorted(own)


def test_a_pipe_or_a_folder_is_no_file_to_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="Not a regular file: .*pipe"):
        files.read_bytes(str(tmp_path / "pipe"))
    with pytest.raises(IsADirectoryError):
        files.read_bytes(str(tmp_path))
