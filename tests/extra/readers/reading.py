"""What tests of other people's readers read, and how a recipe is run."""

import subprocess
import sys

import numpy as np
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from preprocess.options import Encoding, Options
from preprocess.pipeline import job
from tests import recipes, trees

NUM_FRAMES = len(trees.STEMS)


def reader(package: str):
    """Imports a reader, or skips the tests of the module that asks for it."""
    return pytest.importorskip(
        package,
        reason="other people's readers are installed by make test-readers",
    )


def convert(folder, num_shards=2, **encoding) -> str:
    root = folder / "cityscapes"
    for split in ("train", "test"):
        trees.write_tree(root, split=split)
    options = Options(
        str(root),
        str(folder / "out"),
        splits=("train", "test"),
        encoding=Encoding(**encoding),
        num_shards=num_shards,
        write_index=True,
    )
    job.run(options, PipelineOptions([]), overwrite=False, num_workers=1)
    return options.output_dir


def check_pairs(pairs):
    """Checks that (image, ids) are the tree's, each exactly once."""
    found = {np.asarray(i).tobytes(): np.asarray(ids) for i, ids in pairs}
    assert len(pairs) == len(found) == NUM_FRAMES
    for seed in range(NUM_FRAMES):
        ids = found[trees.picture(seed).tobytes()]
        np.testing.assert_array_equal(
            ids.reshape(trees.label_map(seed).shape), trees.label_map(seed)
        )


def run_apart(folder, recipe: str, data_dir: str, code: str):
    """Runs a recipe and then `code` in a process of their own.

    The tfrecord package brings its own copy of TensorFlow's messages and
    cannot be imported beside it.

    Returns:
        The arrays of the list of pairs that `code` names `pairs`.
    """
    script, result = folder / "recipe.py", folder / "pairs.npz"
    save = f"np.savez({str(result)!r}, *[p for pair in pairs for p in pair])"
    text = f"import numpy as np\n{recipe}\n{code}\n{save}\n"
    script.write_text(text.replace(recipes.PLACEHOLDER, data_dir))
    subprocess.run([sys.executable, str(script)], check=True, timeout=300)
    with np.load(result) as arrays:
        flat = [arrays[f"arr_{i}"] for i in range(len(arrays.files))]
    return list(zip(flat[::2], flat[1::2], strict=True))
