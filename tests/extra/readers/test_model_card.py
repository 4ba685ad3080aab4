"""huggingface_hub reads a run's model card: `make test-readers`."""

from tests.extra.readers.reading import reader
from tests.stand_ins import fake_runs
from trainer.runs import card

huggingface_hub = reader("huggingface_hub")


def test_the_hub_reads_the_scores_of_a_card(tmp_path):
    folder = fake_runs.write(tmp_path / 'of "Ann": first')
    fake_runs.evaluate(folder, hits=3)
    fake_runs.evaluate(folder, hits=2, name="test", split="test")
    card.write(str(folder))
    read = huggingface_hub.ModelCard.load(str(folder / "model_card.md"))
    assert read.data.model_name == 'of "Ann": first'
    assert read.data.library_name == "keras"
    scores = {
        (found.dataset_split, found.metric_type): found.metric_value
        for found in read.data.eval_results
    }
    assert scores["val", "mean_iou"] == 0.775
    assert len(read.data.eval_results) == 6
    assert read.text.lstrip().startswith("<!-- Written by")
