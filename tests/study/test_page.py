"""The page, driven by Chromium as participants would."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
pytest.importorskip("selenium", reason="selenium is not installed")

from selenium.webdriver.common.action_chains import ActionChains

from looking3d.study.answers import load_judgements
from looking3d.study.config import subset_beside
from looking3d.study.draws import Draws
from looking3d.study.subset import Subset
from tests.web.browsing import CHROMIUM, DRIVER, Browser, chromium
from tests.web.running import RunningCommand

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"
)

PAIRS = 10


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Browser, Browser]]:
    """Two people's windows."""
    with contextlib.ExitStack() as windows:
        yield (
            windows.enter_context(chromium(tmp_path / "one")),
            windows.enter_context(chromium(tmp_path / "other")),
        )


def begin(browser: Browser, url: str) -> None:
    browser.driver.get(url)
    browser.one("input[name=agree]").click()
    browser.one(".consent button").click()
    ready(browser, 1)


def ready(browser: Browser, position: int) -> None:
    browser.one("body[data-ready] #progress", f"{position} of {PAIRS}")


def press(browser: Browser, *keys: str) -> None:
    """Press keys, one right after the other."""
    ActionChains(browser.driver, duration=0).send_keys(*keys).perform()


def test_two_people_at_once_a_reload_and_a_double_press(
    two: tuple[Browser, Browser], made: Path, tmp_path: Path
) -> None:
    database = tmp_path / "study.sqlite"
    serve = ("study", "serve", "--data", str(made), "--database", str(database), "--subset", "12")
    first, second = two
    with RunningCommand(*serve, "--pairs", str(PAIRS)) as server:
        for browser in two:
            begin(browser, server.url)
        for position in range(1, PAIRS + 1):
            for browser in two:
                ready(browser, position)
            if position == 4:
                assert first.picture("#photo") == (64, 64)
                shown = first.one("#view").get_attribute("src")
                press(first, "\ue014")  # the right arrow turns
                assert first.one("#view").get_attribute("src") != shown
                first.driver.refresh()
                ready(first, position)
                second.driver.back()
                ready(second, position)
            # The first says anomalous by key, at position 6 twice; the second normal, by the button.
            press(first, *("jj" if position == 6 else "j"))
            second.one("#answer button[value=normal]").click()
        for browser in two:
            browser.one("#thanks", "Thank you")
            browser.driver.refresh()
            browser.one("#thanks", f"All {PAIRS} answers are kept")
            assert not browser.complaints()
    assert server.process.returncode == 0

    subset = Subset.load(subset_beside(database))
    found, draws = load_judgements(database, subset.digest), Draws(subset, PAIRS, 0)
    assert found.participants.tolist() == [1, 2]
    assert found.incomplete == {}
    for number, said in ((1, True), (2, False)):
        of_participant = found.participant == number
        assert tuple(found.pair[of_participant]) == draws.of(number)
        assert (found.anomalous[of_participant] == said).all()
        # What was loaded twice has no time; all else has.
        unmeasured = found.milliseconds[of_participant] != found.milliseconds[of_participant]
        assert unmeasured.tolist() == [position == 4 for position in range(1, PAIRS + 1)]
    known = found.milliseconds[found.milliseconds == found.milliseconds]
    assert (known >= 300).all()
