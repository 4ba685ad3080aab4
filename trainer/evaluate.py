"""--mode=evaluate: scores a network on a split, at the labels' stored size."""

import dataclasses
import time

from schemas.labels.table import LabelSpace, first_difference
from trainer.config import run_dir
from trainer.config.data import DataConfig
from trainer.config.inference import EvaluateConfig
from trainer.data.frames import Frames
from trainer.evaluation import report
from trainer.evaluation.best_and_worst import BestAndWorst
from trainer.evaluation.data_set import KEY, Scored
from trainer.evaluation.results import Subject, publish
from trainer.evaluation.score_network import score_network
from trainer.inference.masking import open_predictor
from trainer.runs import card
from trainer.storage import files, notes


def run(
    config: EvaluateConfig,
    network_path: str,
    frames: Frames,
    run_data: DataConfig | None = None,
) -> None:
    """Evaluates; prints a table; writes scores, report, card and strips.

    Predictions are brought to the labels' size, never labels to another.

    Args:
        config: The evaluation.
        network_path: The .keras file that it means.
        frames: The split that `config.data` names.
        run_data: The data set of the run in --model_dir; None without.

    Raises:
        OSError: --model_dir cannot be written.
        ValueError: The data set or the network is damaged or does not fit.
    """
    notes.say(frames.left_out)
    predictor = open_predictor(network_path, config.inference)
    _check_same_classes(predictor.space, frames.space, network_path)
    folder = config.model_dir
    files.prepare_folder(folder)
    begin = time.perf_counter()
    extremes = BestAndWorst()
    strips: dict[str, bytes] = {}
    results = score_network(predictor, frames, extremes, strips)
    space = frames.space.table.label_ids
    scored = Scored(config.data, frames.part, results.frames, space)
    name = scored.choose_name(config.evaluation_name, folder, run_data)
    subject = Subject(
        source=network_path,
        split=config.data.eval_split,
        space=frames.space,
        is_native=frames.is_native,
        seconds=time.perf_counter() - begin,
        details={
            KEY: scored.data_set.to_json(),
            "networkLabelSpace": predictor.space.name,
            "inference": dataclasses.asdict(config.inference),
        },
    )
    content = publish(folder, subject, results, name)
    print(report.write(folder, content, space, extremes, name))
    card.write(folder)
    strips_dir = files.join(folder, run_dir.named(run_dir.PICTURES_DIR, name))
    files.make_folder(strips_dir)
    for stem, strip in strips.items():
        files.write_bytes(files.join(strips_dir, f"{stem}.png"), strip)


def _check_same_classes(
    network: LabelSpace, data: LabelSpace, network_path: str
) -> None:
    """Checks that a network knows the classes that it is scored on.

    Raises:
        ValueError: It knows others.
    """
    difference = first_difference(data.table, network.table)
    if difference:
        raise ValueError(
            f"{network_path} learned other classes than --data_dir holds: "
            f"{difference}; give the data set of its run"
        )
    if network.name != data.name:
        print(
            f"The network tells {network.name} apart, the data holds "
            f"{data.name}: ids are mapped by the label table, and only the "
            f"{int(data.evaluated.sum())} evaluated classes compare."
        )
