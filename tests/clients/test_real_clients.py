"""Real clients, from Debian, in front of real BIND and Knot. What a client tells and records is compared to the DNS."""

import dataclasses

import pytest

from clients import CLIENTS, Tool, recorded_by_ddclient
from gateway import ZONE
from process import wait_until
from service import Certificate, serving

V4, V6 = "198.51.100.7", "2001:db8::7"
OLD_V4, OLD_V6 = ("A", "192.0.2.1"), ("AAAA", "2001:db8::1")
GATEWAY_TTL = 180

# A request waits for its primary to come back as long as it may; a client that gets 911 asks again.
IMPATIENT = {"request_timeout_ms": 600, "connect_timeout_ms": 300, "reply_timeout_ms": 500}


# What each ddclient leaves in its cache, without what does not matter here: asked for one address, for both, and refused.
CACHES = [
    ("ip=192.0.2.7,status=good,status-ipv4=noconnect,status-ipv6=noconnect", "192.0.2.7"),
    ("ip=192.0.2.7,status=noconnect,status-ipv4=noconnect,status-ipv6=noconnect", None),
    ("ip=192.0.2.7,ipv4=192.0.2.7,status=good,status-ipv4=good,status-ipv6=noconnect", "192.0.2.7"),
    ("ip=192.0.2.7,ipv4=192.0.2.7,ipv6=2001:db8::7,status=good,status-ipv4=good,status-ipv6=good", "192.0.2.7,2001:db8::7"),
    ("ip=2001:db8::7,ipv4=192.0.2.7,ipv6=2001:db8::7,status=good,status-ipv4=noconnect,status-ipv6=good", "2001:db8::7"),
    ("ip=192.0.2.7,ipv4=192.0.2.7,status=noconnect,status-ipv4=noconnect,status-ipv6=noconnect", None),
    ("ipv4=192.0.2.7,status-ipv4=good", "192.0.2.7"),
    ("ipv4=192.0.2.7,status-ipv4=nohost", None),
]


@pytest.mark.parametrize("entry, published", CACHES)
def test_the_cache_of_every_ddclient_is_read(entry, published):
    assert recorded_by_ddclient(f"## ddclient\n{entry} home.{ZONE}\n", f"home.{ZONE}") == published


@pytest.fixture
def host(primary):
    return primary.new_host(OLD_V4, OLD_V6)


@pytest.fixture
def client(setting, tmp_path, primary, host):
    kind, certificate = setting
    with serving(primary, certificate) as service:
        yield kind(tmp_path, service, host)


@pytest.mark.parametrize("address, rdtype, other", [(V4, "A", OLD_V6), (V6, "AAAA", OLD_V4)])
def test_first_update(client, primary, host, address, rdtype, other):
    run = client.update(address)
    run.require(client.changed)
    assert run.published == address
    assert primary.records(host, rdtype) == (GATEWAY_TTL, [address])
    assert primary.records(host, other[0])[1] == [other[1]]


def test_unchanged(client, primary):
    client.update(V4)
    serial = primary.serial()
    run = client.update(V4)
    run.require(client.unchanged)
    assert run.published == V4
    assert primary.serial() == serial


def test_changed_again(client, primary, host):
    client.update("198.51.100.1")
    run = client.update(V4)
    run.require(client.changed)
    assert run.published == V4
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_wrong_password(client, primary, host):
    run = client.update(V4, password="not-the-password")
    run.require(client.wrong_password)
    assert run.published is None
    assert primary.records(host, "A")[1] == [OLD_V4[1]]


def test_unknown_host(client, primary):
    unknown = f"nobody.{ZONE}"
    run = client.update(V4, host=unknown)
    run.require(client.unknown_host)
    assert run.published is None
    assert primary.records(unknown, "A") is None


def test_primary_down_and_back(setting, tmp_path, own_primary):
    """Nothing that the client does meanwhile makes it give up, or believe in an address that is not in the DNS."""
    kind, certificate = setting
    host = own_primary.new_host(OLD_V4)
    with serving(own_primary, certificate, **IMPATIENT) as service:
        client = kind(tmp_path, service, host)
        own_primary.stop()
        run = client.update(V4)
        run.require(client.unavailable)
        assert run.published is None
        own_primary.resume()
        assert wait_until(lambda: client.retry(V4).published == V4, interval_s=0.2)
        assert own_primary.records(host, "A") == (GATEWAY_TTL, [V4])


@pytest.mark.parametrize("setting", [(kind, scheme) for kind in Tool.__subclasses__() for scheme in kind.schemes],
                         ids=lambda setting: f"{setting[0].__name__}-{setting[1]}", indirect=True)
@pytest.mark.parametrize("addresses", [f"{V4},{V6}", f"{V6},{V4}"], ids=["v4-first", "v6-first"])
def test_both_families_at_once(client, primary, host, addresses):
    run = client.update(addresses)
    run.require(client.changed)
    assert run.published == f"{V4},{V6}"
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])
    assert primary.records(host, "AAAA") == (GATEWAY_TTL, [V6])




@pytest.mark.parametrize("setting", [(kind, "https") for kind in CLIENTS if "https" in kind.schemes],
                         ids=lambda setting: setting[0].__name__, indirect=True)
def test_a_gateway_that_is_not_the_one(setting, tmp_path, tmp_path_factory, primary, host):
    """Its certificate is not from the CA that the client trusts: it gets no password."""
    kind, certificate = setting
    stranger = Certificate(tmp_path_factory.mktemp("stranger"))
    with serving(primary, stranger) as service:
        run = kind(tmp_path, dataclasses.replace(service, authority=certificate.authority), host).update(V4)
        run.require(kind.wrong_certificate)
        assert run.published is None
        assert "event=update" not in service.gateway.log
    assert primary.records(host, "A")[1] == [OLD_V4[1]]
