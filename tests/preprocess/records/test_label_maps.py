import io

import numpy as np
import pytest
from PIL import Image

from preprocess.errors import BadPictureError
from preprocess.options import Encoding
from preprocess.records import label_maps, png
from schemas.labels import files
from schemas.labels.table import ignoring
from schemas.pictures import LABEL_FILE_KINDS, LABEL_KINDS
from tests import odd_pngs, trees

CLASSES = files.parse("1 2 3 ground\n4 5 6 road\n7 8 9 sky\n")
TABLE = ignoring(CLASSES, 255)
GAPS = files.parse("name,id,train_id\nvoid,0,\nroad,3,1\nsky,9,0\n")
IDS = (np.arange(7 * 13).reshape(7, 13) % 3).astype(np.uint8)


def store(content: bytes, table=TABLE, **options):
    label = png.check(content, LABEL_FILE_KINDS, "label")
    encoding = Encoding(labels=table, **options)
    stored, pixels = label_maps.store(label, encoding)
    kept = png.check(stored, LABEL_KINDS, "label")
    ids, _ = label_maps.decode_stored(kept, encoding.space)
    return stored, ids, pixels.tolist()


@pytest.mark.parametrize("is_fast", [True, False])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_values_of_any_depth_are_the_ids(bits, is_fast, monkeypatch):
    if not is_fast:
        monkeypatch.setattr(png, "png_rows", None)
    ids = np.minimum(IDS, min(255, (1 << bits) - 1))
    content = odd_pngs.grey(ids, bits)
    stored, found, pixels = store(content)
    assert found.tolist() == ids.tolist()
    assert pixels == np.bincount(ids.ravel(), minlength=3).tolist()
    assert (stored == content) == (bits == 8)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_palettes_indices_are_the_ids(bits):
    ids = np.minimum(IDS, (1 << bits) - 1)
    indexed = Image.fromarray(ids, "P")
    indexed.putpalette([255, 0, 0] * (1 << bits))
    stream = io.BytesIO()
    indexed.save(stream, "PNG", bits=bits)
    assert store(stream.getvalue())[1].tolist() == ids.tolist()


def test_painted_maps_are_read_by_the_tables_colors():
    painted = trees.png(CLASSES.label_ids.palette[IDS])
    _, found, pixels = store(painted)
    assert found.tolist() == IDS.tolist()
    assert pixels == np.bincount(IDS.ravel()).tolist()


def test_a_color_of_no_class_is_named_with_its_pixel():
    pixels = CLASSES.label_ids.palette[IDS]
    pixels[4, 2] = 250, 0, 1
    with pytest.raises(
        BadPictureError,
        match=r"label is painted, and the color \(250, 0, 1\) of the pixel at "
        "x=2, y=4 is no class's; give the table of its classes by --labels",
    ):
        store(trees.png(pixels))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            odd_pngs.grey(IDS.astype(np.uint16) * 300, 16),
            "holds the id 600, ids are at",
        ),
        (
            trees.png(IDS + 1),
            "label holds id 3 in 30 pixels, label_ids are 0..2; give "
            "the table of its classes by --labels, or --ignore_id=3 where this "
            "id alone means no class$",
        ),
    ],
)
def test_ids_of_no_class_are_named_with_a_remedy(content, message):
    with pytest.raises(BadPictureError, match=message):
        store(content)


def test_the_id_to_ignore_becomes_255():
    ids = IDS.copy()
    ids[0] = 200
    _, found, pixels = store(trees.png(ids), ignoring(CLASSES, 200))
    assert found[0].tolist() == [255] * 13
    assert found[1:].tolist() == IDS[1:].tolist()
    assert sum(pixels) == 6 * 13
    with pytest.raises(BadPictureError, match="holds id 200 in 13 pixels"):
        store(trees.png(ids), CLASSES)


def test_a_map_without_the_id_to_ignore_passes_through_byte_for_byte():
    content = trees.png(IDS)
    assert store(content, ignoring(CLASSES, 200))[0] == content
    assert store(content, CLASSES, label_space="train_ids")[0] == content


def test_a_stored_map_with_a_wrong_id_is_named_without_the_flags():
    for ids, space in ((IDS + 1, TABLE), (IDS.clip(1) - 2, CLASSES)):
        label = png.check(trees.png(ids), LABEL_KINDS, "label")
        with pytest.raises(BadPictureError, match=r"label_ids are 0\.\.2$"):
            label_maps.decode_stored(label, space.label_ids)


def test_255_of_a_map_is_kept_where_the_table_ignores_it():
    ids = IDS.copy()
    ids[0] = 255
    content = trees.png(ids)
    assert store(content)[0] == content


@pytest.mark.parametrize("size", ["native", (14, 26)])
def test_ids_with_gaps_become_train_ids(size):
    ids = np.array([0, 3, 9], np.uint8)[IDS]
    _, found, pixels = store(
        trees.png(ids), GAPS, label_space="train_ids", image_size=size
    )
    expected = np.array([255, 1, 0])[IDS]
    if size != "native":
        expected = expected.repeat(2, 0).repeat(2, 1)
    assert found.tolist() == expected.tolist()
    assert pixels == [int((expected == i).sum()) for i in (0, 1)]


def test_a_strange_id_is_not_mapped_but_refused():
    with pytest.raises(BadPictureError, match="holds id 1 in .*within 0..9"):
        store(trees.png(IDS), GAPS, label_space="train_ids")
