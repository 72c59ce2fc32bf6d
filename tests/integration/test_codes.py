"""The code table of the Rexx API, and the order of its checks, as far as no name server is asked. test_primary.py has
the rest."""

import contextlib
import itertools

import pytest

from faulty import Scripted
from gateway import API_KEY, ZONE, Gateway, basic, config_text, target, user_setting, zone_setting

HOST = f"www.{ZONE}"
SLEEPING_ZONE = "sleeping.example.com"
BOTH_ZONES = (f"zone:{ZONE}", f"zone:{SLEEPING_ZONE}")
USERS = (
    user_setting(hosts=BOTH_ZONES),
    user_setting("keyless", None, BOTH_ZONES),
    user_setting("inactive", hosts=BOTH_ZONES, active=False),
    user_setting("reader", hosts=BOTH_ZONES, may_update=False),
    user_setting("inactive-reader", hosts=BOTH_ZONES, active=False, may_update=False),
    user_setting("bob", hosts=(f"bob.{ZONE}",)),
)
GOOD = {"host": HOST, "ip": "192.0.2.1"}

# What can be wrong with a request, in the order of the checks: what is changed in a good request, code, HTTP status.
FAULTS = {
    "no host": ({"host": None}, "MO_HOST", 400),
    "no user": ({"user": None}, "MO_USER", 401),
    "no password": ({"password": None}, "MO_PWD", 401),
    "unknown user": ({"user": "nobody"}, "NF_USR", 401),
    "capitals": ({"user": "Alice"}, "NF_USR", 401),
    "user without a key": ({"user": "keyless"}, "NF_KEY", 401),
    "wrong key": ({"password": "ER2T229DF4GBNM-other"}, "OD_KEY", 401),
    "inactive user": ({"user": "inactive"}, "IA_ACCT", 403),
    "user who may not update": ({"user": "reader"}, "NP_USR", 403),
    "not a host name": ({"host": "no name"}, "IO_HOST", 400),
    "host of nobody's zone": ({"host": "www.example.org"}, "OS_DOMAIN", 403),
    "host of an inactive zone": ({"host": f"www.{SLEEPING_ZONE}"}, "IA_ACCT", 403),
    "not an address": ({"ip": "nonsense"}, "IO_IP", 400),
}
PAIRS = [(first, second) for first, second in itertools.combinations(FAULTS, 2)
         if not FAULTS[first][0].keys() & FAULTS[second][0].keys()]


def configuration(primary, **options):
    zones = [zone_setting(ZONE, primary, primary.key), zone_setting(SLEEPING_ZONE, primary, primary.key, active=False)]
    return config_text(zones, [primary.key], USERS, **options)


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


@pytest.fixture(scope="module")
def gateway(primary):
    with contextlib.closing(Gateway(configuration(primary)).start()) as running:
        yield running


@pytest.fixture
def untouched(primary):
    """Nothing may reach the primary during this test."""
    before = len(primary.requests)
    yield
    assert len(primary.requests) == before


def test_ok(gateway):
    answer = gateway.update(**GOOD)
    assert (answer.status, answer.body) == (200, b"OK\n")


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_code(gateway, untouched, fault):
    change, code, status = FAULTS[fault]
    answer = gateway.update(**{**GOOD, **change})
    assert (answer.code, answer.status) == (code, status)


@pytest.mark.parametrize("first, second", PAIRS, ids=lambda fault: fault.replace(" ", "-"))
def test_the_earlier_check_decides(gateway, untouched, first, second):
    answer = gateway.update(**{**GOOD, **FAULTS[first][0], **FAULTS[second][0]})
    assert answer.code == FAULTS[first][1]


def test_inactive_is_said_before_may_not_update(gateway, untouched):
    assert gateway.update(**GOOD, user="inactive-reader").code == "IA_ACCT"


def test_a_strangers_zone_is_refused_before_it_is_called_inactive(gateway, untouched):
    assert gateway.update(f"www.{SLEEPING_ZONE}", "192.0.2.1", user="bob").code == "OS_DOMAIN"


def test_faults_do_not_show_the_host_to_strangers(gateway, untouched):
    """Nothing about the account or the zone leaks before the key is proved."""
    bodies = {gateway.update(host, "192.0.2.1", password="ER2T229DF4GBNM-other").body
              for host in (HOST, f"www.{SLEEPING_ZONE}", "www.example.org", "no name")}
    assert len(bodies) == 1


@pytest.mark.parametrize("user, password",
                         [("nobody", API_KEY), ("keyless", API_KEY), ("alice", "ER2T229DF4GBNM-other")])
def test_uniform_auth_errors_make_these_one(primary, untouched, user, password):
    with contextlib.closing(Gateway(configuration(primary, uniform_auth_errors=True)).start()) as uniform:
        answer = uniform.update(**GOOD, user=user, password=password)
    assert (answer.code, answer.status) == ("OD_KEY", 401)


def test_uniform_auth_errors_still_challenge_and_still_accept(primary):
    with contextlib.closing(Gateway(configuration(primary, uniform_auth_errors=True)).start()) as uniform:
        assert uniform.update(**GOOD, user=None, password=None).code == "MO_USER"
        assert uniform.update(**GOOD).code == "OK"


def test_basic_credentials_stand_in_when_both_operands_are_absent(gateway):
    answer = gateway.ask("GET", target(**GOOD, user=None, password=None), [basic("alice", API_KEY)])
    assert answer.code == "OK"


@pytest.mark.parametrize("operand, code", [("user", "MO_USER"), ("password", "MO_PWD")])
def test_basic_credentials_do_not_mix_with_operands(gateway, untouched, operand, code):
    answer = gateway.ask("GET", target(**{**GOOD, operand: None}), [basic("alice", API_KEY)])
    assert answer.code == code


@pytest.mark.parametrize("user, password, code",
                         [("alice", "ER2T229DF4GBNM-other", "OD_KEY"), ("nobody", API_KEY, "NF_USR")])
def test_wrong_basic_credentials(gateway, untouched, user, password, code):
    answer = gateway.ask("GET", target(**GOOD, user=None, password=None), [basic(user, password)])
    assert (answer.code, answer.status) == (code, 401)


@pytest.mark.parametrize("header", ["Basic", "Basic ", "Basic !!!", "Basic YWxpY2U=", "Bearer abcdefgh", "Basic Og=="])
def test_unreadable_credentials_are_no_credentials(gateway, untouched, header):
    """No colon, no base64, another scheme, nothing at all: the client is challenged, never let in."""
    answer = gateway.ask("GET", target(**GOOD, user=None, password=None), [f"Authorization: {header}"])
    assert answer.status == 401


def test_too_many_failed_attempts(primary):
    """The right key does not help for a while; other logins, and this one from another address, are not concerned."""
    config = configuration(primary, failed_logins_max=3, failed_logins_window_s=600)
    with contextlib.closing(Gateway(config).start()) as gateway:
        for _ in range(3):
            assert gateway.update(**GOOD, password="ER2T229DF4GBNM-guess").code == "OD_KEY"
        answer = gateway.update(**GOOD)
        assert (answer.code, answer.status) == ("TM_REQ", 429)
        assert 0 < int(answer.headers["retry-after"]) <= 200
        assert gateway.update(f"bob.{ZONE}", "192.0.2.1", user="bob").code == "OK"
        with gateway.connect(source="127.0.0.77") as elsewhere:
            elsewhere.request("GET", target(**GOOD))
            assert elsewhere.answer().code == "OK"


def test_a_challenge_is_no_failed_attempt(primary):
    with contextlib.closing(Gateway(configuration(primary, failed_logins_max=1)).start()) as gateway:
        for _ in range(5):
            assert gateway.update(**GOOD, user=None, password=None).code == "MO_USER"
        assert gateway.update(**GOOD).code == "OK"
