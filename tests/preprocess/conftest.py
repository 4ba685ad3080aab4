import pytest

from tests import trees
from tests.stand_ins import object_store


@pytest.fixture
def root(tmp_path):
    return trees.write_tree(tmp_path / "cityscapes")


@pytest.fixture
def store():
    """An empty object store, which Beam knows by store://."""
    yield object_store
    object_store.reset()
