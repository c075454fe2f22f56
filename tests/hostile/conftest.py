import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "dissection"))

import tshark as harness


@pytest.fixture(scope="session")
def tshark():
    """tshark with the plugin as tests/dissection has it; an unsanitized one."""
    reason = harness.plugin_missing()
    if reason:
        (pytest.fail if os.environ.get("D2DSEC_PLUGIN_DIR") else pytest.skip)(reason)
    runner = harness.Tshark()
    yield runner
    runner.close()
