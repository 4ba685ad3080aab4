"""The pages hold: links, flags, rooms and checks that they name exist."""

import pathlib
import re
import tomllib

import pytest

from schemas import extras
from tests import recipes
from tests.beam_flags import BEAM

ROOT = pathlib.Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *DOCS.glob("*.ipynb")])
PACKAGES = ("preprocess", "schemas", "trainer")
NOT_OURS = {f"--{name}" for name in BEAM} | {
    # pip, python -m build, docker, git
    "--build-arg",
    "--format",
    "--gpus",
    "--name",
    "--no-deps",
    "--require-hashes",
    "--rm",
    "--stat",
    "--user",
    # Model Garden
    "--config_file",
    "--experiment",
    # TensorBoard
    "--logdir",
    # absl
    "--flagfile",
    "--help",
}


def page_id(path: pathlib.Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(text: str) -> set[str]:
    """Returns what GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {word.replace(" ", "-") for word in words}


def defined_flags() -> set[str]:
    """Returns the flags that code defines, and --noNAME of absl's."""
    found: set[str] = set()
    for package in (*PACKAGES, "benchmarks"):
        for path in (ROOT / package).rglob("*.py"):
            code = path.read_text()
            found |= set(re.findall(r'add_argument\(\s*"--(\w+)"', code))
            of_splits = re.findall(r'f"--(\w+)\{split\}"', code)
            found |= {f"{p}{s}" for p in of_splits for s in ("train", "val")}
            for pattern in (
                r'DEFINE_\w+\(\s*"(\w+)"',
                r"^    (\w+): .* = (?:option|same_as)\(",
            ):
                names = re.findall(pattern, code, re.MULTILINE)
                found |= {f"{no}{name}" for name in names for no in ("", "no")}
    return found


def prose_of(page: pathlib.Path) -> str:
    """Returns a page without its code blocks."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    return re.sub(r"^ {4}.*$", "", text, flags=re.M)


DEFINED = defined_flags()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_to_files_and_headings(page):
    for target in re.findall(r"\]\(([^)]+)\)", prose_of(page)):
        if target.startswith("http"):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text()), target


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_flags_that_a_page_names_exist(page):
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9_-]+", page.read_text()))
    assert {flag[2:] for flag in named - NOT_OURS} - DEFINED == set()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_modules_that_a_page_names_exist(page):
    names = set(re.findall(r"python -m ([a-z_.]+)", page.read_text()))
    for name in names:
        top = name.partition(".")[0]
        if top in (*PACKAGES, "benchmarks", "tests"):  # build/ may lie there
            path = ROOT / name.replace(".", "/")
            assert path.with_suffix(".py").exists(), name


def test_each_set_of_extras_is_installed_by_one_spelling():
    paths = [*PAGES, *ROOT.glob("docs/*.ipynb"), *ROOT.glob("configs/*.flags")]
    text = "\n".join(path.read_text() for path in paths).replace('\\"', '"')
    assert set(re.findall(r'pip install ([^"`\n]*)"\.\[', text)) == {
        extras.install("").removeprefix("pip install ")[: -len('".[]"')]
    }
    written = set(re.findall(r'"\.\[([a-z,-]+)\]"', text))
    assert len({frozenset(names.split(",")) for names in written}) == len(
        written
    )
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    known = pyproject["project"]["optional-dependencies"]
    assert {name for names in written for name in names.split(",")} <= {*known}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_design_names_each_room(package):
    design = (DOCS / "design.md").read_text()
    rooms = [p.parent.name for p in (ROOT / package).glob("*/__init__.py")]
    for room in rooms:
        assert f"`{room}/`" in design, room


def test_the_readme_shows_the_recipe_that_is_tested():
    assert recipes.on_page("tf.data") in (ROOT / "README.md").read_text()


def test_pre_commit_runs_what_make_lint_runs():
    makefile = (ROOT / "Makefile").read_text()
    lint = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    checks = re.findall(r"\$\(BIN\)/(.*)", lint.group(1))
    config = (ROOT / ".pre-commit-config.yaml").read_text()
    hooks = re.findall(r"entry: \.venv/bin/(.*)", config)
    assert [hook.split()[0] for hook in hooks] == [
        check.split()[0] for check in checks
    ]
