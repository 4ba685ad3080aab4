import pytest

from tests import trees


@pytest.fixture
def root(tmp_path):
    return trees.write_tree(tmp_path / "cityscapes")
