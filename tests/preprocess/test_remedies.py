"""What a conversion says of odd sources, and that its remedies work."""

import json
import re
import shutil

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from preprocess.errors import ConversionError
from preprocess.options import Options
from preprocess.pipeline import job
from preprocess.sources import source_files
from schemas.sources import zips
from tests import trees

STEMS = trees.STEMS[:2]


def convert(root, output_dir, **options):
    """Converts the train split; returns the split's entry of the manifest."""
    given = {"splits": ("train",), "num_shards": 1} | options
    outcome = job.run(
        Options(str(root), str(output_dir), **given),
        PipelineOptions([]),
        num_workers=1,
    )
    return outcome.content.splits["train"]


def refusal(root, output_dir, **options):
    with pytest.raises(ConversionError) as caught:
        convert(root, output_dir, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def root(tmp_path):
    return trees.write_tree(tmp_path / "cityscapes", STEMS)


def test_a_picture_that_is_not_taken_stops_or_is_listed(root, tmp_path):
    label, image = (
        place(root, STEMS[1]) for place in (trees.label_path, trees.image_path)
    )
    odd = image.with_name(f"{STEMS[1]}_leftImg8bit.jpg")
    image.rename(odd)
    assert refusal(root, tmp_path / "out") == (
        f"2 frames are not complete, first {STEMS[1]}: missing image for "
        f"{label}; {odd.name}: not taken: {odd} is not named "
        "<city>_<sequence>_<frame>_leftImg8bit.png. Remedy: add the picture, "
        "or move the label map away; rename the file, or move it away; or "
        "leave such frames out with --on_error=skip."
    )
    assert convert(root, tmp_path / "skip", on_error="skip").num_skipped == 2
    lines = (tmp_path / "skip" / "skipped.jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == [STEMS[1], odd.name]
    odd.rename(image)
    assert convert(root, tmp_path / "out").num_examples == 2


def test_a_stray_label_map_is_named_and_stops_nothing(root, tmp_path, capfd):
    label = trees.label_path(root, STEMS[0])
    odd = label.with_name(f"{STEMS[0]}_gtFine_labelIds (1).png")
    shutil.copy(label, odd)
    assert convert(root, tmp_path / "out").num_examples == 2
    assert f"note: 1 file is left out, first {odd}: not named" in (
        capfd.readouterr().err
    )


def test_names_that_repeat_in_two_folders(tmp_path):
    root = tmp_path / "cityscapes"
    for city in ("ulm", "bonn"):
        for place in (trees.image_path, trees.label_path):
            path = place(root, f"{city}_000001_000019")
            name = path.name.removeprefix(f"{city}_000001_")
            pixels = trees.picture(0)
            if place is trees.label_path:
                pixels = trees.label_map(0)
            trees.write(path.with_name(name), trees.png(pixels))
    message = refusal(root, tmp_path / "out")
    assert message.startswith(
        "1 frame is not complete, first 000019: duplicate frame: "
    )
    assert "remove one of the two, or rename it and its label map" in message
    for path in root.glob("*/train/ulm/*"):
        path.rename(path.with_name(f"ulm_{path.name}"))
    assert convert(root, tmp_path / "out").num_examples == 2


def test_train_ids_alone(root, tmp_path):
    labels = [trees.label_path(root, stem) for stem in STEMS]
    for path in labels:
        name = path.name.replace("labelIds", "labelTrainIds")
        shutil.copy(path, path.with_name(name))
    contents = [path.read_bytes() for path in labels]
    for path in labels:
        path.unlink()
    message = refusal(root, tmp_path / "out")
    assert (
        "gtFine/train/ holds labelTrainIds, but no labelIds, which the ids "
        "are mapped from. Unpack the _gtFine_labelIds.png files of "
        "gtFine*.zip beside them"
    ) in message
    for path, content in zip(labels, contents, strict=True):
        path.write_bytes(content)
    assert convert(root, tmp_path / "out").num_examples == 2


@pytest.mark.parametrize("in_zips", [False, True])
@pytest.mark.parametrize("on_error", ["fail", "skip"])
def test_a_split_that_is_not_there(root, tmp_path, in_zips, on_error):
    trees.write_tree(root, STEMS, split="val")
    shutil.rmtree(root / "gtFine" / "train")
    source = trees.zip_tree(root, tmp_path / "zips") if in_zips else root
    message = refusal(source, tmp_path / "out", on_error=on_error)
    assert message == (
        f"split train has no frames in {source}: gtFine/ has no split train, "
        "it has val. Unpack gtFine/train/ there, or name one of these splits; "
        "or leave train out of --splits."
    )
    trees.write_tree(root, STEMS)
    if in_zips:
        shutil.rmtree(source)
        trees.zip_tree(root, source)
        for module in (source_files,):
            module.open_zip.cache_clear()
    assert convert(source, tmp_path / "out").num_examples == 2


@pytest.mark.parametrize("begin", ["", "gtFine_trainvaltest", "left_x", "sub"])
def test_the_two_zips_unpacked_into_folders_of_their_own(tmp_path, begin):
    tree = trees.write_tree(tmp_path / "tree", STEMS)
    root = tmp_path / "data"
    for kind, folder in (("leftImg8bit", "left_x"), ("gtFine", "gtFine_tr")):
        (root / folder).mkdir(parents=True)
        (tree / kind).rename(root / folder / kind)
    (root / "sub").mkdir()
    (tmp_path / "tree").rmdir()
    if begin == "gtFine_trainvaltest":
        begin = "gtFine_tr"
    source = str(root / begin) if begin else str(root)
    follow_until_it_works(source, tmp_path / "out")


def follow_until_it_works(source, output_dir):
    """Does what each message says, at most three times."""
    for _ in range(3):
        try:
            assert convert(source, output_dir).num_examples == 2
            return
        except ConversionError as error:
            message = str(error)
        moved = re.search(r"Move (.+) to (.+)/ and use", message)
        if moved:
            for path in moved[1].split(" and "):
                shutil.move(path, moved[2])
        source = re.search(r"--cityscapes_root=(.+)\.$", message)[1]
    raise AssertionError("the remedies go in a circle")


def test_a_zip_that_is_cut_meanwhile_is_no_success(root, tmp_path, monkeypatch):
    source = trees.zip_tree(root, tmp_path / "zips")
    path = source / "leftImg8bit_trainvaltest.zip"
    read_entry = zips.read_entry

    def cut_and_read(archive, name):
        if path.stat().st_size > 300:
            with path.open("r+b") as file:
                file.truncate(300)
        return read_entry(archive, name)

    monkeypatch.setattr(zips, "read_entry", cut_and_read)
    message = refusal(source, tmp_path / "out", on_error="skip")
    assert "the zip was changed while it was read" in message
    assert not (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.parametrize("name", ["data [v2]", "a,b", "x*?", "a#b%20'\"", "~"])
def test_a_root_of_any_name_gives_the_same_bytes(root, tmp_path, name):
    convert(root, tmp_path / "out")
    other = root.parent / name / "zips"
    trees.zip_tree(root, other)
    convert(other, tmp_path / "from zips")
    other = root.rename(root.parent / name / "tree")
    convert(other, tmp_path / "from tree")
    (shard,) = (tmp_path / "out").glob("*.tfrecord")
    for folder in ("from zips", "from tree"):
        assert (tmp_path / folder / shard.name).read_bytes() == (
            shard.read_bytes()
        )
