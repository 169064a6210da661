"""The page, driven by Chromium as a person would: enrol, inspect, correct, find again after a restart."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
pytest.importorskip("selenium", reason="selenium is not installed")

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.web.browsing import CHROMIUM, DRIVER, Browser, chromium
from tests.web.running import Running

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def test_a_person_enrols_inspects_corrects_and_finds_it_again(
    browser: Browser, chair_glb: Path, photos: dict[str, Path], tmp_path: Path
) -> None:
    gallery = tmp_path / "gallery"
    with Running(gallery) as server:
        browser.open(server.url)
        # Without a reference, the page begins with enrolling.
        browser.one("#mesh").send_keys(str(chair_glb))
        browser.one("#enrol details summary").click()
        browser.one("#enrol-front").clear()
        browser.one("#enrol-front").send_keys("z")
        browser.one("#enrol button[type=submit]").click()
        browser.one("#reference h2", "chair")
        browser.one("#reference", "13 parts")
        assert browser.one(".viewer").get_attribute("aria-label") == "The 3D model; drag to turn it"
        browser.one(".viewer[data-kind]")
        assert browser.picture("#reference img.confirm")[0] > 800
        browser.one("#reference button.primary").click()

        browser.one("#photos").send_keys(f"{photos['normal']}\n{photos['anomalous']}")
        normal = browser.one("article[data-verdict=normal]", "normal.png")
        anomalous = browser.one("article[data-verdict=anomalous]", "anomalous.png")
        assert "as the model" in normal.text
        assert "differs" in anomalous.text
        assert "front left" in anomalous.text
        for layer in ("heat", "pale"):
            assert browser.picture(f"article[data-verdict=anomalous] img.{layer}") == (420, 300)
        assert anomalous.find_elements(By.CSS_SELECTOR, ".box")
        heat = browser.one("article[data-verdict=anomalous] img.heat")
        slide = "arguments[0].value = 25; arguments[0].dispatchEvent(new Event('input'))"
        browser.driver.execute_script(slide, browser.one("#inspect .heat-slider"))
        assert heat.value_of_css_property("opacity") == "0.25"

        browser.one("article[data-verdict=anomalous] [data-mark=wrong]").click()
        browser.one("article[data-verdict=anomalous] [data-mark=wrong][aria-pressed=true]")
        browser.one("article[data-verdict=normal] [data-mark=right]").click()
        browser.one("article[data-verdict=normal] [data-mark=right][aria-pressed=true]")

        browser.one("#tab-references").click()
        browser.one("#reference [data-action=calibrate]").click()
        browser.one("#calibration .says", "by 2 photos marked as good")

    with Running(gallery) as server:
        browser.open(f"{server.url}#history")
        browser.one("#history-count", "2 inspections")
        browser.one("#history-list button", "marked wrong").click()
        found = browser.one("#history-one article[data-verdict=anomalous]", "anomalous.png")
        assert found.find_elements(By.CSS_SELECTOR, "[data-mark=wrong][aria-pressed=true]")
        assert browser.picture("#history-one img.heat") == (420, 300)

        # It is deleted by the keyboard, once that is confirmed.
        delete = "#history-one [data-action=delete]"
        browser.answers(delete, Keys.ENTER, "Delete the inspection of anomalous.png?", yes=False)
        browser.answers(delete, Keys.SPACE, "Delete the inspection of anomalous.png?", yes=True)
        browser.one("#message", "The inspection of anomalous.png is deleted.")
        browser.one("#history-count", "1 inspection")
        assert not browser.driver.find_elements(By.CSS_SELECTOR, "#history article")
        assert "normal.png" in browser.driver.switch_to.active_element.text
        browser.driver.refresh()
        browser.one("#history-list button", "normal.png")
        assert len(browser.driver.find_elements(By.CSS_SELECTOR, "#history-list button")) == 1
    assert not browser.complaints()


def test_a_page_asks_for_the_key_and_tells_what_is_wrong(
    browser: Browser, enrolled: Path, tmp_path: Path
) -> None:
    shutil.copytree(enrolled, tmp_path / "gallery")
    (tmp_path / "notes.jpg").write_text("no photo")
    with Running(tmp_path / "gallery", LOOKING3D_API_KEY="a secret") as server:
        browser.driver.get(server.url)
        for key in ("a guess", "a secret"):
            browser.one("dialog[open] #key").send_keys(key)
            browser.one("dialog[open] button").click()
        browser.one("body[data-ready]")
        browser.one("#photos").send_keys(str(tmp_path / "notes.jpg"))
        browser.one("article.failure", "notes.jpg: not a photo that can be read")
        browser.complaints()  # it notes each refusal
