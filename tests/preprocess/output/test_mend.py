from preprocess.output import mend
from tests.preprocess.conversions import convert


def test_mending_counts_each_frame_once(root, tmp_path, monkeypatch):
    convert(root, tmp_path / "out", num_shards=3)
    (tmp_path / "out" / "train-00001-of-00003.tfrecord").unlink()
    expected, done = [], []
    monkeypatch.setattr(mend.progress, "expect", expected.append)
    monkeypatch.setattr(mend.progress, "advance", lambda n=1: done.append(n))
    convert(root, tmp_path / "out", num_shards=3)
    assert (expected, sum(done)) == ([6], 6)
