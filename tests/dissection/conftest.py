import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import tshark as harness


@pytest.fixture(scope="session")
def tshark():
    """tshark with the plugin. Without a plugin to judge, the test is skipped."""
    reason = harness.plugin_missing()
    if reason:
        pytest.skip(reason)
    runner = harness.Tshark()
    yield runner
    runner.close()
