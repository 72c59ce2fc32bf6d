"""What the tests of clients share."""

import pytest

from clients import CLIENTS
from service import Certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(params=[(kind, scheme) for kind in CLIENTS for scheme in kind.schemes],
                ids=lambda setting: f"{setting[0].__name__}-{setting[1]}")
def setting(request):
    """A client's class; the certificate of the gateway, or None for HTTP."""
    kind, scheme = request.param
    return kind, request.getfixturevalue("certificate") if scheme == "https" else None
