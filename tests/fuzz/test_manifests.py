"""Manifests of any content: read as they say, or refused."""

import json
import tempfile

import pytest

pytest.importorskip("hypothesis")

from hypothesis import strategies as st  # noqa: E402

from preprocess.commands import verify  # noqa: E402
from schemas import manifest  # noqa: E402
from schemas.descriptions import croissant, tfds  # noqa: E402
from tests import tiny_dataset  # noqa: E402
from tests.fuzz.harness import damaged, fuzz  # noqa: E402
from tests.schemas.test_manifest import CONTENT  # noqa: E402
from trainer.config.data import DataConfig  # noqa: E402
from trainer.config.flag import ConfigError  # noqa: E402
from trainer.data import frames, run_records  # noqa: E402

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
def manifests(draw, whole: str = CONTENT.to_json()) -> str:
    """Replaces, removes and adds entries of a manifest, or damages its text."""
    content = json.loads(whole)
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
    croissant.metadata(content)
    for split in content.splits.values():
        assert all("/" not in shard.name for shard in split.shards)


def of_a_data_set() -> str:
    """Returns the manifest of a small data set."""
    with tempfile.TemporaryDirectory() as folder:
        content = tiny_dataset.write_dataset(folder, 2, 1, (16, 16))
    return content.to_json()


@fuzz(manifests(of_a_data_set()))
def test_a_data_set_of_another_manifest_is_opened_or_refused(
    tmp_path_factory, text
):
    folder = tmp_path_factory.getbasetemp() / "fuzzed-manifests"
    if not folder.exists():
        tiny_dataset.write_dataset(folder, 2, 1, (16, 16))
    (folder / manifest.FILE_NAME).write_text(text)
    data = DataConfig(str(folder), resize=(16, 16), crop=(16, 16))
    for read in (
        lambda: verify.verify(str(folder)),
        lambda: run_records.open_run(data),
        lambda: list(frames.open_frames(data).read()),
    ):
        try:
            read()
        except (manifest.ManifestError, ConfigError) as error:
            str(error).encode()
