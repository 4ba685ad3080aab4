"""Files on any of Beam's file systems: local, gs://, s3://."""

import contextlib
import os
import uuid
from collections.abc import Iterator

from apache_beam.io import filesystem
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

_RAW = filesystem.CompressionTypes.UNCOMPRESSED
_BINARY = "application/octet-stream"


def use_default_options() -> None:
    """Lets s3:// be read outside of a job, which would bring Beam's options."""
    FileSystems.set_options(PipelineOptions([]))


def join(folder: str, *names: str) -> str:
    """Joins with `/`, which every file system here understands."""
    return "/".join((folder.rstrip("/") or "/", *names))


def scheme(path: str) -> str | None:
    """Returns e.g. `gs`, None for a local path."""
    return FileSystems.get_scheme(path)


def is_local(path: str) -> bool:
    """Whether the path has no scheme such as `gs://`."""
    return scheme(path) is None


def exists(path: str) -> bool:
    """Whether a file (or, locally, a folder) has this path."""
    return FileSystems.exists(path)


def match(pattern: str) -> list[filesystem.FileMetadata]:
    """Lists the files that a glob names, `**` crossing folders."""
    return FileSystems.match([pattern])[0].metadata_list


def list_below(folder: str) -> Iterator[filesystem.FileMetadata]:
    """Lists the files in and below a folder, in no particular order.

    Links are followed, but into no folder twice; one that leads nowhere
    counts as an empty file.

    Raises:
        OSError: A folder cannot be read; a glob would pass over it.
    """
    if not is_local(folder):
        yield from match(f"{folder}/**")
        return
    seen, waiting = set(), [folder] if os.path.isdir(folder) else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                leads_nowhere = entry.is_symlink() and not exists(entry.path)
                if leads_nowhere:
                    yield filesystem.FileMetadata(entry.path, 0, 0.0)
                    continue
                status = entry.stat()
                if not entry.is_dir():
                    yield filesystem.FileMetadata(
                        entry.path, status.st_size, status.st_mtime
                    )
                elif (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    waiting.append(entry.path)


def open_binary(path: str):
    """Opens a file for reading bytes, seekable.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return FileSystems.open(path, _BINARY, _RAW)


def read_bytes(path: str) -> bytes:
    """Returns a file's content."""
    with open_binary(path) as file:
        return file.read()


def read_text(path: str) -> str:
    """Returns the text of a UTF-8 file.

    Raises:
        FileNotFoundError: There is no such file.
    """
    if not exists(path):
        raise FileNotFoundError(path)
    return read_bytes(path).decode()


def read_blocks(path: str, block_bytes: int = 1 << 20) -> Iterator[bytes]:
    """Yields a file's content block by block."""
    with open_binary(path) as file:
        while block := file.read(block_bytes):
            yield block


class AtomicFile:
    """A file that appears under its name only when it is whole.

    A context manager: it opens a file of another name for writing bytes and,
    when the block ends without an error, renames it.  Locally the bytes reach
    the disk before the name does.
    """

    def __init__(self, path: str, temporary_dir: str):
        """Takes the final path and a folder of the same file system."""
        self._path = path
        name = f"{os.path.basename(path)}.{uuid.uuid4().hex}"
        self._temporary_path = join(temporary_dir, name)

    def __enter__(self):
        """Returns the open file."""
        self._file = FileSystems.create(self._temporary_path, _BINARY, _RAW)
        return self._file

    def __exit__(self, error_type, error, traceback) -> None:
        """Renames the file, or deletes it after an error."""
        if error_type is not None:
            with contextlib.suppress(Exception):  # The first error counts.
                self._file.close()
            delete_if_there(self._temporary_path)
            return
        try:
            if is_local(self._path):
                self._file.flush()
                _settle(self._file.fileno())
            self._file.close()
            rename(self._temporary_path, self._path)
        except BaseException:
            delete_if_there(self._temporary_path)
            raise


def _settle(descriptor: int) -> None:
    """Brings a file to the disk and gives back the memory that cached it.

    Fresh pages cost a writer of many large files more time than the writing,
    and a container counts them as its memory.
    """
    os.fsync(descriptor)
    if hasattr(os, "posix_fadvise"):  # macOS has none.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def write_text(path: str, text: str, temporary_dir: str) -> None:
    """Writes a UTF-8 file that appears only when it is whole."""
    with AtomicFile(path, temporary_dir) as file:
        file.write(text.encode())


def rename(source_path: str, target_path: str) -> None:
    """Renames a file, replacing what has the new name."""
    if is_local(target_path):  # Beam hides the OSError's number.
        os.replace(source_path, target_path)
    else:
        FileSystems.rename([source_path], [target_path])


def delete_if_there(path: str) -> None:
    """Deletes a file or a local folder with all that is in it."""
    if exists(path):
        FileSystems.delete([path])


def delete_folder(path: str) -> None:
    """Deletes a folder with all that is in it, if it is there.

    Of an object store: all that lies below, many objects with each request.
    """
    if is_local(path):
        delete_if_there(path)
    else:
        FileSystems.delete([path.rstrip("/") + "/"])


def make_folder(path: str) -> None:
    """Creates a local folder; object stores have none to create."""
    if is_local(path):
        os.makedirs(path, exist_ok=True)
