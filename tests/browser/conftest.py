"""What the browser tests share."""

import os
from pathlib import Path

import pytest

from chromium import chromium


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
