"""Builds the Cityscapes data set of TensorFlow Datasets.

    PYTHON -m benchmarks.contenders.builder_tfds DATA_DIR

PYTHON has tensorflow-datasets and importlib_resources installed.  The two
official zips lie in DATA_DIR/manual.
"""

import os
import sys

import tensorflow_datasets as tfds


def build(data_dir: str) -> None:
    """Writes the pairs of all splits below data_dir/built."""
    builder = tfds.builder(
        "cityscapes/semantic_segmentation",
        data_dir=os.path.join(data_dir, "built"),
    )
    builder.download_and_prepare(
        download_dir=os.path.join(data_dir, "download"),
        download_config=tfds.download.DownloadConfig(
            manual_dir=os.path.join(data_dir, "manual"),
            compute_stats=tfds.download.ComputeStatsMode.SKIP,
            try_download_gcs=False,
        ),
    )


if __name__ == "__main__":
    build(*sys.argv[1:])
