"""The commands that pages and configurations show take the flags shown."""

import collections
import json
import pathlib
import re

import pytest

from tests import commands
from tests.beam_flags import BEAM
from trainer.config.inference import MODES
from trainer.config.options import all_flags

ROOT = pathlib.Path(__file__).parent.parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*"), *ROOT.glob("configs/*")]
OURS = r"(?:preprocess|trainer|benchmarks)\.[\w.]+"
SCRIPTS = {
    "cityscapes-convert": "preprocess.main",
    "cityscapes-inspect": "preprocess.inspect",
    "cityscapes-verify": "preprocess.verify",
    "cityscapes-train": "trainer.task",
    "cityscapes-compare": "trainer.compare",
}
ANYWHERE = {"help", "flagfile"}


def text_of(path: pathlib.Path) -> str:
    """Returns a page with a line for each command."""
    text = path.read_text()
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells)
    text = re.sub(r"^#", " ", text, flags=re.M)
    text = re.sub(r"\\\n", " ", text)
    in_words = r"(?<!`)`([^`]+)`(?!`)"
    return re.sub(in_words, lambda m: m[0].replace("\n", " "), text)


def commands_in(text: str) -> list[tuple[str, list[str]]]:
    """Finds (module, its arguments without quoted values)."""
    called = rf"(?:python -m ({OURS})|({'|'.join(SCRIPTS)}))(?=[ \n`])([^\n`]*)"
    found = []
    for module, script, rest in re.findall(called, text):
        bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", rest)
        words = re.split(r"[|;&#]", bare)[0].split()
        found.append((module or SCRIPTS[script], words))
    return found


def shown() -> dict[str, set[str]]:
    """Returns command → the flags that it is shown with."""
    found = collections.defaultdict(set)
    for path in PAGES:
        if path.suffix not in (".md", ".ipynb", ".flags"):
            continue
        for module, words in commands_in(text_of(path)):
            flags = {w[2:].partition("=")[0] for w in words if w[:2] == "--"}
            if module == "trainer.task":
                modes = [w[7:] for w in words if w.startswith("--mode=")]
                module = f"{module} {modes[0] if modes else 'train'}"
            found[module] |= flags
    return found


SHOWN = shown()


def flags_of(command: str) -> set[str]:
    """Returns the names that a command takes behind --."""
    module, _, mode = command.partition(" ")
    if mode:
        flags = all_flags(MODES[mode]).values()
        return {"mode", *(f.name for f in flags)} | {
            f"no{f.name}" for f in flags if f.kind is bool
        }
    told = commands.run(module, "--help").stdout
    found = re.findall(r"^  (?:-\w, )?--(\[no\])?(\w+)", told, re.M)
    names = {name for _, name in found}
    names |= {f"no{name}" for negated, name in found if negated}
    return names | (BEAM if module == "preprocess.main" else set())


def test_commands_are_found_in_blocks_words_and_comments():
    text = "    python -m trainer.task --a=1 --b | tee log\n"
    text += "Run `cityscapes-verify --c='x --d'` or --e."
    assert commands_in(text) == [
        ("trainer.task", ["--a=1", "--b"]),
        ("preprocess.verify", ["--c="]),
    ]
    assert {"trainer.task train", "preprocess.main"} <= SHOWN.keys()
    assert {"encoder", "flagfile"} <= SHOWN["trainer.task train"]
    assert "num_pairs" in SHOWN["benchmarks.input"]  # In words, on two lines.


@pytest.mark.parametrize("command", sorted(c for c in SHOWN if SHOWN[c]))
def test_a_command_takes_the_flags_that_it_is_shown_with(command):
    assert SHOWN[command] - flags_of(command) - ANYWHERE == set()
