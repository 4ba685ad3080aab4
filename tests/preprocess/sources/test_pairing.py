import dataclasses

import pytest

from preprocess.sources import pairing
from preprocess.sources.pairing import Frame
from preprocess.sources.source_files import SourceFile

IMAGE = SourceFile("ulm_000000_000019", False, "/r/i.png", 10, "1")
LABEL = SourceFile("ulm_000000_000019", True, "/r/l.png", 5, "1")


def test_pictures_and_labels_pair_by_name_in_any_order():
    other = [
        dataclasses.replace(file, stem="aachen_000000_000019")
        for file in (LABEL, IMAGE)
    ]
    frames, problems = pairing.pair("train", [IMAGE, *other, LABEL], True)
    assert frames == [
        Frame("train", other[1], other[0]),
        Frame("train", IMAGE, LABEL),
    ]
    assert problems == []


def test_a_split_without_labels_needs_none():
    frames, problems = pairing.pair("test", [IMAGE], False)
    assert frames == [Frame("test", IMAGE, None)]
    assert problems == []


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ([IMAGE], "missing label for /r/i.png"),
        ([LABEL], "missing image for /r/l.png"),
        (
            [IMAGE, LABEL, dataclasses.replace(IMAGE, path="/r/j.png")],
            "duplicate frame: /r/i.png and /r/j.png",
        ),
        (
            [IMAGE, LABEL, dataclasses.replace(LABEL, path="/r/m.png")],
            "duplicate frame: /r/l.png and /r/m.png",
        ),
        (
            [IMAGE, dataclasses.replace(LABEL, num_bytes=0)],
            "empty file: /r/l.png",
        ),
    ],
)
def test_what_does_not_pair_is_a_problem_with_its_reason(found, reason):
    frames, problems = pairing.pair("train", found, True)
    assert frames == []
    assert [(p.split, p.name, p.reason) for p in problems] == [
        ("train", "ulm_000000_000019", reason)
    ]


def test_a_frames_fingerprint_changes_with_its_files_but_not_their_place():
    frame = Frame("train", IMAGE, LABEL)
    moved = dataclasses.replace(IMAGE, path="/elsewhere/i.png")
    assert Frame("train", moved, LABEL).fingerprint == frame.fingerprint
    for other in (
        Frame("val", IMAGE, LABEL),
        Frame("train", dataclasses.replace(IMAGE, num_bytes=11), LABEL),
        Frame("train", IMAGE, dataclasses.replace(LABEL, version="2")),
        Frame("train", IMAGE, None),
    ):
        assert other.fingerprint != frame.fingerprint
