"""Label tables of any content: read as they say, or refused by their line."""

import pytest

pytest.importorskip("hypothesis")

from hypothesis import strategies as st  # noqa: E402

from schemas.labels import files  # noqa: E402
from schemas.labels.table import LabelTable  # noqa: E402
from tests.fuzz.harness import damaged, fuzz  # noqa: E402

CSV = (
    b"name,id,train_id,category,color\nroad,7,0,flat,#804080\nsky,0,1,,1 2 3\n"
)
COLORS = b"# made by hand\n0 0 0 background\n128 64 128 road\n70 130 180 sky\n"
CELLS = st.one_of(
    st.sampled_from(["name", "id", "train_id", "color", "", "0", "1", "255"]),
    st.sampled_from(
        ['"', "#", "#804080", "1 2 3", "9" * 5000, "\u0663", "\x00"]
    ),
    st.text(max_size=5),
)


@st.composite
def tables(draw) -> str:
    """Draws lines of cells with one delimiter between them."""
    delimiter = draw(st.sampled_from([",", ";", "\t", " "]))
    lines = draw(st.lists(st.lists(CELLS, max_size=5), max_size=6))
    return "\n".join(map(delimiter.join, lines))


@fuzz(
    st.one_of(
        st.text(max_size=99),
        tables(),
        tables().map(lambda lines: f"name,id\na,0\nb,1\n{lines}"),
        damaged(st.sampled_from([CSV, COLORS])).map(
            lambda data: data.decode(errors="replace")
        ),
    )
)
def test_a_table_is_read_as_it_says_or_refused(text):
    try:
        table = files.parse(text)
    except ValueError as error:
        message = str(error)
        assert message.startswith("line ") or "holds no class" in message
        return
    assert LabelTable.from_json(table.to_json()) == table
    for space in (table.label_ids, table.train_ids):
        assert space.stored.shape == (256,)
