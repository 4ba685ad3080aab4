"""Conversions of small trees, in this process, and what they wrote."""

from apache_beam.options.pipeline_options import PipelineOptions

from preprocess.options import Options
from preprocess.pipeline import job
from schemas import example
from schemas.shards import tfrecord


def convert(root, output_dir, *, overwrite=False, workers=2, **options):
    return job.run(
        Options(str(root), str(output_dir), **{"splits": ("train",)} | options),
        PipelineOptions([]),
        overwrite=overwrite,
        num_workers=workers,
    )


def records(folder, split="train") -> list[example.Record]:
    found = []
    for path in sorted(folder.glob(f"{split}-*.tfrecord")):
        with path.open("rb") as file:
            found += [
                example.decode(payload)
                for _, payload in tfrecord.read_records(file)
            ]
    return found
