import json

from benchmarks import augmentation
from benchmarks.contenders import feed_ours, feeding
from benchmarks.harness import rounds
from tests.trees import STEMS, write_tree


def test_every_augmentation_is_timed(tmp_path, monkeypatch):
    monkeypatch.setattr(feeding, "SECONDS", 1e-3)
    rates = []

    def run_here(contender):
        _, _, module, *arguments = contender.command
        assert module == feed_ours.__name__
        rates.append(feed_ours.measure(*arguments))
        return rounds.Sample(float(len(rates)), None)

    monkeypatch.setattr(rounds, "run_once", run_here)
    root = write_tree(tmp_path / "root", STEMS[:4])
    path = tmp_path / "figures.json"
    flags = (
        "--rounds=1",
        f"--json={path}",
        f"--cityscapes_root={root}",
        f"--work_dir={tmp_path}",
    )
    assert augmentation.main(flags) == 0
    assert len(rates) == len(feed_ours.AUGMENTATIONS)
    assert min(rates) > 0
    ratios = json.loads(path.read_text())["ratios"]
    assert list(ratios.values()) == [2.0, 3.0, 4.0, 5.0, 6.0]
    assert "and colours / crop and flip, as the recipe" in ratios
