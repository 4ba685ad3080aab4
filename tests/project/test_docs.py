"""The pages hold: links, flags, rooms and checks that they name exist."""

import pathlib
import re
import tomllib

import pytest

from schemas import extras
from tests import recipes

ROOT = pathlib.Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *DOCS.glob("*.ipynb")])
PACKAGES = ("preprocess", "schemas", "trainer")
NOT_OURS = {
    # pip, python -m build, docker, git
    "--build-arg",
    "--format",
    "--gpus",
    "--no-deps",
    "--require-hashes",
    "--rm",
    "--stat",
    "--user",
    # Beam
    "--dask_client_address",
    "--dask_npartitions",
    "--environment_config",
    "--environment_type",
    "--job_endpoint",
    "--max_num_workers",
    "--project",
    "--region",
    "--runner",
    "--s3_endpoint_url",
    "--sdk_container_image",
    "--service_port",
    "--setup_file",
    "--temp_location",
    "--template_location",
    "--worker_machine_type",
    # Model Garden
    "--config_file",
    "--experiment",
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


def defines(code: str, flag: str) -> bool:
    """Returns whether code names a flag, or the one that --noNAME negates."""
    return bool(re.search(rf"\b({flag}|{flag.removeprefix('no')})\b", code))


def prose_of(page: pathlib.Path) -> str:
    """Returns a page without its code blocks."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    return re.sub(r"^ {4}.*$", "", text, flags=re.M)


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
    sources = [ROOT / "Makefile"]
    for package in (*PACKAGES, "benchmarks"):
        sources += (ROOT / package).rglob("*.py")
    code = "\n".join(path.read_text() for path in sources)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9_-]+", page.read_text()))
    unknown = {flag for flag in named - NOT_OURS if not defines(code, flag[2:])}
    assert unknown == set()


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
