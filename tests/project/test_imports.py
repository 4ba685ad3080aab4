import importlib.util
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
WITHOUT = {"__init__"}
if importlib.util.find_spec("jax") is None:
    WITHOUT.add("jax_mesh")
if importlib.util.find_spec("av") is None:
    WITHOUT |= {"clip", "overlay", "writer"}


def modules_of(package: str) -> list[str]:
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.stem not in WITHOUT
    ]


@pytest.mark.parametrize(
    ("package", "walls"),
    [
        ("schemas", ("tensorflow", "keras", "apache_beam", "PIL")),
        ("preprocess", ("tensorflow", "keras", "trainer")),
        ("trainer", ("apache_beam", "preprocess")),
    ],
)
def test_a_package_stays_behind_its_walls(package, walls):
    names = modules_of(package)
    assert names
    code = (
        f"import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(*[w for w in {walls!r} if w in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
