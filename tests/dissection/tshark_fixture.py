"""The fixture of all tests that run tshark."""

import os

import pytest

import tshark as harness


@pytest.fixture(scope="session")
def tshark():
    """tshark with the plugin. Where nobody names a plugin the test is skipped; a named one must be there."""
    reason = harness.plugin_missing()
    if reason:
        (pytest.fail if os.environ.get("D2DSEC_PLUGIN_DIR") else pytest.skip)(reason)
    runner = harness.Tshark()
    yield runner
    runner.close()
