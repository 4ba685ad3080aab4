"""What the wheel holds and starts, read from pyproject.toml."""

import ast
import pathlib
import re
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = ("preprocess", "schemas", "trainer")
NOT_DATA = {".py", ".pyc", ".pyi", ".c", ".so"}


@pytest.mark.parametrize("command", PYPROJECT["project"]["scripts"])
def test_a_console_script_starts_without_arguments(command):
    module, _, name = PYPROJECT["project"]["scripts"][command].partition(":")
    path = ROOT / pathlib.Path(*module.split(".")).with_suffix(".py")
    # Read, not imported: two commands define flags of the same names.
    found = [
        node.args
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    assert [len(args.args) - len(args.defaults) for args in found] == [0]


def test_every_folder_with_modules_is_a_package():
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            assert (path.parent / "__init__.py").exists(), path.parent


def test_every_file_beside_the_modules_is_package_data():
    declared = {
        pathlib.Path(package.replace(".", "/"), name)
        for package, names in PYPROJECT["tool"]["setuptools"][
            "package-data"
        ].items()
        for name in names
    }
    found = {
        path.relative_to(ROOT)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in NOT_DATA
    }
    assert found == declared


def test_changes_since_a_release_have_a_version_of_their_own():
    headings = re.findall(
        r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    version = PYPROJECT["project"]["version"]
    if headings[0] == "Unreleased":
        assert version.endswith(".dev0")
        assert version.removesuffix(".dev0") not in headings
    else:
        assert version == headings[0]
    build = (ROOT / "BUILD.md").read_text()
    assert f"dist/cityscapes_unet-{version}-*.whl" in build


def test_the_source_archive_holds_what_the_pages_name():
    lines = (ROOT / "MANIFEST.in").read_text().splitlines()
    words = {name for line in lines for name in line.split()[1:]}
    assert words >= {"BUILD.md", "constraints.txt", "configs", "docs"}
    assert all((ROOT / name).exists() for name in words)
