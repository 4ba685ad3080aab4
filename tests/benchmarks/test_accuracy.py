"""Tests the comparison of what an hour of training buys."""

import argparse
import io
import json
import math
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import accuracy
from benchmarks.harness import process
from benchmarks.trainings import crops, watch
from benchmarks.trainings.contenders import CONTENDERS, Training
from benchmarks.trainings.header import Header
from benchmarks.trainings.watch import Course, Point, Score
from tests import tiny_dataset
from tests.commands import ROOT, is_one_line
from trainer import command_line, configure
from trainer.data import loader


def call_main(monkeypatch, tmp_path, *flags):
    work_dir = f"--work_dir={tmp_path / 'work'}"
    argv = ["accuracy", "--cityscapes_root=tree", work_dir, *flags]
    monkeypatch.setattr(sys, "argv", argv)
    return accuracy.main()


@pytest.mark.parametrize(
    ("flag", "answer"),
    [
        ("--seed=2019", "peer needs --peer_python; or leave it out of"),
        ("--peer_python=/none/python", "/none/python cannot be executed"),
        (
            "--contenders=unet,recipes",
            "--contenders: 'recipes' is none of recipe, unet, encoder, peer",
        ),
        ("--contenders=", "--contenders: '' is none of"),
    ],
)
def test_a_contender_that_cannot_run_is_told_at_once(
    tmp_path, monkeypatch, capsys, flag, answer
):
    with pytest.raises(SystemExit, match="2"):
        call_main(monkeypatch, tmp_path, flag)
    error = capsys.readouterr().err
    assert answer in error and is_one_line(error)
    assert not (tmp_path / "work").exists()


def test_a_command_that_fails_is_one_line(tmp_path, monkeypatch, capsys):
    def fail(command):
        raise process.CommandError(f"{command[2]} ended with exit code 1: no")

    monkeypatch.setattr(process, "run", fail)
    assert call_main(monkeypatch, tmp_path, "--contenders=unet") == 1
    assert capsys.readouterr().err == (
        "error: preprocess.main ended with exit code 1: no\n"
    )


@pytest.mark.parametrize("resumes", [False, True])
def test_what_cannot_resume_begins_again(tmp_path, monkeypatch, resumes):
    monkeypatch.setattr(watch, "_POLL_SECONDS", 0.1)
    folder, path = tmp_path / "run", str(tmp_path / "run.json")
    folder.mkdir()
    (folder / "45.keras").touch()
    interrupted = Course((Point(45, 0.3, 7.0),))
    watch.save(interrupted, path)

    def scores():
        found = {int(file.stem): file for file in folder.iterdir()}
        return [Score(step, 0.5) for step in sorted(found)]

    # Long enough that its processor time is seen before it ends.
    code = (
        "import pathlib, sys, time\n"
        "while time.process_time() < 0.5: pass\n"
        "pathlib.Path(sys.argv[1]).touch()"
    )
    command = (sys.executable, "-c", code, str(folder / "90.keras"))
    training = Training("a", command, str(folder), scores, resumes)
    points = accuracy._follow(training, path, 60).points
    if resumes:
        assert points[:-1] == interrupted.points
    assert (points[-1].step, points[-1].minutes > 7) == (90, resumes)
    assert len(points) == 1 + resumes


def test_crops_that_end_too_early_are_named_with_their_log(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(watch, "_POLL_SECONDS", 0.1)
    code = "import sys; sys.stdin.read(); sys.exit('too few')"
    training = Training(
        "peer",
        (sys.executable, "-c", code),
        str(tmp_path / "run"),
        list,
        resumes=False,
        crops=(sys.executable, "-c", "exit('no such picture')"),
    )
    log = tmp_path / "peer-crops.log"
    with pytest.raises(process.CommandError, match=f"code 1; see {log}"):
        accuracy._follow(training, str(tmp_path / "peer.json"), 60)
    assert log.read_text() == "no such picture\n"
    assert (tmp_path / "peer.log").read_text() == "too few\n"
    assert not watch.load(str(tmp_path / "peer.json")).is_over


def test_the_table_says_when_a_score_was_first_reached():
    points = (
        Point(10, 0.39, 1.0),
        Point(1020, 0.52, 2.4),
        Point(2030, 0.48, 5.6),
    )
    lines = accuracy.table({"ours": Course(points, 1234.5)}).splitlines()
    assert lines[0] == (
        "| | 40 % | 50 % | 60 % | 65 % | 70 % | best | last | peak MiB |"
    )
    assert lines[2] == (
        "| ours | 1,020 steps, 2 min | 1,020 steps, 2 min | - | - | - | "
        "52.0% (1,020 steps, 2 min) | 48.0% (2,030 steps, 6 min) | 1,234 |"
    )


def test_all_are_scored_by_the_official_mean(tmp_path):
    flags = argparse.Namespace(
        work_dir=str(tmp_path), cityscapes_root="tree", seed=1
    )
    run = tmp_path / "recipe-1"
    (run / "recipe-45").mkdir(parents=True)
    (run / "recipe-45.keras").touch()
    scores = {"averageScoreClasses": 0.2, "inTruth": {}}
    scores["inTruth"]["averageScoreClasses"] = 0.4
    (run / "recipe-45" / "evaluation.json").write_text(json.dumps(scores))
    recipe = CONTENDERS["recipe"](flags, "records")
    assert recipe.scores() == [Score(45, 0.2)]


PEER_FLAGS = (
    "--flagfile=configs/camvid.flags",
    "--class_weights=none",
    "--crop=32x32",
)


@pytest.mark.parametrize(
    ("flag", "why"),
    [
        ("--schedule=cosine", "the peer trains with --schedule=poly alone"),
        ("--encoder_learning_rate=0", "the peer does not freeze its encoder"),
    ],
)
def test_a_training_that_the_peer_does_not_know_is_refused(
    flag, why, tmp_path, monkeypatch, capsys
):
    tiny_dataset.write_dataset(tmp_path / "data", 4, 1, (40, 40))
    folders = (f"--data_dir={tmp_path / 'data'}", f"--model_dir={tmp_path}")
    argv = ["crops", "tree", *folders, *PEER_FLAGS, flag]
    monkeypatch.setattr(sys, "argv", argv)
    assert crops.main() == 2
    output = capsys.readouterr()
    assert output.err.startswith(f"error: {flag}: {why}")
    assert is_one_line(output.err) and not output.out


class _Unbuffered(io.RawIOBase):
    """An output that takes a part of what it is given, as a full pipe may."""

    def __init__(self):
        self.content = b""

    def writable(self):
        return True

    def write(self, content):
        taken = bytes(content[:999])
        self.content += taken
        return len(taken)


def test_the_peer_gets_the_trainers_crops(tmp_path, monkeypatch):
    tiny_dataset.write_dataset(tmp_path / "data", 4, 1, (40, 40))
    flags = [
        *PEER_FLAGS,
        f"--data_dir={tmp_path / 'data'}",
        f"--model_dir={tmp_path / 'run'}",
        "--batch_size=2",
        "--epochs=2",
        "--seed=3",
        "--mixed_precision=bfloat16",
        "--region_loss_weight=0.25",
        "--learning_rate=0.002",
        "--encoder_learning_rate=0.3",
        "--weight_decay=0.04",
        "--warmup_steps=5",
        "--decoder_filters=64,32,16,8,4",
    ]

    output = _Unbuffered()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output))
    crops.stream("tree", flags)
    head, _, content = output.content.partition(b"\n")
    config, records = configure.train(
        command_line.parse(["train", *flags]).given
    )
    evaluated = records.space.evaluated.tolist()
    drawn = records.pixel_counts.class_pixels > 0
    seen = (records.space.evaluated & drawn).tolist()
    assert Header(**json.loads(head)) == Header(
        cityscapes_root="tree",
        eval_split="val",
        batch=[2, 32, 32],
        steps_per_epoch=2,
        epochs=2,
        seed=3,
        class_weights=[float(is_evaluated) for is_evaluated in evaluated],
        evaluated=evaluated,
        logit_offsets=[0.0 if is_seen else -math.inf for is_seen in seen],
        region_loss_weight=0.25,
        learning_rate=0.002,
        encoder_factor=0.3,
        weight_decay=0.04,
        warmup_steps=5,
        decoder_filters=[64, 32, 16, 8, 4],
        is_bfloat16=True,
    )
    assert 0 < sum(seen) < sum(evaluated) == 19
    batching = loader.Batching(2, epochs=2, seed=3)
    data = loader.RunData(config.data, records, batching, str(tmp_path))
    expected = b"".join(
        np.asarray(part).tobytes()
        for batch in data.train_batches(0, 0)
        for part in batch
    )
    assert content == expected and len(content) == 4 * 2 * 32 * 32 * 4


def test_the_peers_interpreter_needs_no_package_of_ours_but_numpy():
    code = """
import sys
before = set(sys.modules)
import benchmarks.trainings.header, trainer.metrics.confusion
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(new - set(sys.stdlib_module_names)))
"""
    done = subprocess.run(
        (sys.executable, "-c", code),
        capture_output=True,
        check=True,
        cwd=ROOT,
        text=True,
    )
    assert done.stdout.split() == ["benchmarks", "numpy", "schemas", "trainer"]
