"""Tests of preprocess.command_line, what the small commands share."""

import os
import signal
import time

import pytest

from preprocess import command_line
from preprocess.commands import camvid, sample, verify
from preprocess.errors import TREE_ADVICE, ConversionError
from tests import commands


def _parser():
    parser = command_line.FlagParser("Does nothing.")
    parser.add_argument("--image_size", type=command_line.frame_size)
    parser.add_argument("--count", type=command_line.whole(2), default=3)
    return parser


@pytest.mark.parametrize("command", [camvid, sample, verify])
def test_every_flag_of_a_small_command_is_explained(command, monkeypatch):
    parsers = []

    def parse_flags(self, argv):
        parsers.append(self)
        raise SystemExit

    monkeypatch.setattr(command_line.FlagParser, "parse_flags", parse_flags)
    with pytest.raises(SystemExit):
        command.run([])
    (parser,) = parsers
    assert [flag.dest for flag in parser._actions if not flag.help] == []


def test_flags_are_parsed():
    args = _parser().parse_flags(["--image_size=32x64", "--count=2"])
    assert (args.image_size, args.count) == ((32, 64), 2)


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--image_sise=32x64", "unknown flag --image_sise; did you mean "
         "--image_size?"),
        ("--zzz", "unknown flag --zzz, see --help"),
        ("--count=1", "argument --count: '1' should be a whole number of 2 or "
         "more"),
        ("--count=a", "argument --count: 'a' should be a whole number of 2 or "
         "more"),
        ("--image_size=32x9999", "argument --image_size: '32x9999' should be "
         "HEIGHTxWIDTH, each side 32 to 8192, for example 512x1024"),
    ],
)  # fmt: skip
def test_a_bad_flag_says_what_is_wanted(flag, message, capsys):
    with pytest.raises(SystemExit) as stop:
        _parser().parse_flags([flag])
    assert stop.value.code == 2
    assert capsys.readouterr().err == f"error: {message}\n"


@pytest.mark.parametrize("num_workers", [1, 2])
def test_results_come_in_the_order_of_the_jobs(num_workers):
    jobs = range(-70, 0)
    expected = list(range(70, 0, -1))
    assert command_line.map_frames(abs, jobs, num_workers) == expected


@pytest.mark.parametrize("num_workers", [1, 2])
def test_a_failing_job_stops_the_command(num_workers):
    with pytest.raises(ValueError, match="invalid literal"):
        command_line.map_frames(int, ["1", "x", "2"], num_workers)


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_process_that_dies_is_one_line():
    with pytest.raises(ConversionError, match="a worker process died, perhaps"):
        command_line.map_frames(die, range(3), 2)


def test_no_more_workers_than_make_sense(capsys, monkeypatch):
    said = []
    monkeypatch.setattr(command_line, "num_cores", lambda: 2)
    assert command_line.sensible_workers(2, 4, said.append) == 2
    assert not said
    assert command_line.sensible_workers(200, 4, said.append) == 4
    assert command_line.sensible_workers(200, 99, said.append) == 16
    assert said == [
        "4 workers instead of 200: more would not help.",
        "16 workers instead of 200: more would not help.",
    ]


def test_ctrl_c_ends_a_tree_with_one_line_of_the_parent_alone(tmp_path):
    process = commands.start(
        "preprocess.sample",
        f"--output_dir={tmp_path}/tree",
        "--num_train=4000",
        "--image_size=256x512",
        "--workers=2",
        start_new_session=True,
    )
    while not list(tmp_path.glob("tree/gtFine/train/*/*")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    *progress, last = err.splitlines()
    assert last == f"error: interrupted; {TREE_ADVICE.interrupted}"
    assert all("frames/s" in line for line in progress)  # of a busy machine
