"""Files behind Beam, on a store that raises its client's errors."""

import errno
import os
import zipfile

import pytest

from preprocess.storage import files
from schemas.sources import zips

FOLDER = "store://bucket/out"
PATH = f"{FOLDER}/name"


def write():
    files.write_text(PATH, "new", f"{FOLDER}/.work")


OPERATIONS = {
    "exists": lambda: files.exists(PATH),
    "open": lambda: files.open_binary(PATH),
    "read": lambda: files.read_bytes(PATH),
    "create": write,
    "write": write,
    "close": write,
    "rename": write,
    "delete": lambda: files.delete_folder(FOLDER),
}


def test_files_are_written_found_and_read(store):
    write()
    assert files.read_text(PATH) == "new"
    assert [file.path for file in files.list_below(FOLDER)] == [PATH]
    assert list(files.read_blocks(PATH, 2)) == [b"ne", b"w"]
    files.delete_if_there(PATH)
    assert not files.exists(PATH)


def test_a_file_is_read_from_any_place(store):
    store.objects[PATH] = b"0123456789"
    with files.open_binary(PATH) as file:
        assert file.readable() and file.seekable() and not file.closed
        assert file.seek(-3, os.SEEK_END) == 7
        assert file.read() == b"789"
        file.seek(2)
        assert file.read(2) == b"23"
        assert file.tell() == 4
    assert file.closed


def test_what_is_not_there_is_not_found(store):
    for read in (files.open_binary, files.read_text, files.read_bytes):
        with pytest.raises(FileNotFoundError) as caught:
            read(PATH)
        assert str(caught.value) == f"{PATH} does not exist"
        assert caught.value.errno == errno.ENOENT


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_the_service_refuses_is_an_os_error_that_says_so(store, operation):
    store.objects[PATH] = b"old"
    error = store.ClientError("may not look", 403)
    store.errors[operation] = error
    with pytest.raises(OSError, match=r"^store://\S+: may not look$") as caught:
        OPERATIONS[operation]()
    assert caught.value.errno == errno.EIO
    assert caught.value.__cause__ is error
    store.errors.clear()
    assert files.read_bytes(PATH) == b"old"


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("error", [TypeError("x"), MemoryError("x")])
def test_a_fault_of_the_program_stays_one(store, operation, error):
    store.objects[PATH] = b"old"
    store.errors[operation] = error
    with pytest.raises(type(error), match="^x$"):
        OPERATIONS[operation]()


def test_an_error_may_say_its_status_elsewhere_or_nothing(store):
    class Answer:
        status_code = 404

    class Silent(Exception):
        pass

    error = Silent()
    store.errors["exists"] = error
    with pytest.raises(OSError, match="^store://bucket/out/name: Silent$"):
        files.exists(PATH)
    error.response = Answer()
    with pytest.raises(FileNotFoundError, match="name does not exist$"):
        files.exists(PATH)


def test_a_zip_is_not_blamed_for_the_service(store):
    with files.AtomicFile(PATH, FOLDER) as file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("entry", b"content")
    archive = zips.open_zip(files.open_binary(PATH))
    assert zips.read_entry(archive, "entry") == b"content"
    store.errors["read"] = store.ClientError("come later", 503)
    with pytest.raises(OSError, match="out/name: come later$"):
        zips.read_entry(archive, "entry")
