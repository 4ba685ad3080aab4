"""From an object store to an object store, and the same command again."""

from preprocess.output.mend import Repairs
from tests import trees
from tests.preprocess.conversions import convert

ROOT, OUT = "store://bucket/root", "store://bucket/out"


def test_of_shards_in_an_object_store_the_sizes_are_compared(store, root):
    store.fill(ROOT, trees.contents(root))
    assert convert(ROOT, OUT).repairs is None
    shard = bytearray(store.objects[f"{OUT}/train-00000-of-00001.tfrecord"])
    shard[len(shard) // 2] ^= 1
    store.fill(OUT, {"train-00000-of-00001.tfrecord": bytes(shard)})
    assert convert(ROOT, OUT).repairs == Repairs(were_read=False)
    del store.objects[f"{OUT}/features.json"]
    mended = Repairs(num_others=1, were_read=False)
    assert convert(ROOT, OUT).repairs == mended
    assert f"{OUT}/features.json" in store.objects
