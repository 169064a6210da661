"""Chromium, driven as a person would."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import alert_is_present
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--window-size=1280,1000",
)
PATIENCE_S = 300  # a busy machine takes its time


class Browser:
    """A window, and what a person does in it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get(url)
        self.one("body[data-ready]")

    def one(self, selector: str, text: str = "") -> WebElement:
        """The first element of a selector that shows a text, as soon as there is one."""

        def found(_: object) -> WebElement | bool:
            elements = self.driver.find_elements(By.CSS_SELECTOR, selector)
            return next((one for one in elements if text in one.text), False)

        wait = WebDriverWait(self.driver, PATIENCE_S, ignored_exceptions=[StaleElementReferenceException])
        try:
            return wait.until(found)
        except TimeoutException as error:
            raise AssertionError(f"no {selector} with {text!r}; the page says: {self.said()}") from error

    def said(self) -> list[str]:
        """The page's message, and the first line of each card."""
        script = (
            "return [...document.querySelectorAll('#message, article .top, .failure, .waiting')]"
            ".map((one) => one.innerText)"
        )
        return self.driver.execute_script(script)

    def answers(self, selector: str, key: str, question: str, yes: bool) -> None:
        """Press a key on a button that asks back, and answer."""
        self.one(selector).send_keys(key)
        asked = WebDriverWait(self.driver, PATIENCE_S).until(alert_is_present())
        assert asked.text.startswith(question)
        (asked.accept if yes else asked.dismiss)()

    def picture(self, selector: str) -> tuple[int, int]:
        """The size of a picture, once it has come."""
        size = "return [arguments[0].naturalWidth, arguments[0].naturalHeight]"
        image = self.one(selector)
        WebDriverWait(self.driver, PATIENCE_S).until(lambda _: self.driver.execute_script(size, image)[0])
        width, height = self.driver.execute_script(size, image)
        return width, height

    def complaints(self) -> list[dict]:
        """What the page's scripts had to complain of since the last time."""
        return [line for line in self.driver.get_log("browser") if line["level"] == "SEVERE"]


@contextlib.contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """A window of its own, with nothing remembered; its profile is kept in the folder."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for option in (*OPTIONS, f"--user-data-dir={folder}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
