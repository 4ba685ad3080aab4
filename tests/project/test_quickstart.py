"""The notebook runs, with few scenes, and its last cell shows an overlay."""

import nbclient
import nbformat
import numpy as np
import pytest
from PIL import Image

from tests import commands

PATH = commands.ROOT / "docs" / "quickstart.ipynb"


def notebook() -> nbformat.NotebookNode:
    return nbformat.read(PATH, as_version=4)


def with_values(page: nbformat.NotebookNode, **values) -> nbformat.NotebookNode:
    """Puts values after the cell of parameters, as papermill would."""
    (at,) = (
        index
        for index, cell in enumerate(page.cells)
        if "parameters" in cell.metadata.get("tags", ())
    )
    lines = [f"{name} = {value!r}" for name, value in values.items()]
    page.cells.insert(at + 1, nbformat.v4.new_code_cell("\n".join(lines)))
    return page


@pytest.mark.slow
def test_the_notebook_ends_with_an_overlay_of_ones_own_photo(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(commands.ROOT))
    photo = tmp_path / "my photo.jpg"
    pixels = np.random.default_rng(0).integers(0, 256, (120, 90, 3), np.uint8)
    Image.fromarray(pixels).save(photo)
    page = with_values(
        notebook(),
        photo=str(photo),
        work=str(tmp_path / "work"),
        num_scenes=8,
        epochs=1,
    )
    where = {"metadata": {"path": str(PATH.parent)}}
    nbclient.NotebookClient(page, timeout=900, resources=where).execute()
    overlay = tmp_path / "work/predictions/overlay/my photo_overlay.png"
    with Image.open(overlay) as picture:
        assert picture.width == 90 and picture.height > 120  # and the legend
    (shown,) = page.cells[-2].outputs
    assert shown.data["image/png"]


def test_the_notebook_is_stored_without_outputs():
    for cell in notebook().cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None


def test_the_notebook_s_commands_are_those_of_the_pages():
    pages = [commands.ROOT / "README.md", *PATH.parent.glob("*.md")]
    text = "\n".join(page.read_text() for page in pages)
    found = 0
    for cell in notebook().cells:
        if cell.source.startswith("%%bash"):
            for line in cell.source.splitlines():
                words = line.split()
                if words and words[0] in ("cityscapes-train", "python"):
                    found += 1
                    assert " ".join(words[:2]) in text
    assert found == 4
