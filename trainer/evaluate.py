"""--mode=evaluate: scores a network on a split, at the labels' stored size."""

import dataclasses
import time

from trainer.config import run_dir
from trainer.config.inference import EvaluateConfig
from trainer.data.frames import Frames
from trainer.evaluation import report, results
from trainer.evaluation.best_and_worst import BestAndWorst
from trainer.evaluation.results import Subject
from trainer.evaluation.score_network import score_network
from trainer.inference.masking import open_predictor
from trainer.storage import files, notes


def run(config: EvaluateConfig, network_path: str, frames: Frames) -> None:
    """Evaluates; prints a table, writes evaluation.json, report and strips.

    Predictions are brought to the labels' size, never labels to another.

    Args:
        config: The evaluation.
        network_path: The .keras file that it means.
        frames: The split that `config.data` names.

    Raises:
        ValueError: The data set or the network is damaged or does not fit.
    """
    notes.say(frames.left_out)
    predictor = open_predictor(network_path, config.inference)
    if predictor.space is not frames.space:
        print(
            f"The network tells {predictor.space.name} apart, the data holds "
            f"{frames.space.name}: ids are mapped by the label table, and "
            "only the 19 official classes compare."
        )
    begin = time.perf_counter()
    extremes = BestAndWorst()
    strips_dir = files.join(config.model_dir, run_dir.PICTURES_DIR)
    scored = score_network(predictor, frames, extremes, strips_dir)
    subject = Subject(
        source=network_path,
        split=config.data.eval_split,
        label_space=frames.space.name,
        is_native=frames.is_native,
        seconds=time.perf_counter() - begin,
        details={
            "networkLabelSpace": predictor.space.name,
            "inference": dataclasses.asdict(config.inference),
        },
    )
    content = results.publish(config.model_dir, subject, scored)
    print(report.write(config.model_dir, content, extremes))
