import base64
import dataclasses
import html.parser
import io
import shutil

import numpy as np
import pytest
from PIL import Image

from preprocess.output import card
from schemas import example, manifest
from schemas.labels import files
from schemas.labels.cityscapes import LABEL_IDS
from schemas.labels.colors import overlay
from schemas.layouts.table import LAYOUTS
from schemas.shards import names, tfrecord
from tests import browser, tiny_dataset

SIZE = (40, 60)
VOID_TAGS = {"meta", "img"}


class Page(html.parser.HTMLParser):
    """Reads a page strictly: every tag is closed in its order."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID_TAGS:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data):
        if self.open[-1:] != ["style"] and data.strip():
            self.texts.append(data.strip())

    def pictures(self) -> list[Image.Image]:
        sources = [a["src"] for tag, a in self.tags if tag == "img"]
        heads, contents = zip(*(s.split(",") for s in sources), strict=True)
        assert set(heads) == {"data:image/jpeg;base64"}
        return [
            Image.open(io.BytesIO(base64.b64decode(content)))
            for content in contents
        ]


def add_split(path, content, name, records):
    """Adds a split of one shard, without label counts, to a data set."""
    data = b""
    for record in records:
        payload = example.encode(record)
        before, after = tfrecord.frame(payload)
        data += before + payload + after
    shard = manifest.Shard(
        names.shard_name(name, 0, 1), len(records), len(data), "0" * 8
    )
    (path / shard.name).write_bytes(data)
    zeros = (0,) * content.num_classes
    split = manifest.Split(
        len(records), len(data), 0, zeros, (shard,), present_pixels=zeros
    )
    return dataclasses.replace(content, splits=content.splits | {name: split})


def make_record(name="berlin_000000_000019", image=None):
    pixels = np.full((*SIZE, 3), 90, np.uint8)
    image = tiny_dataset.encode_png(pixels) if image is None else image
    return example.Record(name, image, "png", b"", *SIZE)


@pytest.fixture
def content(tmp_path):
    return tiny_dataset.write_dataset(tmp_path, 5, 2, size=SIZE)


@pytest.fixture
def text(tmp_path, content):
    return card.render(content, str(tmp_path))


def test_the_page_is_whole_and_needs_nothing_from_outside(text):
    tags = {tag for tag, _ in Page(text).tags}
    assert text.startswith("<!DOCTYPE html>")
    assert not tags & {"script", "link", "iframe", "object", "embed"}
    assert "http" not in text and "url(" not in text


def test_the_page_shows_each_splits_counts(content, text):
    texts = Page(text).texts
    begin = texts.index("train")
    num_kib = content.splits["train"].num_bytes / 1024
    assert texts[begin + 1 : begin + 13] == [
        "5",
        "frames",
        "Shards",
        "2",
        "Size",
        f"{num_kib:.1f} KiB",
        "Skipped",
        "0",
        "Label maps",
        "yes",
        "Height×width",
        "40×60 (5)",
    ]


def test_samples_are_the_first_frames_under_their_colours(text):
    page = Page(text)
    pictures = page.pictures()
    # Three of train's and both of val's; shards hold every other frame.
    # Each split's names begin at 0, its shards hold every other frame.
    assert [t for t in page.texts if t.startswith("tiny_")] == [
        *("tiny_000000_000019", "tiny_000002_000019", "tiny_000004_000019"),
        *("tiny_000000_000019", "tiny_000001_000019"),
    ]
    for index, picture in zip((0, 2, 4, 5, 6), pictures, strict=True):
        pixels, ids = tiny_dataset.make_frame(index, SIZE, LABEL_IDS)
        expected = overlay(pixels, ids, LABEL_IDS)
        assert picture.size == SIZE[::-1]
        difference = np.asarray(picture, float) - expected
        assert np.abs(difference).mean() < 8  # JPEG


def test_large_pictures_are_shown_small(tmp_path):
    content = tiny_dataset.write_dataset(tmp_path, 1, 0, size=(500, 1000))
    page = Page(card.render(content, str(tmp_path)))
    assert [picture.size for picture in page.pictures()] == [(334, 167)]


def test_classes_stand_by_share_with_colour_and_weight(tmp_path):
    road, sky = np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8)
    road[:], sky[:] = 7, 23
    road[:10] = 23  # A quarter of the first frame.
    picture = np.zeros((*SIZE, 3), np.uint8)
    content = tiny_dataset.write_dataset(
        tmp_path, 2, 0, SIZE, frames=[(picture, road), (picture, sky)]
    )
    text = card.render(content, str(tmp_path))
    page = Page(text)
    texts = page.texts
    begin = texts.index("Weight")
    # freq: road 0.75 of its one frame, sky 1.25 of two; the median is 0.6875.
    assert texts[begin + 1 : begin + 7] == [
        *("sky", "62 %", "1.10"),
        *("road", "38 %", "0.92"),
    ]
    assert [a["style"] for _, a in page.tags if "style" in a] == [
        "width:95.9%;background:rgb(70,130,180)",
        "width:91.5%;background:rgb(128,64,128)",
    ]
    assert "Not in this set: unlabeled, ego vehicle," in text


def test_the_page_does_not_depend_on_the_folder(tmp_path, content, text):
    copy = shutil.copytree(tmp_path, tmp_path / "copy")
    assert card.render(content, str(copy)) == text
    assert str(tmp_path) not in text


def test_a_split_without_labels_shows_its_pictures_alone(tmp_path, content):
    content = add_split(tmp_path, content, "test", [make_record()])
    page = Page(card.render(content, str(tmp_path)))
    begin = page.texts.index("test")
    assert page.texts[begin + 9 : begin + 11] == ["Label maps", "none"]
    pixels = np.asarray(page.pictures()[-1])
    assert (pixels == 90).all()


def test_a_data_set_without_any_label_says_so(tmp_path, content):
    content = add_split(tmp_path, content, "test", [make_record()])
    test_alone = {"test": content.splits["test"]}
    content = dataclasses.replace(content, splits=test_alone)
    page = Page(card.render(content, str(tmp_path)))
    assert "No split of this data set has label maps." in page.texts


def test_empty_shards_and_splits_are_no_trouble(tmp_path):
    content = tiny_dataset.write_dataset(tmp_path, 1, 0, SIZE, num_shards=3)
    page = Page(card.render(content, str(tmp_path)))
    assert len(page.pictures()) == 1
    assert page.texts[page.texts.index("val") + 1] == "0"


def test_a_picture_that_cannot_be_decoded_is_told_not_left_out(
    tmp_path, content
):
    record = make_record(image=b"no picture")
    content = add_split(tmp_path, content, "test", [record])
    page = Page(card.render(content, str(tmp_path)))
    begin = page.texts.index("berlin_000000_000019")
    assert page.texts[begin - 1].startswith("image is not a PNG")


def test_what_the_data_say_is_escaped(tmp_path, content):
    record = make_record('<b>"&amp;')
    content = add_split(tmp_path, content, "test", [record])
    content = dataclasses.replace(content, options={"<i>": "</dl>"})
    page = Page(card.render(content, str(tmp_path)))
    assert {'<b>"&amp;', "<i>", "</dl>"} <= set(page.texts)


def test_own_classes_stand_under_their_names_and_no_city(tmp_path):
    table = files.parse("1 2 3 <road>\n9 8 7 sky\n5 5 5 x&\n")
    content = tiny_dataset.write_dataset(tmp_path, 2, 1, SIZE, labels=table)
    page = card.render(content, str(tmp_path))
    assert "Cityscapes" not in page
    assert "&lt;road&gt;" in page and "<road>" not in page
    assert "rgb(1,2,3)" in page


def test_other_data_sets_of_cityscapes_classes_are_not_called_so(
    tmp_path, content
):
    assert "Cityscapes records" in card.render(content, str(tmp_path))
    options = {"layout": LAYOUTS["kitti"].to_json()}
    content = dataclasses.replace(content, options=options)
    assert "Cityscapes records" not in card.render(content, str(tmp_path))


def test_a_browser_draws_the_bars_in_the_official_colours(tmp_path, text):
    (tmp_path / card.FILE_NAME).write_text(text)
    shot = tmp_path / "shot.png"
    browser.run(
        tmp_path,
        f"--screenshot={shot}",
        "--window-size=1000,3000",
        (tmp_path / card.FILE_NAME).as_uri(),
    )
    pixels = np.asarray(Image.open(shot).convert("RGB")).reshape(-1, 3)
    drawn = {tuple(color) for color in np.unique(pixels, axis=0).tolist()}
    _, first_ids = tiny_dataset.make_frame(0, SIZE, LABEL_IDS)
    colors = LABEL_IDS.palette[np.unique(first_ids)].tolist()
    assert {tuple(color) for color in colors} <= drawn


def test_a_phone_shows_it_without_scrolling_sideways(tmp_path, text):
    browser.assert_fits_a_phone(tmp_path, text)


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_read_in_light_and_dark(tmp_path, text, dark):
    browser.assert_readable(tmp_path, text, dark)
