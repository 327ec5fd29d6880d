"""A real Chromium: the one that the machine has."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """The path of a Chromium; skips the test where there is none."""
    named = os.environ.get("TRIAGE_TEST_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("no Chromium here: install Debian's package `chromium`, or set TRIAGE_TEST_CHROMIUM")
    return found


@contextmanager
def launched() -> Iterator[object]:
    """A running browser."""
    from playwright.sync_api import sync_playwright

    # Chromium's sandbox does not start for root, as which containers run.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()
