"""The look of the pages that people open: a data set's, a run's."""

import importlib.resources


def style() -> str:
    """Returns their common CSS: colours, light and dark, text, boxes, bars.

    Colours are the variables of `:root`; a page that adds rules takes these,
    so that it is dark where its reader's system is.
    """
    return (
        importlib.resources.files("schemas")
        .joinpath("page.css")
        .read_text("utf-8")
    )
