"""Index files: where each record of a shard begins, and its length.

A line `offset length` a record, as PyTorch's readers and DALI take them.
"""

from collections.abc import Iterable, Iterator, Sequence

from preprocess.storage import files
from schemas.shards import names, tfrecord

INDEX_DIR = "index"
"""In the output folder, with `--write_index`."""

_SUFFIX = ".index"

Extent = tuple[int, int]
"""(offset, length) of a record with its frame, in bytes."""


def index_path(name: str, output_dir: str) -> str:
    """Returns where a shard's index file stands."""
    return files.join(output_dir, place(name))


def place(name: str) -> str:
    """Returns where a shard's index file stands in the output folder."""
    return f"{INDEX_DIR}/{name}{_SUFFIX}"


def list_shards(output_dir: str) -> list[str]:
    """Returns the names of the shards that index files stand for."""
    found = files.list_folder(files.join(output_dir, INDEX_DIR))
    stems = (
        file.path.rpartition("/")[2].removesuffix(_SUFFIX)
        for file in found
        if file.path.endswith(_SUFFIX)
    )
    return list(filter(names.is_shard_name, stems))


def write(
    name: str, records: Iterable[Extent], output_dir: str, work_dir: str
) -> None:
    """Writes a shard's index file.

    Args:
        name: The shard's name.
        records: Its records, in order.
        output_dir: The data set's folder.
        work_dir: Where the file is written before it is renamed.
    """
    files.make_folder(files.join(output_dir, INDEX_DIR))
    files.write_text(index_path(name, output_dir), _text(records), work_dir)


def extents(stream: tfrecord.Readable) -> Iterator[Extent]:
    """Yields where each record of an open shard lies.

    Raises:
        CorruptRecordError: The shard breaks off or a checksum does not fit.
    """
    for offset, payload in tfrecord.read_records(stream):
        yield offset, len(payload) + tfrecord.FRAMING_BYTES


def fits(name: str, records: Sequence[Extent], output_dir: str) -> bool:
    """Whether a shard's index file is there and says just this."""
    try:
        found = files.read_text(index_path(name, output_dir))
    except (OSError, UnicodeDecodeError):
        return False
    return found == _text(records)


def _text(records: Iterable[Extent]) -> str:
    return "".join(f"{offset} {length}\n" for offset, length in records)
