"""The browser tests stand on the servers and gateways of the integration tests."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "integration"))

from chromium import chromium
from gateway import Gateway


@pytest.fixture(scope="session")
def screenshots():
    """A folder that is kept: somebody is to look at them."""
    folder = Path(os.environ["BUILD_DIR"], "screenshots")
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def browser():
    with chromium() as driven:
        yield driven


@pytest.fixture
def browser_without_scripts():
    with chromium(scripts=False) as driven:
        yield driven


@pytest.fixture(autouse=True)
def no_gateway_misbehaves():
    yield
    for each in Gateway.running:
        each.check()
