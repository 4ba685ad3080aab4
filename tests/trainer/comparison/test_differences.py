from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.table import ignoring
from tests.stand_ins import fake_runs
from trainer.comparison import differences
from trainer.config.training import Change
from trainer.runs.run import Run


def run(name, **flags):
    return Run(name, name, fake_runs.config(name, **flags), [], {}, ())


def test_only_flags_that_differ_are_listed_in_their_order():
    runs = [run("a"), run("b", loss="focal", seed=2, epochs=9)]
    assert list(differences.flags(runs).items()) == [
        ("epochs", ["2", "9"]),
        ("seed", ["1", "2"]),
        ("loss", ["cross_entropy", "focal"]),
    ]
    assert differences.flags([run("a"), run("b")]) == {}


def test_classes_and_changes_count_as_flags():
    other = run("b", labels=ignoring(CITYSCAPES, 8))
    change = run("c", changes=(Change(4, "epochs", "2", "3"),))
    rows = differences.flags([run("a"), other, change])
    assert rows["(classes)"] == [
        "34 label_ids",
        "34 label_ids; id 8 is 'sidewalk', which is not evaluated, here and "
        "'sidewalk' of train id 1 there",
        "34 label_ids",
    ]
    assert rows["(changes)"] == ["", "", "step 4: epochs=3"]


def names(groups):
    return [[run.name for run in group] for group in groups]


def test_runs_are_grouped_where_their_seed_alone_differs():
    runs = [
        run("a", seed=1),
        run("b", seed=2, save_steps=7, keep_checkpoints=1),
        run("c", seed=3, learning_rate=0.01),
        run("d", seed=4, learning_rate=0.01),
        run("e", seed=5, data_dir="other"),
        run("f", seed=6, labels=ignoring(CITYSCAPES, 8)),
        run("g", seed=7, changes=(Change(4, "epochs", "2", "3"),)),
    ]
    groups = differences.seed_groups(runs)
    assert names(groups) == [["a", "b"], ["c", "d"]]
    assert differences.describe(groups[1], runs[:4]) == "learning_rate=0.01"
    assert differences.describe(groups[0], runs[:2]) == ""


def test_flags_that_leave_the_result_alone_are_told_apart():
    decide = differences.decide
    assert decide("loss") and decide("data_dir") and decide("(classes)")
    assert not decide("cache") and not decide("save_steps")
