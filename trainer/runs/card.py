"""RUN/model_card.md: what to know of a network before one uses it.

Its head and its chapters are those of Hugging Face's model cards.  All in it
is said by the run's own files; what nobody can read from them, like a license,
is left to whoever publishes the network.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence

from schemas.failures import one_line
from schemas.quantities import counted, percent
from trainer.config import run_dir, saved, seen_ids
from trainer.config.encoders import NO_ENCODER, NO_WEIGHTS
from trainer.config.inference import InferenceConfig
from trainer.config.options import all_flags, own_flags, values
from trainer.config.sizes import format_size
from trainer.config.training import TrainConfig
from trainer.data import run_records
from trainer.data.run_records import RunRecords
from trainer.runs import card_data, card_head, card_limits, run
from trainer.runs.evaluations import Evaluation
from trainer.runs.markdown import code, plain, table
from trainer.runs.run import Run
from trainer.storage import files

_HOW = ("inference", "stride", "flip_average", "scales", "mask_unseen")
"""Flags of `InferenceConfig` whose default is that of every run."""

_NOTE = (
    "<!-- Written by the training and by each evaluation of the run, anew each "
    "time. To publish the network, copy this file to README.md, add to it "
    f"there, and put {run_dir.BEST_NETWORK}, {saved.FILE_NAME} and "
    f"{seen_ids.FILE_NAME} beside it. -->"
)

_ELSEWHERE = """\
predicts with cityscapes-unet, which trained it, where `{folder}` holds
`best.keras`, `config.json` and `classes.json`; `--mode=export` writes it as
SavedModel, ONNX and TFLite, which need none of that project's code. Nor does
the file itself:

```python
import keras
network = keras.saving.load_model("best.keras")
logits = network(pixels / 127.5 - 1)  # (B, H, W, 3) → (B, H, W, {num_classes})
class_ids = keras.ops.argmax(logits, -1)
```

`pixels` are RGB in 0..255, of sides that divide by {factor}. It learned from
pictures of {size}.
"""


def write(model_dir: str) -> None:
    """Writes the card of a run; nothing where the folder holds no run.

    Args:
        model_dir: The run's folder.

    Raises:
        ConfigError: Its config.json is damaged.
        OSError: The card cannot be written.
    """
    config = saved.load(model_dir)
    if config is None:
        return
    read = run.read(run_dir.name(model_dir), config)
    path = files.join(model_dir, run_dir.MODEL_CARD)
    files.write_text(path, render(read, _open_records(config)))


def render(read: Run, records: RunRecords | None) -> str:
    """Renders the card.

    Label maps that were scored from files are not of this network.

    Args:
        read: The run.
        records: What it learned from; None where that is not at hand.
    """
    read = dataclasses.replace(
        read,
        evaluations={
            name: scored
            for name, scored in sorted(read.evaluations.items())
            if scored.source.endswith(run_dir.NETWORK_SUFFIX)
        },
    )
    chapters = {
        "Use": _use(read.config),
        "Classes": _classes(read.config),
        "Data": card_data.render(read.config, records),
        "Training": _training(read),
        "Scores": _scores(read.evaluations),
        "Limits": "\n".join(f"- {line}" for line in card_limits.find(read)),
    }
    return "\n\n".join(
        [
            card_head.render(read),
            _NOTE,
            f"# {plain(read.name)}",
            _summary(read.config),
            *(f"## {title}\n\n{text}" for title, text in chapters.items()),
            "",
        ]
    )


def _open_records(config: TrainConfig) -> RunRecords | None:
    """Opens what the run learned from; None where it is gone or another."""
    try:
        records = run_records.open_run(config.data)
    except (OSError, ValueError):
        return None
    is_same = seen_ids.are_of(
        config.model_dir,
        records.space,
        records.pixel_counts.class_pixels,
        config.loss.ignore_void,
    )
    return records if is_same else None


def _summary(config: TrainConfig) -> str:
    model = config.model
    if model.encoder == NO_ENCODER:
        kind = f"A U-Net of {model.base_filters} to {16 * model.base_filters}"
        kind = f"{kind} filters"
    else:
        kind = f"A U-Net with the encoder {code(model.encoder)}"
    return (
        f"{kind} that gives each pixel of a street scene one of "
        f"{model.num_classes} classes."
    )


def _use(config: TrainConfig) -> str:
    resize = config.data.resize
    size = format_size(resize) if resize else "the size of its records"
    folder = run_dir.name(config.model_dir)
    return (
        f"    cityscapes-train --mode=predict --model_dir={folder} \\\n"
        "      --input=street.jpg --output_dir=predicted\n\n"
        + _ELSEWHERE.format(
            folder=folder,
            num_classes=config.model.num_classes,
            factor=config.model.size_factor,
            size=size,
        ).rstrip()
    )


def _classes(config: TrainConfig) -> str:
    space = config.model.space
    names = [
        f"{number} {plain(name)}"
        for number, name in enumerate(space.class_names)
    ]
    return f"{', '.join(names)}."


def _training(read: Run) -> str:
    config = read.config
    said = []
    if read.rows:
        said.append(f"{len(read.rows)} of {counted(config.epochs, 'epoch')}")
        said.append(counted(int(read.rows[-1]["step"]), "step"))
        if math.isfinite(read.seconds):
            said.append(counted(round(read.seconds / 60), "minute"))
    said.append(_beginning(config))
    lines = list(_flags(config))
    lines += [
        f"# step {change.step}: --{change.flag}={change.after}, before "
        f"{change.before}"
        for change in config.changes
    ]
    return "\n\n".join(
        [
            f"{', '.join(said)}. Its flags, where they are not the defaults:",
            "\n".join(f"    {one_line(line)}" for line in lines)
            or "    (none)",
        ]
    )


def _beginning(config: TrainConfig) -> str:
    """Says which weights it began with, where it had any."""
    if config.init_from:
        source = code(run_dir.name(config.init_from))
        return f"begun with the weights of {source}"
    weights = config.model.encoder_weights
    if config.model.encoder == NO_ENCODER or weights == NO_WEIGHTS:
        return "begun with weights drawn at random"
    return f"the encoder begun with the weights {code(run_dir.name(weights))}"


def _flags(config: TrainConfig) -> Iterator[str]:
    """Yields the flags that are not the defaults, without the user's paths."""
    given = values(config)
    for name, flag in all_flags(TrainConfig).items():
        if flag.option.is_path or flag.option.may_change:
            continue
        if given[name] != flag.default:
            yield f"--{name}={flag.format(given[name])}"


def _scores(evaluations: Mapping[str, Evaluation]) -> str:
    if not evaluations:
        return "None yet: `--mode=evaluate` writes them."
    found = evaluations.values()
    heads = [f"{run_dir.stem(name)}, %" for name in evaluations]
    means = [
        {**scored.means, "calibration error": scored.calibration_error}
        for scored in found
    ]
    said = [
        f"- {code(run_dir.stem(name))}: {_describe(scored)}"
        for name, scored in evaluations.items()
    ]
    return "\n\n".join(
        [
            "\n".join(said),
            table([["", *heads], *_rows(means)]),
            table(
                [
                    ["IoU of class", *heads],
                    *_rows([scored.classes for scored in found]),
                ]
            ),
        ]
    )


def _describe(scored: Evaluation) -> str:
    data = scored.data_set
    place = f" of {code(run_dir.name(data.folder))}" if data.folder else ""
    options = "".join(f" {code(option)}" for option in _options(scored))
    return (
        f"{code(data.split)}{place}, {counted(scored.num_frames, 'frame')}, "
        f"label maps of {plain(scored.sizes)}, by "
        f"{code(run_dir.name(scored.source))}{options}"
    )


def _options(scored: Evaluation) -> Iterator[str]:
    """Yields how a network was applied, where that is not the default."""
    for flag in own_flags(InferenceConfig):
        value = scored.options.get(flag.name, flag.default)
        value = tuple(value) if isinstance(value, list) else value
        if flag.name in _HOW and value != flag.default:
            yield f"--{flag.name}={flag.format(value)}"


def _rows(columns: Sequence[Mapping[str, float | None]]) -> list[list[str]]:
    """Gives a row of each score that some column has."""
    names = dict.fromkeys(name for column in columns for name in column)
    rows = {name: [column.get(name) for column in columns] for name in names}
    return [
        [name, *map(percent, row)]
        for name, row in rows.items()
        if any(value is not None for value in row)
    ]
