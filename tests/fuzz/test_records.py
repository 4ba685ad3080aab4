"""Hostile bytes as records, record files and zips."""

import io
import zipfile

import pytest
import tensorflow as tf

pytest.importorskip("hypothesis")

from hypothesis import strategies as st  # noqa: E402

from preprocess.commands import verify  # noqa: E402
from schemas import example, manifest  # noqa: E402
from schemas.shards import tfrecord  # noqa: E402
from schemas.sources import zips  # noqa: E402
from tests import odd_pngs, tiny_dataset, trees  # noqa: E402
from tests.fuzz.harness import damaged, fuzz  # noqa: E402
from trainer.data import dataset, integrity  # noqa: E402
from trainer.data.records import decode  # noqa: E402

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


SIZE = (4, 6)
IMAGE, IDS = trees.picture(1, SIZE), trees.label_map(1, SIZE)
IMAGES = st.sampled_from(
    [
        trees.png(IMAGE),
        trees.png(IDS),
        trees.png(IMAGE[:3]),
        *odd_pngs.broken(IMAGE).values(),
        *odd_pngs.invalid(IMAGE).values(),
    ]
)
LABELS = st.sampled_from(
    [
        trees.png(IDS % 19),
        trees.png(IDS),
        trees.png(IDS + 222),
        trees.png(IDS[:, :5]),
        trees.png(IMAGE),
        b"",
        *odd_pngs.broken(IDS).values(),
        *odd_pngs.invalid(IDS).values(),
    ]
)
SIDES = st.sampled_from([0, 20000, 1 << 40, (1 << 63) - 1, (1 << 64) - 4])
RECORDS = st.builds(
    example.Record,
    name=st.just("ulm_000001_000019"),
    image=st.one_of(IMAGES, damaged(IMAGES)),
    image_format=st.just("png"),
    label=st.one_of(LABELS, damaged(LABELS)),
    height=st.one_of(st.just(SIZE[0]), SIDES),
    width=st.one_of(st.just(SIZE[1]), SIDES),
)


@fuzz(RECORDS, st.sampled_from(["label_ids", "train_ids"]))
def test_a_record_that_is_verified_is_learned_from_and_others_are_named(
    tmp_path_factory, record, space
):
    folder = tmp_path_factory.getbasetemp() / "fuzzed-records"
    tiny_dataset.write_records(folder, [record], space)
    part = dataset.Part(dataset.load(str(folder)), "train")
    problems = verify.verify(str(folder))
    is_right = all("class_pixels are not" in line for line in problems)
    try:
        with integrity.naming_damage(part):
            image, ids = decode(
                tf.constant(example.encode(record)),
                "png",
                part.records.manifest.space,
                None,
            )
    except manifest.ManifestError as error:
        assert "record 0 (ulm_000001_000019): " in str(error)
        assert not (is_right and record.label)
        return
    assert image.shape == (record.height, record.width, 3)
    assert ids.shape == (record.height, record.width)
