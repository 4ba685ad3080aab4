"""An object store in memory, which Beam knows by store://.

It speaks as gs:// and s3:// do behind Beam: there are objects and no folders,
and where the service refuses something, its client's error comes through.
"""

import io

from apache_beam.io import filesystem

objects: dict[str, bytes] = {}
"""Path → content of what is in the store."""

errors: dict[str, Exception] = {}
"""Name of an operation → what it raises."""

listed: list[str] = []
"""The path of each object that a listing gave, in order."""


class ClientError(Exception):
    """What the clients raise: no OSError, and its text shows all arguments."""

    def __init__(self, message: str, code: int):
        super().__init__(message, code)
        self.message = message
        self.code = code


def reset() -> None:
    """Empties the store and lets it answer."""
    for kept in (objects, errors, listed):
        kept.clear()


def fill(path: str, contents: dict[str, bytes]) -> None:
    """Puts files, by their names, below a path."""
    objects.update({f"{path}/{name}": data for name, data in contents.items()})


def _answer(operation: str) -> None:
    if operation in errors:
        raise errors[operation]


def _content(path: str) -> bytes:
    if path not in objects:
        raise ClientError(f"No such object: {path}", 404)
    return objects[path]


class _Reading(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        _answer("read")
        return super().read(size)


class _Writing(io.BytesIO):
    def __init__(self, path: str):
        super().__init__()
        self._path = path

    def write(self, content) -> int:
        _answer("write")
        return super().write(content)

    def close(self) -> None:
        if not self.closed:
            _answer("close")
            objects[self._path] = self.getvalue()
        super().close()


class ObjectStore(filesystem.FileSystem):
    """Beam finds it among the subclasses."""

    @classmethod
    def scheme(cls):
        return "store"

    def join(self, basepath, *paths):
        return "/".join((basepath, *paths))

    def split(self, path):
        head, _, name = path.rpartition("/")
        return head, name

    def mkdirs(self, path):
        raise NotImplementedError

    def has_dirs(self):
        return False

    def _list(self, dir_or_prefix):
        _answer("list")
        for path in sorted(objects):
            if path.startswith(dir_or_prefix):
                listed.append(path)
                yield self.metadata(path)

    def create(self, path, mime_type="", compression_type="auto"):
        _answer("create")
        return _Writing(path)

    def open(self, path, mime_type="", compression_type="auto"):
        _answer("open")
        return _Reading(_content(path))

    def copy(self, source_file_names, destination_file_names):
        raise NotImplementedError

    def rename(self, source_file_names, destination_file_names):
        _answer("rename")
        pairs = zip(source_file_names, destination_file_names, strict=True)
        for source, target in pairs:
            objects[target] = _content(source)
            del objects[source]

    def exists(self, path):
        _answer("exists")
        return path in objects

    def size(self, path):
        return len(_content(path))

    def last_updated(self, path):
        return 0.0

    def metadata(self, path):
        return filesystem.FileMetadata(path, self.size(path), 0.0)

    def delete(self, paths):
        _answer("delete")
        for path in paths:
            pattern = f"{path}**" if path.endswith("/") else path
            [found] = self.match([pattern])
            for file in found.metadata_list:
                del objects[file.path]
