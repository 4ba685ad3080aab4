import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def picture_folder(tmp_path):
    """Two pictures of 2x4, a Cityscapes city's empty folder, and a text."""
    (tmp_path / "val" / "ulm").mkdir(parents=True)
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    Image.fromarray(pixels).save(tmp_path / "b.png")
    Image.fromarray(pixels).save(tmp_path / "a.JPG", "JPEG")
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path
