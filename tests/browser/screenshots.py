"""Make docs/images/ask-in-jupyterlab.png: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.browser.lab import Lab, chromium, serving
from tests.support.scripted_model import ScriptedModel, call, text

DOCS = Path(__file__).parents[2] / "docs"
IMAGE = DOCS / "images" / "ask-in-jupyterlab.png"
COLOURS = 128

LOAD = "import pandas as pd\n\npenguins = pd.read_csv('penguins.csv')\npenguins.shape"
QUESTION = "%ask Do heavier penguins have longer flippers? Draw it, one colour per species."
CODE = """ax = None
for colour, (species, group) in zip(["C0", "C1", "C2"], penguins.groupby("species")):
    ax = group.plot.scatter(
        "flipper_length_mm", "body_mass_g", ax=ax, color=colour, label=species, figsize=(7, 3.2)
    )"""
ANSWER = """Yes. Over all 342 penguins that were measured, flipper length and body mass go
together closely (**r ≈ 0.87**), and they do so *within* each species too; Gentoo are the large
ones. Run the cell below to see it."""


def main() -> None:
    """Ask about the penguins in JupyterLab, run the cell of the answer, and take the picture."""
    with tempfile.TemporaryDirectory() as name, ScriptedModel() as model:
        folder = Path(name)
        shutil.copy(DOCS / "tutorial" / "penguins.csv", folder)
        model.when("flippers", call("insert_cell", code=CODE), text(ANSWER))
        settings = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-a-key"}
        with (
            chromium(device_scale_factor=1.5) as browser,
            serving(folder, browser, **settings) as lab,
        ):
            take(lab, folder / "raw.png")
        shrink(folder / "raw.png", IMAGE)
    sys.stderr.write(f"{IMAGE}: {IMAGE.stat().st_size // 1000} kB\n")


def take(lab: Lab, raw: Path) -> None:
    """Live through it, and photograph the notebook."""
    with lab.notebook(LOAD, QUESTION) as notebook:
        notebook.ready()
        notebook.page.keyboard.press("Control+b")
        notebook.run(0)
        expect(notebook.outputs(0)).to_have_text("(344, 8)")
        notebook.run(1)
        expect(notebook.outputs(1).last).to_contain_text("Run the cell below")
        notebook.run(2)
        expect(notebook.outputs(2).locator("img")).to_be_visible()
        notebook.page.screenshot(path=raw)


def shrink(raw: Path, target: Path) -> None:
    """Write a picture with few colours, as a page of text needs no more."""
    with Image.open(raw) as picture:
        picture.convert("RGB").quantize(COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    main()
