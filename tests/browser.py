"""Pages as Chromium shows them."""

import html
import json
import pathlib
import shutil
import subprocess

import pytest

PHONE_PX = 360
"""A narrow phone's width."""

_WRAPPED = """<!doctype html><iframe width="{width}" height="2000"
style="border:0" srcdoc="{page}"></iframe><script>onload = () => {{
const view = frames[0], doc = view.document;
document.title = JSON.stringify({script}); }};{functions}</script>"""
# Chromium's windows are 500 px wide at least, so a frame is the phone.

_FUNCTIONS = """
const written = (doc) => [...doc.body.querySelectorAll("*")].filter(
  (e) => [...e.childNodes].some((n) => n.nodeType == 3 && n.data.trim()) &&
    e.checkVisibility());
const parse = (text) => {
  const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
  return [r, g, b, a];
};
const ground = (e, view) => {  // The colour behind a text, layer by layer.
  const layers = [];
  for (; e; e = e.parentElement)
    layers.push(parse(view.getComputedStyle(e).backgroundColor));
  return layers.reverse().reduce(
    (below, [r, g, b, a]) =>
      [r, g, b].map((c, i) => a * c + (1 - a) * below[i]),
    [255, 255, 255]);
};
const luminance = (rgb) => rgb.slice(0, 3)
  .map((c) => c / 255)
  .map((c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
const contrast = (e, view) => {  // As WCAG 2 defines it.
  const style = view.getComputedStyle(e);
  const ink = luminance(parse(e.closest("svg") ? style.fill : style.color));
  const paper = luminance(ground(e, view));
  return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05);
};
const size = (e, view) => {  // Of its letters on the screen.
  const own = parseFloat(view.getComputedStyle(e).fontSize);
  const svg = e.closest("svg");
  return svg ? own * svg.getScreenCTM().a : own;
};
"""


def run(folder: pathlib.Path, *arguments: str) -> str:
    """Runs Chromium without a window; returns what it prints."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("Chromium is not installed")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu"]
    command += ["--disable-background-networking", "--disable-sync"]
    command += ["--disable-component-update", "--no-first-run"]
    command += [f"--user-data-dir={folder / 'profile'}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def measure(folder: pathlib.Path, page: str, script: str, **looks):
    """Evaluates JavaScript beside a page.

    Args:
        folder: For Chromium's files.
        page: The page.
        script: An expression; knows the page as `view` and `doc`.
        looks: `width`, the page's in pixels; `dark`, whether the system is.
    """
    width = looks.get("width", PHONE_PX)
    outside = folder / "outside.html"
    outside.write_text(
        _WRAPPED.format(
            width=width,
            page=html.escape(page),
            script=script,
            functions=_FUNCTIONS,
        )
    )
    scheme = 0 if looks.get("dark") else 1
    dom = run(
        folder,
        f"--blink-settings=preferredColorScheme={scheme}",
        "--dump-dom",
        outside.as_uri(),
    )
    title = dom.partition("<title>")[2].partition("</title>")[0]
    return json.loads(html.unescape(title))


def assert_fits_a_phone(folder: pathlib.Path, page: str) -> None:
    """Checks that nothing sticks out, and that letters have 11 px."""
    width, smallest, text = measure(
        folder,
        page,
        "[doc.documentElement.scrollWidth, ...written(doc)"
        ".map((e) => [size(e, view), e.textContent])"
        ".reduce((a, b) => a[0] <= b[0] ? a : b)]",
    )
    assert width <= PHONE_PX
    assert smallest >= 11, text


def assert_readable(folder: pathlib.Path, page: str, dark: bool) -> None:
    """Checks the contrast of each text, and which of both is the darker."""
    lowest, text, paper = measure(
        folder,
        page,
        "[...written(doc).map((e) => [contrast(e, view), e.textContent])"
        ".reduce((a, b) => a[0] <= b[0] ? a : b),"
        " luminance(ground(doc.body, view))]",
        width=1100,
        dark=dark,
    )
    assert (paper < 0.1) if dark else (paper > 0.9)
    assert lowest >= 4.5, text
