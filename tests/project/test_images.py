"""The Dockerfiles: what they copy is there, and nobody runs as root."""

import importlib.metadata
import json
import re
import tomllib

import pytest

from tests import commands, dockerfiles
from trainer import command_line

GPU = "Dockerfile.gpu"


def locked() -> dict[str, str]:
    """Returns each package of the GPU's lock with its version and hashes."""
    text = (commands.ROOT / "requirements" / "gpu.txt").read_text()
    return dict(re.findall(r"^([\w-]+)==(.*(?:\n .*)*)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["Dockerfile", GPU])
def test_what_an_image_copies_reaches_the_build(name):
    lines = (commands.ROOT / ".dockerignore").read_text().splitlines()
    let_through = [line[1:] for line in lines if line.startswith("!")]
    for instruction, rest in dockerfiles.instructions(name):
        if instruction == "COPY":
            for source in rest.split()[:-1]:
                assert (commands.ROOT / source).exists(), source
                assert source in let_through


@pytest.mark.parametrize("name", ["Dockerfile", GPU])
def test_an_image_runs_as_nobody(name):
    users = [
        rest for key, rest in dockerfiles.instructions(name) if key == "USER"
    ]
    assert users == ["65534:65534"]


def test_the_base_of_the_gpu_s_image_is_named_by_its_digest():
    (base,) = (
        rest for key, rest in dockerfiles.instructions(GPU) if key == "FROM"
    )
    assert re.fullmatch(r"python:3\.11\.\d+-[\w-]+@sha256:[0-9a-f]{64}", base)


def test_the_gpu_s_lock_has_hashes_and_cuda_of_the_tested_versions():
    lock = locked()
    assert all("--hash=sha256:" in rest for rest in lock.values())
    wanted = [
        re.match(r"[\w-]+", line)[0]
        for line in importlib.metadata.requires("tensorflow")
        if 'extra == "and-cuda"' in line
    ]
    assert "nvidia-cudnn-cu12" in wanted
    constraints = (commands.ROOT / "constraints.txt").read_text()
    for name in ["tensorflow", "keras", *wanted]:
        version = lock[name].split()[0]
        assert f"\n{name}=={version}\n" in constraints


def test_the_gpu_s_image_starts_the_trainer_by_its_documented_command():
    (entry,) = (
        json.loads(rest)
        for key, rest in dockerfiles.instructions(GPU)
        if key == "ENTRYPOINT"
    )
    project = tomllib.loads((commands.ROOT / "pyproject.toml").read_text())
    assert entry[0] in project["project"]["scripts"]
    text = (commands.ROOT / GPU).read_text().replace("\\\n#", "")
    (arguments,) = re.findall(r"docker run .* cityscapes-unet:gpu (.*)", text)
    command = command_line.parse([entry[0], *arguments.split()])
    assert command.mode == "train"
    assert command.given["data_dir"] == "/data/records"
