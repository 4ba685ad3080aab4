r"""Builds records with Beam's own WriteToTFRecord.

    python -m benchmarks.contenders.builder_beam \
        CITYSCAPES_ROOT OUTPUT_DIR NUM_WORKERS

The same checks and records as `preprocess.main`, on the same local runner
with as many threads; only here the records themselves go through the shuffle
to Beam's writer.
"""

import glob
import os
import sys

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from benchmarks.harness import trees
from preprocess.options import Encoding
from preprocess.records.encoding import encode_frame
from schemas import example

_NUM_SHARDS = 10


def build(cityscapes_root: str, output_dir: str, num_workers: str) -> None:
    """Writes the train split's pairs to ten TFRecord files."""
    pattern = "leftImg8bit/train/*/*_leftImg8bit.png"
    options = PipelineOptions(
        direct_num_workers=int(num_workers),
        direct_running_mode="multi_threading",
    )
    with beam.Pipeline(runner=FnApiRunner(), options=options) as pipeline:
        (
            pipeline
            | "Find" >> beam.Create(glob.glob(f"{cityscapes_root}/{pattern}"))
            | "Spread" >> beam.Reshuffle()
            | "Encode" >> beam.Map(_encode)  # bytes
            | "Write"
            >> beam.io.WriteToTFRecord(
                os.path.join(output_dir, "train"),
                file_name_suffix=".tfrecord",
                num_shards=_NUM_SHARDS,
            )
        )


def _encode(image_path: str) -> bytes:
    frame = encode_frame(*trees.read_pair(image_path), Encoding())
    return example.encode(frame.record)


if __name__ == "__main__":
    build(*sys.argv[1:])
