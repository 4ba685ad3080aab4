"""The reading recipes that the card and the pages show, made runnable."""

import html.parser
import pathlib

from preprocess.output import card

ROOT = pathlib.Path(__file__).parent.parent
PAGE = ROOT / "docs" / "read_elsewhere.md"
PLACEHOLDER = "DATA_DIR"


class _Blocks(html.parser.HTMLParser):
    """Collects the text of each <pre> that has an id."""

    def __init__(self):
        super().__init__()
        self.texts = {}
        self._current = None

    def handle_starttag(self, tag, attributes):
        if tag == "pre":
            self._current = dict(attributes).get("id")

    def handle_endtag(self, tag):
        if tag == "pre":
            self._current = None

    def handle_data(self, data):
        if self._current:
            self.texts[self._current] = data.lstrip("\n")


def on_card(data_dir) -> dict[str, str]:
    """Returns each recipe of a data set's card by its id."""
    blocks = _Blocks()
    blocks.feed((pathlib.Path(data_dir) / card.FILE_NAME).read_text())
    return blocks.texts


def on_page(title: str, language: str = "python") -> str:
    """Returns the first code block below a heading of the reading page."""
    text = PAGE.read_text()
    _, heading, section = text.partition(f"# {title}\n")
    _, fence, block = section.partition(f"```{language}\n")
    assert heading and fence, f"{PAGE} has no recipe {title}"
    return block.partition("```")[0]


def run(recipe: str, data_dir) -> dict:
    """Runs a recipe on a data set; returns the names it defines."""
    names = {"__name__": "recipe"}
    exec(recipe.replace(PLACEHOLDER, str(data_dir)), names)
    return names
