"""DuckDNS, he.net and the shapes of deSEC at real BIND and Knot."""

import pytest

from conftest import READ_ONLY_ZONE, SECOND_ZONE
from gateway import API_KEY, LOGIN, SHORT_TIMEOUTS, ZONE, basic, form, nic, secret, user_setting
from process import HAS_IPV6, LOOPBACK_V6, wait_until

V4, V6 = "198.51.100.7", "2001:db8::7"
OLD_V4, OLD_V6 = ("A", "192.0.2.1"), ("AAAA", "2001:db8::1")
GATEWAY_TTL = 180
TOKEN = "7c5b1d0e-token-of-alice"
FORM = "Content-Type: application/x-www-form-urlencoded"


def says(answer, status, body):
    return (answer.status, answer.body) == (status, body.encode())


# DuckDNS

def duck(gateway, domains, token=TOKEN, **operands):
    domains = domains if isinstance(domains, str) else ",".join(domains)
    return gateway.ask("GET", "/update?" + form(domains=domains, token=secret(token), **operands))


@pytest.fixture
def by_token(primary, front):
    """Makes a gateway whose user has a token."""
    def make(zones=(ZONE,), hosts=(f"zone:{ZONE}",), options=None, **user):
        return front(primary, *zones, users=[user_setting(key=TOKEN, hosts=hosts, **user)], **options or {})
    return make


@pytest.mark.parametrize("operands, records", [
    ({"ip": V4}, (V4, OLD_V6[1])), ({"ip": V6}, (OLD_V4[1], V6)), ({"ipv6": V6}, (OLD_V4[1], V6)),
    ({"ip": V4, "ipv6": V6}, (V4, V6)),
])
@pytest.mark.parametrize("full", [True, False], ids=["full-name", "label"])
def test_duckdns(primary, by_token, operands, records, full):
    host = primary.new_host(OLD_V4, OLD_V6)
    gateway, serial = by_token(), primary.serial()
    for verbose, told in (("false", "OK"), ("TRUE", None)):
        answer = duck(gateway, host if full else host.split(".")[0], verbose=verbose, **operands)
        assert answer.status == 200 and answer.text.startswith("OK")
        assert told in (None, answer.text)
        assert (primary.records(host, "A")[1], primary.records(host, "AAAA")[1]) == ([records[0]], [records[1]])
    assert primary.serial() == serial + 1
    v4 = V4 if records[0] == V4 else ""
    v6 = V6 if records[1] == V6 else ""
    assert answer.text == f"OK\n{v4}\n{v6}\nNOCHANGE\n"


def test_duckdns_verbose(primary, by_token):
    host, gateway = primary.new_host(OLD_V4, OLD_V6), by_token()
    assert says(duck(gateway, host, ip=V4, ipv6=V6, verbose="true"), 200, f"OK\n{V4}\n{V6}\nUPDATED\n")
    assert says(duck(gateway, host, ip=V4, ipv6=V6, verbose="true"), 200, f"OK\n{V4}\n{V6}\nNOCHANGE\n")
    assert says(duck(gateway, host, ip="198.51.100.8", verbose="true"), 200, "OK\n198.51.100.8\n\nUPDATED\n")


def test_duckdns_several_domains_are_one_commit(primary, by_token):
    hosts = primary.new_hosts(5, OLD_V4)
    gateway, serial = by_token(), primary.serial()
    assert says(duck(gateway, [hosts[0], *(host.split(".")[0] for host in hosts[1:])], ip=V4), 200, "OK")
    assert primary.serial() == serial + 1
    assert all(primary.records(host, "A") == (GATEWAY_TTL, [V4]) for host in hosts)


@pytest.mark.parametrize("bad, status", [("nobody", 404), (f"www.{SECOND_ZONE}", 403), ("no name", 400)])
def test_duckdns_is_good_if_all_is(primary, by_token, bad, status):
    host = primary.new_host(OLD_V4)
    assert says(duck(by_token(), [host, bad], ip=V4, verbose="true"), status, "KO")
    assert primary.records(host, "A")[1] == [V4]


@pytest.mark.parametrize("domains, token, operands, status", [
    ("www", "7c5b1d0e-token-of-nobody", {"ip": V4}, 401), (f"nobody.{ZONE}", TOKEN, {"ip": V4}, 404),
    (f"www.{SECOND_ZONE}", TOKEN, {"ip": V4}, 403), ("www", TOKEN, {"ip": "nonsense"}, 400),
    ("www", TOKEN, {"ip": V4, "ipv6": "nonsense"}, 400), ("www", TOKEN, {"clear": "true"}, 403),
    (f"www.{READ_ONLY_ZONE}", TOKEN, {"ip": V4}, 503),
])
def test_duckdns_says_ko(primary, by_token, domains, token, operands, status):
    serial = primary.serial()
    gateway = by_token((ZONE, READ_ONLY_ZONE), (f"zone:{ZONE}", f"zone:{READ_ONLY_ZONE}"))
    assert says(duck(gateway, domains, token, verbose="true", **operands), status, "KO")
    assert primary.serial() == serial


def test_duckdns_without_a_primary(own_primary, front):
    host = own_primary.new_host(OLD_V4)
    gateway = front(own_primary, users=[user_setting(key=TOKEN)], **SHORT_TIMEOUTS)
    own_primary.stop()
    assert says(duck(gateway, host, ip=V4), 503, "KO")
    own_primary.resume()
    assert wait_until(lambda: duck(gateway, host, ip=V4).text == "OK")


@pytest.mark.parametrize("operands", [{}, {"ip": ""}, {"ip": "", "ipv6": ""}], ids=str)
def test_duckdns_without_an_address_takes_the_source(primary, by_token, operands):
    host = primary.new_host(OLD_V4, OLD_V6)
    assert says(duck(by_token(options={"allow_loopback": True}), host, **operands), 200, "OK")
    assert primary.records(host, "A") == (GATEWAY_TTL, ["127.0.0.1"])
    assert primary.records(host, "AAAA")[1] == [OLD_V6[1]]


def test_duckdns_clear(primary, by_token):
    host, gateway = primary.new_host(OLD_V4, OLD_V6), by_token(may_create=True)
    assert says(duck(gateway, host, clear="true", verbose="true"), 200, "OK\n\n\nUPDATED\n")
    assert primary.records(host, "A") is primary.records(host, "AAAA") is None
    assert says(duck(gateway, host, ip=V4, verbose="true"), 200, f"OK\n{V4}\n\nUPDATED\n")


def test_duckdns_errors_as_200(primary, front):
    gateway = front(primary, users=[user_setting(key=TOKEN)], listen=({"errors_as_200": True},))
    assert says(duck(gateway, "nobody", ip=V4), 200, "KO")
    assert says(duck(gateway, "www", "7c5b1d0e-token-of-nobody", ip=V4), 200, "KO")


def test_a_token_belongs_to_its_user(primary, front):
    hosts = primary.new_hosts(2, OLD_V4)
    tokens = ["7c5b1d0e-token-number-1", "7c5b1d0e-token-number-2"]
    gateway = front(primary, users=[user_setting(f"user{number}", token, hosts=[host])
                                    for number, (token, host) in enumerate(zip(tokens, hosts))])
    for own, (host, token) in enumerate(zip(hosts, tokens)):
        assert says(duck(gateway, host, token, ip=V4), 200, "OK")
        assert says(duck(gateway, hosts[1 - own], token, ip=V4), 403, "KO")


def test_a_key_of_two_users_is_no_token(primary, front):
    """Whose it is nobody can tell."""
    gateway = front(primary, users=[user_setting("one", TOKEN), user_setting("two", TOKEN)])
    assert says(duck(gateway, "www", ip=V4), 401, "KO")
    assert gateway.nic(primary.new_host(OLD_V4), V4, user="one", password=TOKEN).code == "good"


def test_duckdns_by_form(primary, by_token):
    host = primary.new_host(OLD_V4)
    body = form(domains=host, token=TOKEN, ip=V4).encode()
    assert says(by_token().ask("POST", "/update", [FORM], body), 200, "OK")
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


# he.net: the host is the user

@pytest.fixture
def henet(primary, front):
    """A host with a key of its own, and the gateway that has it."""
    host = primary.new_host(OLD_V4, OLD_V6)
    users = [user_setting(host, TOKEN, hosts=[host])]
    return host, front(primary, users=users, allow_loopback=True, listen=("127.0.0.1", *[LOOPBACK_V6] * HAS_IPV6))


@pytest.mark.parametrize("ip, rdtype", [(V4, "A"), (V6, "AAAA")])
def test_henet(primary, henet, ip, rdtype):
    host, gateway = henet
    for word in ("good", "nochg"):
        assert says(gateway.ask("GET", nic(host, password=secret(TOKEN), myip=ip)), 200, f"{word} {ip}\n")
    assert primary.records(host, rdtype) == (GATEWAY_TTL, [ip])


def test_henet_by_form(primary, henet):
    """As its documentation has it."""
    host, gateway = henet
    body = form(hostname=host, password=TOKEN, myip=V4).encode()
    assert says(gateway.ask("POST", "/nic/update", [FORM], body), 200, f"good {V4}\n")
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_henet_by_basic_credentials(primary, henet):
    host, gateway = henet
    assert says(gateway.ask("GET", nic(host, myip=V4), [basic(host, TOKEN)]), 200, f"good {V4}\n")
    assert says(gateway.ask("GET", nic(myip=V6), [basic(host, TOKEN)]), 200, f"good {V6}\n")


def test_henet_takes_the_source_address(primary, henet):
    host, gateway = henet
    assert says(gateway.ask("GET", nic(host, password=TOKEN)), 200, "good 127.0.0.1\n")
    if HAS_IPV6:
        assert says(gateway.ask("GET", nic(host, password=TOKEN), address=LOOPBACK_V6), 200, "good ::1\n")
    assert primary.records(host, "A") == (GATEWAY_TTL, ["127.0.0.1"])


def test_henet_knows_a_host_however_it_is_written(primary, henet):
    host, gateway = henet
    assert says(gateway.ask("GET", nic(f"{host}.".upper(), password=TOKEN, myip=V4)), 200, f"good {V4}\n")
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_henet_failures(primary, henet):
    host, gateway = henet
    other = primary.new_host(OLD_V4)
    assert says(gateway.ask("GET", nic(host, password="7c5b1d0e-other", myip=V4)), 401, "badauth\n")
    assert says(gateway.ask("GET", nic(other, password=TOKEN, myip=V4)), 401, "badauth\n")
    assert says(gateway.ask("GET", nic(host, password=TOKEN, myip="nonsense")), 400, "notfqdn\n")
    primary.remove(host, "A")
    assert says(gateway.ask("GET", nic(host, password=TOKEN, myip=V4)), 404, "nohost\n")


# deSEC: dyndns2 with other operands

@pytest.mark.parametrize("operands, records", [
    ({"myipv4": V4, "myipv6": V6}, (V4, V6)), ({"myipv4": V4, "myipv6": "preserve"}, (V4, OLD_V6[1])),
    ({"myipv4": "preserve", "myipv6": V6}, (OLD_V4[1], V6)), ({"myipv6": V6}, (OLD_V4[1], V6)),
    ({"myipv4": V4}, (V4, OLD_V6[1])), ({"myip": V4, "myipv6": V6}, (V4, V6)),
    ({"myip": "preserve", "myipv6": "2001:db8:7::/64"}, (OLD_V4[1], "2001:db8:7::1")),
    ({"myipv4": V4, "myipv6": "2001:db8:7::/56"}, (V4, "2001:db8:7::1")),
], ids=str)
@pytest.mark.parametrize("credentials", ["basic", "query"])
def test_desec(primary, front, operands, records, credentials):
    host = primary.new_host(OLD_V4, OLD_V6)
    gateway = front(primary)
    if credentials == "basic":
        answer = gateway.ask("GET", nic(host, "/update", **operands), [basic(LOGIN, API_KEY)])
    else:
        answer = gateway.ask("GET", nic(host, "/", username=LOGIN, password=secret(API_KEY), **operands))
    assert (answer.status, answer.code) == (200, "good")
    assert (primary.records(host, "A")[1], primary.records(host, "AAAA")[1]) == ([records[0]], [records[1]])


def test_desec_nothing_but_preserve(primary, front):
    """Nothing is asked for, and above all not the source address."""
    host = primary.new_host(OLD_V4, OLD_V6)
    gateway, serial = front(primary, allow_loopback=True), primary.serial()
    for operands in ({"myipv4": "preserve", "myipv6": "preserve"}, {"myip": "preserve"}):
        assert gateway.nic(host, **operands).status == 400
    assert primary.serial() == serial


# Locks, of all three

@pytest.mark.parametrize("wrong, right, locked, good", [
    ("/update?domains=www&token=7c5b1d0e-wrong&ip=198.51.100.7", None, None, None),
    (f"/nic/update?hostname=www.{ZONE}&password=7c5b1d0e-wrong&myip=198.51.100.7",
     f"/nic/update?hostname=www.{ZONE}&password={TOKEN}&myip=198.51.100.7", "abuse", "good"),
], ids=["duckdns", "henet"])
def test_a_lock(scripted, front, wrong, right, locked, good):
    """With tokens only that token is locked: of others nobody knows whether they are guessed."""
    gateway = front(scripted(), users=[user_setting(f"www.{ZONE}", secret(TOKEN), hosts=[f"www.{ZONE}"])],
                    failed_logins_max=2, failed_logins_window_s=4)
    for _ in range(2):
        assert gateway.ask("GET", wrong).status == 401
    assert gateway.ask("GET", wrong).status == 403
    assert duck(gateway, "www", ip=V4).text == "OK"
    if right:
        assert gateway.ask("GET", right).code == locked
        assert wait_until(lambda: gateway.ask("GET", right).code in (good, "nochg"), timeout_s=6, interval_s=0.2)
