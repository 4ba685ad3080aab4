from benchmarks import augmentation
from benchmarks.contenders import feed_ours
from tests.benchmarks import feeds


def test_every_augmentation_is_timed(tmp_path, monkeypatch):
    rates, ratios = feeds.measure(
        augmentation.main, [feed_ours], tmp_path, monkeypatch
    )
    assert len(rates) == len(feed_ours.AUGMENTATIONS)
    assert min(rates) > 0
    assert list(ratios.values()) == [2.0, 3.0, 4.0, 5.0, 6.0]
    assert "and colours / crop and flip, as the recipe" in ratios
