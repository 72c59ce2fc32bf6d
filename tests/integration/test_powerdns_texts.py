"""Texts of challenges in front of Debian's PowerDNS: what test_acme.py shows of BIND and Knot."""

import pytest

from conftest import running_server
from servers import PowerDns
from test_acme import (  # noqa: F401
    gateway, host, test_a_challenge_that_is_an_alias, test_acmedns_keeps_the_last_two, test_any_printable_string,
    test_duckdns_txt, test_failures, test_httpreq, test_many_at_once)


@pytest.fixture(scope="module")
def primary():
    with running_server(PowerDns) as server:
        yield server
