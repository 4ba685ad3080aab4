"""Hostile bytes, names and manifests: the named error or a right result.

`make fuzz` asks for FUZZ_CASES cases of each; hypothesis draws and shrinks.
"""

import datetime
import functools
import io
import json
import os
import resource
import zipfile
import zlib

import numpy as np
import pytest

pytest.importorskip("hypothesis")

import hypothesis  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from preprocess.errors import BadPictureError  # noqa: E402
from preprocess.options import Encoding  # noqa: E402
from preprocess.records import encoding, png  # noqa: E402
from preprocess.sources import cityscapes, pairing  # noqa: E402
from preprocess.sources.cityscapes import Listing, SourceFile  # noqa: E402
from schemas import example, layouts, manifest, tfds, zips  # noqa: E402
from schemas.failures import one_line  # noqa: E402
from schemas.layouts import Stray  # noqa: E402
from schemas.shards import tfrecord  # noqa: E402
from tests import trees  # noqa: E402
from tests.schemas.test_manifest import CONTENT  # noqa: E402
from trainer.data import cityscapes as trainer_cityscapes  # noqa: E402
from trainer.storage import image_files, images  # noqa: E402
from trainer.storage.archives import open_zip  # noqa: E402

NUM_CASES = int(os.environ.get("FUZZ_CASES", "100"))
MAX_SECONDS = 5
MAX_GROWTH_MB = 700
"""Three copies of the largest picture that passes for none of a bomb."""

SETTINGS = hypothesis.settings(
    max_examples=NUM_CASES,
    deadline=datetime.timedelta(seconds=MAX_SECONDS),
    derandomize="FUZZ_CASES" not in os.environ,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


def memory_mb() -> tuple[int, int]:
    """Returns what the process has now and the most that it ever had."""
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize() >> 20, peak_kb >> 10


def fuzz(*strategies):
    """Draws a test's cases; each must end in time and within memory.

    Hypothesis itself keeps about 0.1 MB a case, so a case's own peak counts.
    """

    def decorate(test):
        @functools.wraps(test)
        def bounded(*args, **kwargs):
            now_mb, peak_mb = memory_mb()
            test(*args, **kwargs)
            _, new_peak_mb = memory_mb()
            is_new = new_peak_mb > peak_mb
            assert not is_new or new_peak_mb - now_mb < MAX_GROWTH_MB

        return SETTINGS(hypothesis.given(*strategies)(bounded))

    return decorate


@st.composite
def damaged(draw, wholes: st.SearchStrategy[bytes]) -> bytes:
    """Cuts, overwrites, repeats and inserts in something whole."""
    data = bytearray(draw(wholes))
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.integers(0, 12)))
        piece = draw(st.one_of(st.binary(max_size=12), st.just(data[begin:])))
        data[begin:end] = piece[: 1 << 16]
    return bytes(data[: draw(st.one_of(st.none(), st.integers(0, len(data))))])


SIDES = st.one_of(
    st.integers(0, 9), st.sampled_from([8192, 65535, 1 << 30, (1 << 32) - 1])
)
KINDS = st.one_of(
    st.sampled_from([b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP"]),
    st.sampled_from([b"zTXt", b"iTXt", b"eXIf", b"acTL", b"fcTL", b"fdAT"]),
    st.binary(min_size=4, max_size=4),
)
PACKED = st.one_of(
    st.binary(max_size=300), st.integers(0, 1 << 22).map(bytes)
).map(zlib.compress)


@st.composite
def pngs(draw) -> bytes:
    """Draws PNGs of well-formed chunks that hold anything."""
    header = b"".join(draw(SIDES).to_bytes(4, "big") for _ in range(2))
    header += bytes(
        [
            draw(st.sampled_from([8, 8, 8, 1, 16, 255])),
            draw(st.sampled_from([0, 0, 2, 2, 3, 6, 9])),
            0,
            0,
            draw(st.sampled_from([0, 0, 1, 7])),
        ]
    )
    chunks = [trees.png_chunk(b"IHDR", header)]
    for _ in range(draw(st.integers(0, 4))):
        content = draw(st.one_of(PACKED, st.binary(max_size=40)))
        chunks.append(trees.png_chunk(draw(KINDS), content))
    chunks.append(trees.png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


WHOLE_PNGS = st.sampled_from(
    [
        trees.png(trees.picture(1, (4, 6))),
        trees.png(trees.label_map(1, (4, 6))),
        png.encode(trees.picture(2, (4, 6)), 0),
    ]
)
ANY_PNGS = st.one_of(pngs(), damaged(WHOLE_PNGS), damaged(pngs()))
ENCODINGS = st.sampled_from(
    [Encoding(), Encoding((4, 4), "jpeg"), Encoding(label_space="train_ids")]
)


@fuzz(ANY_PNGS, st.one_of(st.none(), ANY_PNGS), ENCODINGS)
def test_pictures_of_a_source_are_converted_or_bad(image, label, how):
    try:
        frame = encoding.encode_frame("ulm_000001_000019", image, label, how)
    except BadPictureError:
        return
    record = frame.record
    if how.size:
        assert (record.height, record.width) == how.image_size
    if label is not None:
        assert frame.class_pixels.sum() <= record.height * record.width


@fuzz(ANY_PNGS)
def test_pictures_for_a_network_are_decoded_or_bad(data):
    for decode, num_axes in (
        (images.decode_rgb, 3),
        (images.decode_ids, 2),
    ):
        try:
            pixels = decode(data)
        except ValueError:
            continue
        assert pixels.dtype == np.uint8
        assert pixels.ndim == num_axes


NAMES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["../../etc/passwd", "/etc/passwd", "..", "C:\\x", "a\0b", "ulm_1_2"]
    ),
    st.from_regex(r"[a-z-]{1,9}_\d{6}_\d{6}", fullmatch=True),
)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@fuzz(
    st.lists(
        st.tuples(NAMES, st.sampled_from(["_leftImg8bit.png", ".png", ""])),
        max_size=5,
    )
)
def test_names_in_a_zip_become_frames_or_an_error(tmp_path_factory, names):
    root = tmp_path_factory.getbasetemp() / "fuzz"
    root.mkdir(exist_ok=True)
    with zipfile.ZipFile(root / "leftImg8bit_x.zip", "w") as archive:
        for name, suffix in names:
            entry = f"leftImg8bit/train/{name}{suffix}"
            try:
                archive.writestr(entry, b"content")
            except (UnicodeEncodeError, ValueError):
                continue
    cityscapes.open_zip.cache_clear()
    open_zip.cache_clear()
    kind = Listing(str(root), "train", "leftImg8bit")
    stems = []
    for file in cityscapes.list_files(kind):
        if isinstance(file, Stray):
            one_line(layouts.describe([file])).encode()
            continue
        example.check_name(file.stem)
        assert cityscapes.read(file.path) == b"content"
        stems.append(file.stem)
    check_trainer_finds(str(root), stems)
    assert [path.name for path in root.iterdir()] == ["leftImg8bit_x.zip"]


def check_trainer_finds(root, stems):
    """Checks that the trainer takes the frames that the conversion takes."""
    try:
        found = trainer_cityscapes.find(
            root, "train", trainer_cityscapes.PICTURES
        )
    except FileNotFoundError:
        assert stems == []
    except ValueError as error:
        assert "twice" in str(error) and len(set(stems)) < len(stems)
    else:
        assert list(found.files) == sorted(stems)
        assert all(file.read() == b"content" for file in found.files.values())
    try:
        paths = image_files.find_pictures(f"{root}/leftImg8bit_x.zip").paths
    except FileNotFoundError:
        return
    for path in paths:
        assert image_files.read_bytes(path) == b"content"
        assert "\\" not in image_files.stem(path)
        assert "/" not in image_files.stem(path)


@fuzz(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.booleans(), NAMES, st.integers(0, 1)
        ),
        max_size=8,
    ),
    st.booleans(),
)
def test_every_name_is_a_frame_or_a_problem_once(rows, with_labels):
    found = [SourceFile(*row, version="") for row in rows]
    frames, problems = pairing.pair("train", found, with_labels)
    names = [frame.name for frame in frames] + [p.name for p in problems]
    assert sorted(names) == sorted({file.stem for file in found})
    for frame in frames:
        assert frame.num_bytes and (frame.label or not with_labels)


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=9),
        st.sampled_from(["train", "../x", "native", "280x280", "f" * 8]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=9), inner, max_size=4),
    ),
    max_leaves=9,
)


@st.composite
def manifests(draw) -> str:
    """Replaces, removes and adds entries of a manifest, or damages its text."""
    content = json.loads(CONTENT.to_json())
    content.pop("checksum")
    for _ in range(draw(st.integers(1, 3))):
        entry = content
        while True:
            inner = (
                list(entry) if isinstance(entry, dict) else range(len(entry))
            )
            if not inner:
                break
            key = draw(st.sampled_from(list(inner)))
            is_deep = isinstance(entry[key], (dict, list)) and entry[key]
            if is_deep and draw(st.integers(0, 4)):
                entry = entry[key]
                continue
            change = draw(st.sampled_from(["replace", "remove", "add"]))
            if change == "remove":
                del entry[key]
            elif change == "add" and isinstance(entry, dict):
                entry[draw(st.text(max_size=9))] = draw(JSON)
            else:
                entry[key] = draw(JSON)
            break
    return json.dumps(content)


@fuzz(
    st.one_of(
        manifests(),
        JSON.map(json.dumps),
        damaged(st.just(CONTENT.to_json().encode())).map(
            lambda data: data.decode(errors="replace")
        ),
    )
)
def test_a_manifest_is_read_as_it_says_or_refused(text):
    try:
        content = manifest.parse(text)
    except manifest.ManifestError:
        return
    assert manifest.parse(content.to_json()) == content
    tfds.metadata_files(content)
    for split in content.splits.values():
        assert all("/" not in shard.name for shard in split.shards)


RECORD = example.encode(
    example.Record("ulm_000001_000019", b"picture", "png", b"label", 4, 6)
)


@fuzz(st.one_of(st.binary(max_size=99), damaged(st.just(RECORD))))
def test_an_example_is_decoded_or_refused(data):
    try:
        record = example.decode(data)
    except ValueError:
        return
    example.check_name(record.name)
    assert isinstance(record.image, bytes) and isinstance(record.height, int)


@st.composite
def record_files(draw) -> bytes:
    """Draws records, some of which claim another length."""
    parts = []
    for payload in draw(st.lists(st.binary(max_size=30), max_size=4)):
        header, footer = tfrecord.frame(payload)
        if draw(st.integers(0, 5)) == 0:
            length = draw(st.integers(0, (1 << 64) - 1)).to_bytes(8, "little")
            crc = tfrecord.masked_crc32c(length)
            header = length + crc.to_bytes(4, "little")
        parts += [header, payload, footer]
    return b"".join(parts)


@fuzz(st.one_of(record_files(), damaged(record_files())))
def test_a_record_file_is_read_or_named_corrupt(data):
    records = tfrecord.read_records(io.BytesIO(data))
    read = b""
    try:
        for offset, payload in records:
            assert offset == len(read)
            header, footer = tfrecord.frame(payload)
            read += header + payload + footer
    except tfrecord.CorruptRecordError as error:
        assert f"at byte {len(read)} " in str(error)
    assert data.startswith(read)


@st.composite
def archives(draw) -> bytes:
    """Draws zips of every method."""
    stream = io.BytesIO()
    method = draw(st.sampled_from([0, 8, 12, 14]))
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name in draw(
            st.lists(st.sampled_from("abc/."), max_size=3, unique=True)
        ):
            archive.writestr(name, draw(st.binary(max_size=99)))
    return stream.getvalue()


@fuzz(damaged(archives()))
def test_a_zip_is_read_or_refused(data):
    try:
        archive = zips.open_zip(io.BytesIO(data))
    except ValueError:
        return
    for name in archive.namelist():
        try:
            assert len(zips.read_entry(archive, name)) <= 1 << 16
        except ValueError:
            continue
