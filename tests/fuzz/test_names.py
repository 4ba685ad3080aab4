"""Hostile names of files, in folders and zips: frames, or the named error."""

import pathlib
import tempfile
import zipfile

import pytest

pytest.importorskip("hypothesis")

from hypothesis import strategies as st  # noqa: E402

from preprocess.sources import pairing, source_files  # noqa: E402
from preprocess.sources.source_files import Listing, SourceFile  # noqa: E402
from schemas import example  # noqa: E402
from schemas.failures import one_line  # noqa: E402
from schemas.layouts import filenames  # noqa: E402
from schemas.layouts.filenames import Stray  # noqa: E402
from schemas.layouts.table import CITYSCAPES  # noqa: E402
from tests.fuzz.harness import fuzz  # noqa: E402
from trainer.data import found_files  # noqa: E402
from trainer.storage import image_files  # noqa: E402
from trainer.storage.archives import open_zip  # noqa: E402

ENDINGS = ["_leftImg8bit.png", ".png", ""]
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
        st.tuples(NAMES, st.sampled_from(ENDINGS)),
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
    source_files.open_zip.cache_clear()
    open_zip.cache_clear()
    check_one_reading(str(root), f"{root}/leftImg8bit_x.zip")
    assert [path.name for path in root.iterdir()] == ["leftImg8bit_x.zip"]


@fuzz(
    st.lists(
        st.tuples(NAMES, st.sampled_from([*ENDINGS, "_LeftIMG8bit.PNG"])),
        max_size=4,
        unique=True,
    ),
    st.sampled_from(["root", "[a]*?", "a,b.zip", "~", "#%20'\""]),
)
def test_names_in_a_folder_become_frames_or_strays(names, folder):
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary, folder)
        train = root / "leftImg8bit" / "train"
        train.mkdir(parents=True)
        for name, suffix in names:
            try:
                (train / f"{name}{suffix}".replace("/", "")).write_bytes(
                    b"content"
                )
            except (OSError, ValueError):
                continue
        check_one_reading(str(root), str(root))


def check_one_reading(root, inputs):
    """Checks that the trainer takes the frames that the conversion takes."""
    kind = Listing(root, CITYSCAPES, "train", False)
    stems = []
    for file in source_files.list_files(kind):
        if isinstance(file, Stray):
            one_line(filenames.describe([file])).encode()
            continue
        example.check_name(file.stem)
        assert source_files.read(file.path) == b"content"
        stems.append(file.stem)
    try:
        found = found_files.find(root, "train", is_label=False)
    except FileNotFoundError:
        assert stems == []
    except ValueError as error:
        assert "twice" in str(error) and len(set(stems)) < len(stems)
    else:
        assert list(found.files) == sorted(stems)
        assert all(file.read() == b"content" for file in found.files.values())
    try:
        paths = image_files.find_pictures(inputs).paths
    except FileNotFoundError:
        assert stems == []
        return
    predicted = [image_files.stem(path) for path in paths]
    assert set(stems) <= set(predicted)
    assert all(image_files.read_bytes(path) == b"content" for path in paths)
    assert not any("/" in stem for stem in predicted)


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
