"""What a network learned from, and what it was scored on while it did."""

from schemas.descriptions import origin
from trainer.config import run_dir
from trainer.config.sizes import format_size
from trainer.config.training import TrainConfig
from trainer.data import run_records
from trainer.data.dataset import Part
from trainer.data.run_records import RunRecords
from trainer.runs.markdown import code, table


def render(config: TrainConfig, records: RunRecords | None) -> str:
    """Says in Markdown which data sets a run has.

    Args:
        config: The run's flags.
        records: What it learned from; None where that is not at hand.
    """
    folders = run_records.folders(config.data.data_dir)
    names = ", ".join(code(run_dir.name(folder)) for folder in folders)
    said = [
        f"Splits {code(config.data.train_split)} of {names}, scored on "
        f"{code(config.data.eval_split)}."
    ]
    if records:
        said += [_table(records), *_kinds(records)]
    return "\n\n".join(said)


def _table(records: RunRecords) -> str:
    rows = [_row(part, f"{part.weight:g}") for part in records.train]
    rows.append(_row(records.evaluation, "scored"))
    return table([["data set", "split", "frames", "drawn", "sizes"], *rows])


def _row(part: Part, drawn: str) -> list[str]:
    """Gives a split's row; `drawn` says how often an epoch draws a frame."""
    return [
        run_dir.name(part.records.folder),
        part.split,
        str(part.counts.num_examples),
        drawn,
        ", ".join(map(format_size, part.sizes)),
    ]


def _kinds(records: RunRecords) -> list[str]:
    """Says of each data set whose layout and classes it has."""
    kinds = {
        run_dir.name(part.records.folder): origin.kind(part.records.manifest)
        for part in (*records.train, records.evaluation)
    }
    return [
        f"{code(name)}: {kind[0].lower()}{kind[1:]}."
        for name, kind in kinds.items()
    ]
