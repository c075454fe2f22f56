import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "dissection")]

import desktop as driver
from tshark_fixture import tshark  # noqa: F401


@pytest.fixture(scope="session")
def desktop():
    missing = driver.missing_programs()
    if missing:
        pytest.fail("not installed: " + ", ".join(missing))
    display = driver.Desktop()
    yield display
    display.close()


@pytest.fixture
def wireshark(tshark, desktop):
    """Starts Wireshark with the plugin: wireshark(ARGUMENT..., preferences=TEXT)."""
    runs = []

    def start(*arguments, preferences=""):
        runs.append(driver.Wireshark(desktop, *driver.prepare(tshark, arguments, preferences=preferences)))
        return runs[-1]

    yield start
    for each in runs:
        each.end()
