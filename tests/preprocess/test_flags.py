import os

import pytest
from absl import flags as absl_flags
from absl.testing import flagsaver

from preprocess import flags
from schemas.failures import FlagError


@pytest.fixture(autouse=True)
def own_flags():
    with flagsaver.flagsaver():
        yield


def options(*arguments):
    given = ("--cityscapes_root=root", "--output_dir=out")
    flags.FLAGS(["main", *given, *arguments], known_only=True)
    return flags.parse_options()


@pytest.mark.parametrize(
    "flag",
    [
        "--shard_size_mb=nan",
        "--shard_size_mb=inf",
        "--shard_size_mb=0",
        "--image_size=99999x99999",
        "--image_size=0x64",
    ],
)
def test_a_number_without_sense_is_refused_by_its_flag(flag):
    with pytest.raises(FlagError, match=flag.partition("=")[0]):
        options(flag)


@pytest.mark.parametrize(
    "flag",
    [
        "--limit=100000000000000000000",
        "--limit=0",
        "--num_shards=100000000000000000000",
        "--workers=0",
        "--jpeg_quality=101",
    ],
)
def test_a_number_out_of_bounds_is_refused_by_its_flag(flag):
    name = flag.partition("=")[0].removeprefix("--")
    with pytest.raises(absl_flags.IllegalFlagValueError, match=name):
        options(flag)


def test_a_leading_tilde_is_the_home_folder():
    given = options("--cityscapes_root=~/city", "--output_dir=~")
    home = os.path.expanduser("~")
    assert given.cityscapes_root == os.path.join(home, "city")
    assert given.output_dir == home
