"""The conversion's command line."""

import re
import subprocess
import sys

import pytest

from schemas.quantities import byte_size
from tests import commands, trees

MAIN = "preprocess.main"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return trees.write_tree(tmp_path_factory.mktemp("main") / "cityscapes")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "--cityscapes_root is missing"),
        (["--cityscapes_root=/no/where"], 2, "--output_dir is missing"),
        (
            ["--cityscapes_root=/no/where", "--output_dir=/tmp/x"],
            1,
            "--cityscapes_root=/no/where is not a folder",
        ),
        (["--splits=trian"], 2, "split 'trian' should be one of train, val"),
        (["--image_size=280"], 2, "--image_size: '280' is not HEIGHTxWIDTH"),
        (["--num_shards=0"], 2, "num_shards"),
        (["--num_shards=many"], 2, "num_shards"),
        (["--label_space=ids"], 2, "value should be one of <label_ids|train_"),
        (["--outputdir=/tmp/x"], 2, "unknown flag --outputdir; did you mean -"),
        (["--runer=DataflowRunner"], 2, "--runer; did you mean --runner?"),
        (["stray"], 2, "stray"),
    ],
)
def test_a_bad_flag_or_path_is_one_line(
    root, tmp_path, arguments, code, message
):
    given = {argument.partition("=")[0] for argument in arguments}
    if arguments and "--cityscapes_root" not in given:
        arguments = [
            f"--cityscapes_root={root}",
            f"--output_dir={tmp_path}/out",
            *arguments,
        ]
    done = commands.run(MAIN, *arguments, env={"CITYSCAPES_DATASET": ""})
    assert done.returncode == code
    assert commands.is_one_line(done.stderr), done.stderr
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_bad_flags_are_answered_before_beam_is_imported(root):
    arguments = [f"--cityscapes_root={root}", "--output_dir=/nowhere"]
    imported = commands.imported(MAIN, *arguments, "--image_size=280")
    assert "preprocess.flags" in imported
    assert "apache_beam" not in imported


@pytest.mark.parametrize("flag", ["--help", "--helpfull", "-h"])
def test_help_lists_every_flag_whatever_the_command_is_called(flag):
    source = (commands.ROOT / "preprocess" / "flags.py").read_text()
    names = re.findall(r"flags\.DEFINE_\w+\(\s*\"(\w+)\"", source)
    assert "cityscapes_root" in names and "write_index" in names
    start = (
        "import sys; from preprocess.main import main; "
        f"sys.exit(main(['cityscapes-convert', '{flag}']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", start],
        cwd=commands.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("Converts a Cityscapes tree")
    for name in names:
        assert re.search(rf"--(\[no\])?{name}:", done.stdout), name


def test_the_command_converts_says_what_it_did_and_does_it_once(root, tmp_path):
    arguments = [
        f"--cityscapes_root={root}",
        f"--output_dir={tmp_path}/out",
        "--splits=train_fine",
        "--write_index",
    ]
    done = commands.run(MAIN, *arguments, "--workers=2")
    assert done.returncode == 0, done.stderr
    assert "Runner: local FnApiRunner, 2 workers" in done.stderr
    size = (tmp_path / "out" / "train-00000-of-00001.tfrecord").stat().st_size
    assert done.stdout.startswith(
        f"train: 6 records in 1 shard, {byte_size(size)}\n"
    )
    found = trees.contents(tmp_path / "out")
    assert sorted(found) == [
        "croissant.json",
        "dataset_info.json",
        "features.json",
        "image-segmentation-class-encoded.labels.txt",
        "index.html",
        "index/train-00000-of-00001.tfrecord.index",
        "manifest.json",
        "supervised/dataset_info.json",
        "supervised/features.json",
        "supervised/image.segmentation.class.encoded.labels.txt",
        "train-00000-of-00001.tfrecord",
    ]
    again = commands.run(MAIN, *arguments)
    assert again.stdout.splitlines()[-1].startswith("Nothing to do")
    assert trees.contents(tmp_path / "out") == found


def test_a_bad_frame_is_one_line_that_names_the_file(tmp_path):
    root = trees.write_tree(tmp_path / "cityscapes")
    path = trees.image_path(root, trees.STEMS[3])
    path.write_bytes(path.read_bytes()[:50])
    done = commands.run(
        MAIN,
        f"--cityscapes_root={root}",
        f"--output_dir={tmp_path}/out",
        "--splits=train",
        "--workers=2",
    )
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Runner: ")
    assert lines[1].startswith(f"error: {path}: image is truncated at byte 50")
    assert "--on_error=skip" in lines[1]
    assert len(lines) == 2


def test_verify_answers_by_its_exit_code(root, tmp_path):
    done = commands.run(
        MAIN,
        f"--cityscapes_root={root}",
        f"--output_dir={tmp_path}/out",
        "--splits=train",
    )
    assert done.returncode == 0, done.stderr
    verify = ("preprocess.verify", f"--data_dir={tmp_path}/out")
    shard = tmp_path / "out" / "train-00000-of-00001.tfrecord"
    counts = f"6 records in 1 shard, {byte_size(shard.stat().st_size)}"
    assert commands.run(*verify).stdout.splitlines() == [
        f"train: {counts}",
        f"{tmp_path}/out: {counts}, all well",
    ]
    shard.write_bytes(shard.read_bytes()[:-3])
    bad = commands.run(*verify)
    assert bad.returncode == 1
    assert shard.name in bad.stdout
    missing = commands.run("preprocess.verify", f"--data_dir={tmp_path}/none")
    assert missing.returncode == 1
    assert commands.is_one_line(missing.stderr)
    assert commands.run("preprocess.verify").returncode == 2
