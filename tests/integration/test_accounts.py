"""Who may update what."""

import contextlib
import hashlib

import pytest

from faulty import Scripted
from gateway import ZONE, Gateway, basic, config_text, form, name_of, secret, target, user_setting, zone_setting

SUBZONE = f"sub.{ZONE}"
GENERATED = "q7Vw2kXn5RtYpLm8ZcBd"
PUNCTUATED = "a+b c:d/e%f&g=h?i#j"
USERS = (
    user_setting("exact", hosts=(f"www.{ZONE}", f"Mixed.{ZONE}")),
    user_setting("below", hosts=(f"*.home.{ZONE}",)),
    user_setting("whole", hosts=(f"zone:{ZONE}",)),
    user_setting("child", hosts=(f"zone:{SUBZONE}",)),
    user_setting("hashed", "sha256:" + hashlib.sha256(GENERATED.encode()).hexdigest()),
    user_setting("punctuated", PUNCTUATED),
    user_setting("a:b@c d/é", hosts=(f"www.{ZONE}",)),
)
IP = "192.0.2.1"


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


@pytest.fixture(scope="module")
def gateway(primary):
    zones = [zone_setting(ZONE, primary, primary.key), zone_setting(SUBZONE, primary, primary.key)]
    with contextlib.closing(Gateway(config_text(zones, [primary.key], USERS)).start()) as running:
        yield running


@pytest.mark.parametrize("user, host", [
    ("exact", f"www.{ZONE}"), ("exact", f"WWW.{ZONE.upper()}"), ("exact", f"www.{ZONE}."), ("exact", f"mixed.{ZONE}"),
    ("below", f"a.home.{ZONE}"), ("below", f"A.Home.{ZONE}"),
    ("whole", f"www.{ZONE}"), ("whole", f"a.b.c.{ZONE}"), ("whole", ZONE),
    ("child", f"www.{SUBZONE}"),
])
def test_own_hosts(gateway, user, host):
    assert gateway.update(host, IP, user=user).code == "OK"


@pytest.mark.parametrize("user, host", [
    ("exact", f"ww.{ZONE}"), ("exact", f"xwww.{ZONE}"), ("exact", f"a.www.{ZONE}"), ("exact", ZONE),
    ("below", f"home.{ZONE}"), ("below", f"xhome.{ZONE}"), ("below", f"a.xhome.{ZONE}"), ("below", f"www.{ZONE}"),
    ("whole", f"evil{ZONE}"), ("whole", "example.com"), ("whole", "com"), ("whole", f"www.{ZONE}.example.org"),
    ("child", f"www.{ZONE}"), ("child", f"www.x{SUBZONE}"),
])
def test_hosts_of_others(gateway, primary, user, host):
    before = len(primary.requests)
    answer = gateway.update(host, IP, user=user)
    assert (answer.code, answer.status) == ("OS_DOMAIN", 403)
    assert len(primary.requests) == before


def test_the_closest_zone_gets_the_update(gateway, primary):
    assert gateway.update(f"www.{SUBZONE}", "192.0.2.2", user="child").code == "OK"
    assert primary.updates[-1].zone[0].name.to_text() == f"{SUBZONE}."


@pytest.mark.parametrize("host",
                         [name_of(253), f"{'a' * 63}.{ZONE}", f"0.{ZONE}", f"xn--wxf-hoa.{ZONE}", f"a--b.{ZONE}"],
                         ids=lambda host: host[-40:])
def test_unusual_names_that_are_names(gateway, primary, host):
    """253 characters are 255 octets on the wire, which is the limit."""
    assert gateway.update(host, IP, user="whole").code == "OK"
    assert f"{host}." in primary.updates[-1].to_text()


def test_key_kept_as_sha256(gateway):
    assert gateway.update(f"www.{ZONE}", IP, user="hashed", password=GENERATED).code == "OK"
    assert gateway.update(f"www.{ZONE}", IP, user="hashed", password=GENERATED.lower()).code == "OD_KEY"


def test_the_digest_is_not_a_key(gateway):
    """Whoever has read the configuration cannot use what is in it."""
    digest = hashlib.sha256(GENERATED.encode()).hexdigest()
    for password in (digest, f"sha256:{digest}"):
        assert gateway.update(f"www.{ZONE}", IP, user="hashed", password=password).code == "OD_KEY"


@pytest.mark.parametrize("password",
                         [PUNCTUATED[:-1], PUNCTUATED + "x", PUNCTUATED.upper(), PUNCTUATED[0], PUNCTUATED + " "])
def test_a_key_is_compared_whole(gateway, password):
    answer = gateway.ask("GET", f"/dynamic.cgi?{form(host=f'www.{ZONE}', ip=IP, user='punctuated', password=password)}")
    assert answer.code == "OD_KEY"


def test_a_key_may_hold_any_character(gateway):
    assert gateway.update(f"www.{ZONE}", IP, user="punctuated", password=PUNCTUATED).code == "OK"


def test_a_key_in_basic_credentials_may_hold_a_colon(gateway):
    answer = gateway.ask("GET", target(f"www.{ZONE}", IP, user=None, password=None), [basic("punctuated", PUNCTUATED)])
    assert answer.code == "OK"


def test_plus_in_a_key_is_read_both_ways(gateway):
    """Some clients do not escape a `+`, others write a space as `+`."""
    for written in ("a%2Bb%20c%3Ad/e%25f%26g%3Dh?i%23j", "a+b%20c:d/e%25f%26g%3Dh?i%23j",
                    "a%2Bb+c:d/e%25f%26g%3Dh?i%23j"):
        answer = gateway.ask("GET", f"/dynamic.cgi?host=www.{ZONE}&ip={IP}&user=punctuated&password={secret(written)}")
        assert answer.code == "OK", written


def test_a_login_may_hold_any_character(gateway):
    assert gateway.update(f"www.{ZONE}", IP, user="a:b@c d/é").code == "OK"


def test_one_users_key_is_no_use_with_another_login(gateway):
    assert gateway.update(f"www.{ZONE}", IP, user="whole", password=GENERATED).code == "OD_KEY"
