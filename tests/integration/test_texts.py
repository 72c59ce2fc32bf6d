"""Two texts for one certificate: a name and its wildcard are proved by two strings of one TXT record, which come at the
same moment, and behind a balancer to two gateways. None may be lost, whatever the gateways read in the meantime; BIND
with inline-signing answers queries from a copy that lags behind."""

import json
import threading

import pytest

from conftest import running_server
from gateway import API_KEY, LOGIN, ZONE, basic, form, secret, user_setting
from process import wait_until
from servers import Bind, Knot, SigningBind

ROUNDS = 100
TTL = 180
TOKEN = "7c5b1d0e-token-of-alice"


@pytest.fixture(scope="module", params=[Bind, Knot, SigningBind])
def server(request):
    with running_server(request.param) as each:
        yield each


@pytest.fixture(params=[1, 2], ids=["one-gateway", "two-gateways"])
def gateways(request, server, front):
    """Clients of one host are served by each gateway in turn."""
    users = [user_setting(may_set_txt=True), user_setting("duck", TOKEN, may_set_txt=True)]
    made = [front(server, users=users) for _ in range(request.param)]
    return lambda number: made[number % len(made)]


def post(gateway, path, headers, **members):
    return gateway.ask("POST", path, ["Content-Type: application/json", *headers], json.dumps(members).encode())


def rotate(gateway, name, txt):
    """acme-dns: the last two are kept."""
    return post(gateway, "/update", [f"X-Api-User: {LOGIN}", f"X-Api-Key: {secret(API_KEY)}"], subdomain=name, txt=txt)


def present(gateway, name, value):
    """lego's httpreq: those are there that were not cleaned up."""
    return post(gateway, "/present", [basic(LOGIN, API_KEY)], fqdn=name, value=value)


def cleanup(gateway, name, value):
    return post(gateway, "/cleanup", [basic(LOGIN, API_KEY)], fqdn=name, value=value)


def at_once(*calls):
    """The status of each."""
    statuses = [None] * len(calls)

    def call(number, ask, *arguments):
        statuses[number] = ask(*arguments).status
    threads = [threading.Thread(target=call, args=[number, *each]) for number, each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def texts(server, name):
    _, values = server.records(name, "TXT") or (TTL, [])
    return {value.strip('"') for value in values}


def has(server, name, *wanted):
    """Sooner or later, where queries lag behind."""
    return wait_until(lambda: set(wanted) <= texts(server, name))


@pytest.mark.parametrize("add", [rotate, present])
def test_both_texts_of_a_certificate(server, gateways, add):
    """Of many hosts, one after the other, without a moment between them."""
    names = [f"_acme-challenge.{host}" for host in server.new_hosts(ROUNDS, ("A", "192.0.2.1"))]
    for name in names:
        assert at_once((add, gateways(0), name, "apex"), (add, gateways(1), name, "wildcard")) == [200, 200]
    assert has(server, names[-1], "apex", "wildcard")
    lost = [name for name in names if texts(server, name) != {"apex", "wildcard"}]
    assert not lost


def test_renewals(server, gateways):
    """Of one host: the texts of the last renewal are there, and those of earlier ones go."""
    name = f"_acme-challenge.{server.new_host(('A', '192.0.2.1'))}"
    server.nsupdate(f"zone {ZONE}", f"update add {name} 3600 TXT another's", f"update add {name} 3600 TXT old")
    for number in range(ROUNDS):
        pair = f"apex{number}", f"wildcard{number}"
        assert at_once((rotate, gateways(0), name, pair[0]), (rotate, gateways(1), name, pair[1])) == [200, 200]
        assert has(server, name, *pair), number
    assert rotate(gateways(0), name, "more").status == 200
    assert has(server, name, "more")
    assert len(texts(server, name)) <= 6 and "old" not in texts(server, name)


def test_one_after_the_other_and_elsewhere(server, gateways):
    """A text is not lost to the next one, whichever gateway that comes to, and whatever each of them has seen before."""
    name = f"_acme-challenge.{server.new_host(('A', '192.0.2.1'))}"
    before = None
    for number in range(ROUNDS // 2):
        text = f"text{number}"
        assert rotate(gateways(number * number // 3), name, text).status == 200
        assert has(server, name, text)
        assert before is None or before in texts(server, name)
        before = text


def test_cleaning_up_while_others_come(server, gateways):
    """Only the one value goes."""
    name = f"_acme-challenge.{server.new_host(('A', '192.0.2.1'))}"
    assert present(gateways(0), name, "value0").status == 200
    for number in range(ROUNDS // 2):
        assert at_once((cleanup, gateways(0), name, f"value{number}"),
                       (present, gateways(1), name, f"value{number + 1}")) == [200, 200]
    assert wait_until(lambda: texts(server, name) == {f"value{ROUNDS // 2}"}), texts(server, name)


@pytest.mark.parametrize("add", [rotate, present])
def test_another_ttl(server, gateways, add):
    """All records of an RRset have one TTL (RFC 2181, section 5.2): none is lost for having had another one."""
    name = f"_acme-challenge.{server.new_host(('A', '192.0.2.1'))}"
    server.nsupdate(f"zone {ZONE}", f"update add {name} 3600 TXT another's", f"update add {name} 3600 TXT more")
    assert add(gateways(0), name, "apex").status == 200
    assert has(server, name, "another's", "more", "apex")
    assert add(gateways(1), name, "wildcard").status == 200
    assert has(server, name, "apex", "wildcard")
    assert add is rotate or has(server, name, "another's", "more")
    assert cleanup(gateways(0), name, "more").status == 200
    assert wait_until(lambda: "more" not in texts(server, name))
    assert {"apex", "wildcard"} <= texts(server, name) and server.records(name, "TXT")[0] == TTL


def test_a_text_that_is_the_only_one(server, gateways):
    """DuckDNS has one for a name: the one that was answered last."""
    name = server.new_host(("A", "192.0.2.1"))
    for number in range(20):
        for at, text in ((0, f"first{number}"), (1, f"second{number}")):
            query = form(domains=name, token=secret(TOKEN), txt=text)
            assert gateways(at).ask("GET", f"/update?{query}").text == "OK"
    last = {"second19"}
    assert wait_until(lambda: texts(server, name) | texts(server, f"_acme-challenge.{name}") == last)
    query = form(domains=name, token=secret(TOKEN), txt="", clear="true")
    assert gateways(0).ask("GET", f"/update?{query}").text == "OK"
    assert wait_until(lambda: not texts(server, name) | texts(server, f"_acme-challenge.{name}"))
