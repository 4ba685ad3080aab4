import pytest

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
