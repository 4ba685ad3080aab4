"""Tests of preprocess.command_line, what the small commands share."""

import concurrent.futures

import pytest

from preprocess import command_line
from preprocess.errors import ConversionError


def _parser():
    parser = command_line.FlagParser("Does nothing.")
    parser.add_argument("--image_size", type=command_line.frame_size)
    parser.add_argument("--count", type=command_line.whole(2), default=3)
    return parser


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


@pytest.mark.parametrize(
    ("failure", "line"),
    [
        (ConversionError("no such thing"), "error: no such thing\n"),
        (OSError(28, "No space left", "/f"),
         "error: [Errno 28] No space left: '/f'\n"),
        (concurrent.futures.BrokenExecutor(),
         "error: a worker process died, perhaps for lack of memory; try "
         "--workers=1\n"),
    ],
)  # fmt: skip
def test_what_the_user_can_mend_is_one_line_and_exit_code_1(
    failure, line, capsys
):
    def run():
        raise failure

    assert command_line.exit_code(run) == 1
    assert capsys.readouterr().err == line


def test_a_fault_of_the_program_is_not_hidden():
    def run():
        raise KeyError("bug")

    with pytest.raises(KeyError):
        command_line.exit_code(run)
