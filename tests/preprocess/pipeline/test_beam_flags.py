import copy
import pickle

import pytest
from apache_beam.options.pipeline_options import (
    DirectOptions,
    GoogleCloudOptions,
    PipelineOptions,
    WorkerOptions,
)

from preprocess.pipeline import beam_flags


def pickle_round_trip(options):
    return pickle.loads(pickle.dumps(options))


FLAGS = ["--project=p", "--num_workers=3", "--region", "r"]


def test_beams_flags_are_taken_as_beam_takes_them():
    options = beam_flags.parse(FLAGS, [])
    cloud = options.view_as(GoogleCloudOptions)
    assert (cloud.project, cloud.region) == ("p", "r")
    assert options.view_as(WorkerOptions).num_workers == 3
    beams = PipelineOptions(FLAGS).get_all_options()
    assert options.get_all_options() == beams


def test_views_are_made_once_and_share_what_is_set():
    options = beam_flags.parse(FLAGS, [])
    view = options.view_as(DirectOptions)
    view.direct_num_workers = 5
    assert options.view_as(DirectOptions) is view
    assert options.get_all_options()["direct_num_workers"] == 5


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickle_round_trip])
def test_options_travel(duplicate):
    options = duplicate(beam_flags.parse(FLAGS, []))
    assert options.view_as(GoogleCloudOptions).project == "p"


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--runer=X", r"unknown flag --runer; did you mean --runner\?"),
        ("--outputdir=X", r"--outputdir; did you mean --output_dir\?"),
        ("--qqqq", "unknown flag --qqqq$"),
        ("--num_workers=many", "invalid int value: 'many'"),
    ],
)
def test_what_beam_does_not_know_is_an_error(flag, message):
    with pytest.raises(ValueError, match=message):
        beam_flags.parse([flag], ["output_dir"])
