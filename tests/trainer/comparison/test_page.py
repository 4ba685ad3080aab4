import re

import pytest

from schemas.labels import files
from tests import browser
from tests.stand_ins import fake_runs
from trainer.comparison import frames, notes, page, runs

OWN = files.parse("name,id,color\nroad,3,250 0 0\nsky,9,0 250 0\ntram,20,0 0 9")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Three runs, one of another loss, with a first loss that sticks out."""
    root = tmp_path_factory.mktemp("runs")
    found = [
        fake_runs.write(
            root / name,
            ious=[0.1, *[0.4 + 0.01 * number] * 12],
            losses=[90.0, *[2.0, 1.5, 1.0] * 4],
            **flags,
        )
        for number, (name, flags) in enumerate(
            {
                "first": {"seed": 1},
                "second <b>": {"seed": 2},
                "third-of-a-very-long-name-without-any-gap": {
                    "loss": "cross_entropy_dice",
                    "data_dir": "/a/very/long/path" * 4,
                },
            }.items()
        )
    ]
    for number, folder in enumerate(found):
        fake_runs.evaluate(folder, hits=1 + number)
        fake_runs.draw_strip(folder, 40 * number)
    return found


def render(folders):
    opened = runs.open_runs(list(map(str, folders)))
    problems = notes.find(opened)
    return page.render(opened, problems, frames.find(opened, problems))


@pytest.fixture(scope="module")
def text(folders):
    return render(folders)


def test_the_page_needs_nothing_from_outside(text):
    sources = re.findall(r"(?:src|href)='([^']*)'", text)
    assert len(sources) == 1 + 2 + 3 * 2
    assert all(source.startswith("data:") for source in sources)
    assert "<script" not in text and "http" not in text
    assert "second &lt;b&gt;" in text and "second <b>" not in text
    assert page.MARK in text[:4096]


def row(text, name):
    """Returns the cells of the rows of a name."""
    found = re.findall(f"<tr><th>{re.escape(name)}</th>(.*?)</tr>", text)
    return [
        [re.sub("<[^>]*>", "", cell) for cell in cells.split("</td>")[:-1]]
        for cells in found
    ]


def test_it_holds_scores_differences_and_spread(text):
    best, spread = row(text, "val mean IoU, best")
    assert best == ["40.00", "41.00", "42.00"]
    assert spread == ["40.50", "0.71", "40.00", "41.00", "2"]
    assert row(text, "loss") == [
        ["cross_entropy", "cross_entropy", "cross_entropy_dice"]
    ]
    assert row(text, "epochs") == [["13 of 2"] * 3]
    assert "losses do not compare" in text


def test_it_holds_curves_by_step_and_by_epoch(text):
    assert text.count("<figure><figcaption>Training loss") == 2
    assert ">step 130</text>" in text and ">epoch 13</text>" in text
    # Each first loss stands at the edge, on two scales and two axes.
    assert text.count(">90</text>") == 3 * 2 * 2


def test_classes_that_differ_most_come_first(text):
    names = re.findall("<th>([^<]*)</th><td><div class=dots>", text)
    assert names == ["road", "sky"]
    assert row(text, "road") == [["", "25.00", "50.00", "75.00", "50.00"]]


def test_classes_of_one_name_are_compared(tmp_path):
    one = fake_runs.write(tmp_path / "one")
    two = fake_runs.write(tmp_path / "two", labels=OWN)
    fake_runs.evaluate(one)
    fake_runs.evaluate(two, hits=2, space=OWN.label_ids)
    text = render([one, two])
    assert row(text, "road") == [["", "75.00", "50.00", "25.00"]]
    assert "two has other classes than one: id 0 is no class here" in text


def test_runs_that_kept_nothing_are_shown_all_the_same(tmp_path):
    folders = [
        fake_runs.write(tmp_path / str(seed), (), (), seed=seed)
        for seed in range(2)
    ]
    (folders[0] / "metrics.csv").unlink()
    text = render(folders)
    for title in ("Curves", "IoU of each class", "The same frames"):
        assert title not in text
    assert row(text, "seed") == [["0", "1"]]
    assert row(text, "epochs") == [["0 of 2"] * 2]


def test_a_browser_switches_between_steps_and_epochs(text, tmp_path):
    shown = (
        "[...doc.querySelectorAll('.charts')].map((e) => e.checkVisibility())"
    )
    assert browser.measure(tmp_path, text, shown) == [True, False]
    click = f"(doc.getElementById('epoch').click(), {shown})"
    assert browser.measure(tmp_path, text, click) == [False, True]


def test_a_phone_shows_it_without_scrolling_sideways(text, tmp_path):
    browser.assert_fits_a_phone(tmp_path, text)


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_read_in_light_and_dark(text, tmp_path, dark):
    browser.assert_readable(tmp_path, text, dark)
