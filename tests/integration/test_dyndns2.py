"""dyndns2 from the router's octets to the zone of real BIND and Knot: every word, addresses, credentials, and HTTP as
these clients need it. test_dyndns2_hosts.py is about several hosts, test_prefix.py about prefixes, test_creation.py
about records that come and go."""

import contextlib
import time

import dns.rcode
import pytest

import faulty
from conftest import READ_ONLY_ZONE, SECOND_ZONE
from faulty import Scripted
from gateway import API_KEY, LOGIN, SHORT_TIMEOUTS, ZONE, Gateway, basic, config_text, nic, secret, user_setting, \
    zone_setting
from process import HAS_IPV6, LOOPBACK, LOOPBACK_V6, wait_until

V4, V6 = "198.51.100.7", "2001:db8::7"
OLD_V4, OLD_V6 = ("A", "192.0.2.1"), ("AAAA", "2001:db8::1")
GATEWAY_TTL = 180
HOST = f"www.{ZONE}"
PATHS = ("/nic/update", "/v3/update", "/v2/update", "/update", "/dyndns/update", "/")
WRONG_KEY = "ER2T229DF4GBNM-other"
USERS = (
    user_setting("inactive", active=False),
    user_setting("reader", may_update=False),
    user_setting("keyless", None),
    user_setting("bob", hosts=(f"bob.{ZONE}",)),
    user_setting(HOST),
)
OWNER = user_setting(hosts=(f"zone:{ZONE}", f"zone:{READ_ONLY_ZONE}"))


def says(answer, status, body):
    return (answer.status, answer.body) == (status, body.encode())


# What an update does

@pytest.mark.parametrize("ip, rdtype", [(V4, "A"), (V6, "AAAA")])
def test_good_then_nochg(primary, front, ip, rdtype):
    host = primary.new_host(OLD_V4, OLD_V6)
    gateway = front(primary)
    serial = primary.serial()
    assert says(gateway.nic(host, ip), 200, f"good {ip}\n")
    assert primary.records(host, rdtype) == (GATEWAY_TTL, [ip])
    assert primary.serial() == serial + 1
    assert says(gateway.nic(host, ip), 200, f"nochg {ip}\n")
    assert primary.serial() == serial + 1


@pytest.mark.parametrize("ip", [f"{V4},{V6}", f"{V6},{V4}", f"{V4},,{V6},"],
                         ids=["v4-first", "v6-first", "empty-items"])
def test_both_families_are_one_line_and_one_commit(primary, front, ip):
    host = primary.new_host(OLD_V4, OLD_V6)
    gateway = front(primary)
    serial = primary.serial()
    for word in ("good", "nochg"):
        answer = gateway.nic(host, ip)
        line, = answer.text.splitlines()
        assert line.split()[0] == word and sorted(line.split()[1].split(",")) == [V4, V6]
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])
    assert primary.records(host, "AAAA") == (GATEWAY_TTL, [V6])
    assert primary.serial() == serial + 1


def test_one_family_of_two_is_new(primary, front):
    """That is a change, and the line tells both."""
    host = primary.new_host(OLD_V4, OLD_V6)
    gateway = front(primary)
    assert gateway.nic(host, V4).code == "good"
    assert says(gateway.nic(host, f"{V4},{V6}"), 200, f"good {V4},{V6}\n")


@pytest.mark.parametrize("there", [OLD_V4, OLD_V6], ids=lambda record: record[0])
def test_both_families_or_neither(primary, front, there):
    host = primary.new_host(there)
    serial = primary.serial()
    assert says(front(primary).nic(host, f"{V4},{V6}"), 404, "nohost\n")
    assert primary.records(host, there[0])[1] == [there[1]]
    assert primary.serial() == serial


@pytest.mark.parametrize("ip, other", [(V4, OLD_V6), (V6, OLD_V4), (f"{V4},preserve", OLD_V6),
                                       (f"preserve,{V6}", OLD_V4)])
def test_a_family_that_is_not_supplied_stays(primary, front, ip, other):
    host = primary.new_host(OLD_V4, OLD_V6)
    before = primary.records(host, other[0])
    assert front(primary).nic(host, ip).code == "good"
    assert primary.records(host, other[0]) == before


@pytest.mark.parametrize("operand, ip, rdtype", [
    ("myip", V4, "A"), ("myip", V6, "AAAA"), ("myipv4", V4, "A"), ("ip", V4, "A"), ("ip", V6, "AAAA"),
    ("myipv6", V6, "AAAA"), ("ipv6", V6, "AAAA"), ("ip6", V6, "AAAA"),
])
def test_every_operand_of_an_address(primary, front, operand, ip, rdtype):
    host = primary.new_host(OLD_V4, OLD_V6)
    assert says(front(primary).nic(host, **{operand: ip}), 200, f"good {ip}\n")
    assert primary.records(host, rdtype) == (GATEWAY_TTL, [ip])


def test_nothing_else_in_a_query_counts(primary, front):
    host = primary.new_host(OLD_V4)
    ignored = {"system": "dyndns", "wildcard": "ON", "mx": "mail.example.com", "backmx": "YES", "url": "http://x/"}
    assert says(front(primary).nic(host, V4, **ignored), 200, f"good {V4}\n")


def test_nochg_is_the_primarys_word(primary, front):
    """Somebody else changes the record: what the gateway made it before is a change again, and what the other one made
    it is none."""
    host, others = primary.new_host(OLD_V4), "198.51.100.99"
    gateway = front(primary)
    assert gateway.nic(host, V4).code == "good"
    primary.nsupdate(f"zone {ZONE}", f"del {host} A", f"add {host} {GATEWAY_TTL} A {others}")
    serial = primary.serial()
    assert says(gateway.nic(host, others), 200, f"nochg {others}\n")
    assert primary.serial() == serial
    assert says(gateway.nic(host, V4), 200, f"good {V4}\n")
    primary.nsupdate(f"zone {ZONE}", f"del {host} A", f"add {host} {GATEWAY_TTL} A {others}")
    assert says(gateway.nic(host, V4), 200, f"good {V4}\n")
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_a_second_gateway_reads_what_the_first_one_did(primary, front):
    host = primary.new_host(OLD_V4, OLD_V6)
    first, second = front(primary), front(primary)
    assert first.nic(host, f"{V4},{V6}").code == "good"
    serial = primary.serial()
    assert says(second.nic(host, f"{V4},{V6}"), 200, f"nochg {V4},{V6}\n")
    assert primary.serial() == serial


def test_good_means_that_the_zone_already_has_it(primary, front):
    """FRITZ!Box resolves the name after success and compares."""
    host = primary.new_host(OLD_V4)
    with front(primary).connect() as connection:
        for number in range(200):
            ip = f"198.51.100.{number + 1}"
            connection.request("GET", nic(host, myip=ip), [basic(LOGIN, API_KEY)])
            assert says(connection.answer(), 200, f"good {ip}\n")
            assert primary.records(host, "A") == (GATEWAY_TTL, [ip])


# The words

@pytest.fixture
def words(primary, front):
    """Asks a gateway with all kinds of users; of what is asked nothing may change."""
    serial = primary.serial()
    yield front(primary, ZONE, READ_ONLY_ZONE, users=[OWNER, *USERS])
    assert primary.serial() == serial


@pytest.mark.parametrize("host, ip, user, password, status, word", [
    (HOST, V4, LOGIN, WRONG_KEY, 401, "badauth"),
    (HOST, V4, "nobody", API_KEY, 401, "badauth"),
    (HOST, V4, "keyless", API_KEY, 401, "badauth"),
    (HOST, V4, "inactive", API_KEY, 401, "badauth"),
    (HOST, V4, "Alice", API_KEY, 401, "badauth"),
    (HOST, V4, "bob", API_KEY, 403, "!yours"),
    ("www.example.org", V4, LOGIN, API_KEY, 403, "!yours"),
    (f"www.{SECOND_ZONE}", V4, LOGIN, API_KEY, 403, "!yours"),
    (HOST, V4, "reader", API_KEY, 403, "!donator"),
    (f"nobody.{ZONE}", V4, LOGIN, API_KEY, 404, "nohost"),
    (f"ns.{ZONE}", V6, LOGIN, API_KEY, 404, "nohost"),
    ("no name", V4, LOGIN, API_KEY, 400, "notfqdn"),
    (f"-.{ZONE}", V4, LOGIN, API_KEY, 400, "notfqdn"),
    (f"*.{ZONE}", V4, LOGIN, API_KEY, 400, "notfqdn"),
    (f"bücher.{ZONE}", V4, LOGIN, API_KEY, 400, "notfqdn"),
    (HOST, "nonsense", LOGIN, API_KEY, 400, "notfqdn"),
    ([f"h{number}.{ZONE}" for number in range(21)], V4, LOGIN, API_KEY, 400, "numhost"),
    (f"www.{READ_ONLY_ZONE}", V4, LOGIN, API_KEY, 503, "dnserr"),
], ids=lambda value: "hosts" if isinstance(value, list) else None)
def test_every_failure_has_its_word(words, host, ip, user, password, status, word):
    """The word alone: with a name or prose beside it, inadyn may find a success in it."""
    assert says(words.nic(host, ip, user=user, password=password), status, f"{word}\n")


def test_offline_is_for_those_who_may_create(words):
    assert says(words.nic(HOST, offline="yes"), 403, "!donator\n")


def test_no_primary_and_back(own_primary, front):
    host = own_primary.new_host(OLD_V4)
    gateway = front(own_primary, **SHORT_TIMEOUTS)
    assert gateway.nic(host, "198.51.100.1").code == "good"
    own_primary.stop()
    for _ in range(2):
        assert says(gateway.nic(host, V4), 503, "911\n")
    own_primary.resume()
    assert wait_until(lambda: gateway.nic(host, V4).code == "good")
    assert own_primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_a_primary_that_hangs(own_primary, front):
    """Nobody knows what will become of it. Afterwards either word is true."""
    host = own_primary.new_host(OLD_V4)
    gateway = front(own_primary, **SHORT_TIMEOUTS)
    assert gateway.nic(host, "198.51.100.1").code == "good"
    own_primary.freeze()
    assert says(gateway.nic(host, V4), 503, "911\n")
    own_primary.thaw()
    assert wait_until(lambda: gateway.nic(host, V4).status == 200)
    assert own_primary.records(host, "A") == (GATEWAY_TTL, [V4])


REQUESTS = {"address": {"myip": V4}, "prefix": {"ip6lanprefix": "2001:db8:1:2::/64"}, "offline": {"offline": "yes"}}


@pytest.mark.parametrize("rcode", [dns.rcode.REFUSED, dns.rcode.SERVFAIL, dns.rcode.NOTIMP, dns.rcode.NOTAUTH],
                         ids=lambda rcode: rcode.name)
@pytest.mark.parametrize("operands", REQUESTS.values(), ids=REQUESTS)
def test_a_primary_that_refuses(scripted, front, rcode, operands):
    primary = scripted(faulty.refusing(rcode))
    gateway = front(primary, users=[user_setting(may_create=True)])
    assert says(gateway.nic(HOST, **operands), 503, "dnserr\n")


@pytest.mark.parametrize("script", [faulty.silent, faulty.unsigned, faulty.closes_after_reading,
                                    faulty.changed_after_signing, faulty.signed_with_another_secret],
                         ids=lambda script: script.__name__)
@pytest.mark.parametrize("operands", REQUESTS.values(), ids=REQUESTS)
def test_no_proof_no_good(scripted, front, script, operands):
    primary = scripted(script)
    gateway = front(primary, users=[user_setting(may_create=True)], **SHORT_TIMEOUTS)
    assert says(gateway.nic(HOST, **operands), 503, "911\n")
    primary.mend()
    assert wait_until(lambda: gateway.nic(HOST, **operands).status == 200)


# No address, and addresses that are none. Loopback may be set here, so the source address could be taken.

@pytest.fixture
def loopback_front(primary, front):
    listen = (LOOPBACK, LOOPBACK_V6) if HAS_IPV6 else (LOOPBACK,)
    return front(primary, allow_loopback=True, listen=listen)


@pytest.mark.parametrize("operands", ["", "&myip=", "&ip=", "&myipv4=&myipv6=", "&myip=,", "&myip", "&wan_ip=",
                                      "&url=192.0.2.7&mx=192.0.2.7&system=dyndns"])
@pytest.mark.parametrize("source, rdtype", [("127.0.0.9", "A"), (LOOPBACK_V6, "AAAA")])
def test_no_address_means_the_source(primary, loopback_front, operands, source, rdtype):
    if ":" in source and not HAS_IPV6:
        pytest.skip("no ::1 on this machine")
    host = primary.new_host(OLD_V4, OLD_V6)
    address = LOOPBACK_V6 if ":" in source else LOOPBACK
    answer = loopback_front.ask("GET", nic(host) + operands, [basic(LOGIN, API_KEY)], address=address, source=source)
    assert says(answer, 200, f"good {source}\n")
    assert primary.records(host, rdtype) == (GATEWAY_TTL, [source])
    other, = {OLD_V4, OLD_V6} - {record for record in (OLD_V4, OLD_V6) if record[0] == rdtype}
    assert primary.records(host, other[0])[1] == [other[1]]


@pytest.mark.parametrize("operands", [
    "myip=nonsense", "myip=1.2.3", "myip=1.2.3.4.5", "myip=256.1.1.1", "myip=01.2.3.4", "myip=1.2.3.4%00",
    "myip=%20", "myip=0.0.0.0", "myip=<ipaddr>", "myip=__MYIP__", "myip=2001:db8::g", "myip=:::", "myip=fe80::1",
    "myip=198.51.100.7,nonsense", "myip=nonsense,2001:db8::7", "myip=198.51.100.7,198.51.100.8",
    "myip=198.51.100.7&myipv6=nonsense", "myip=&myipv6=nonsense", "myip=&ip6lanprefix=nonsense",
    "ip6lanprefix=2001:db8::", "ip6lanprefix=2001:db8::/129", "ip6lanprefix=2001:db8::/0", "ip6lanprefix=2001:db8::/",
    "ip6lanprefix=192.0.2.0/24", "ip6lanprefix=fe80::/64", "ip6lanprefix=<ip6lanprefix>", "myip=198.51.100.7/24",
    "myipv6=2001:db8:1::/64&ip6lanprefix=2001:db8:2::/64", "myip=224.0.0.1", "myip=255.255.255.255",
    "myip=198.51.100.7&ip=198.51.100.8", "MYIP=nonsense", "amp;myip=nonsense", "myip4=preserve&myip=198.51.100.7",
])
def test_what_is_no_address_is_never_replaced(primary, loopback_front, operands):
    host = primary.new_host(OLD_V4, OLD_V6)
    serial = primary.serial()
    answer = loopback_front.ask("GET", f"{nic(host)}&{operands}", [basic(LOGIN, API_KEY)])
    assert says(answer, 400, "notfqdn\n")
    assert primary.serial() == serial


def test_a_source_address_that_policy_refuses(primary, front):
    assert says(front(primary).nic(primary.new_host(OLD_V4)), 400, "notfqdn\n")


# How clients ask: at a scripted primary, for it matters to none which one it is

@pytest.fixture(scope="module")
def scripted_primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


@pytest.fixture(scope="module")
def sloppy(scripted_primary):
    users = [*USERS, user_setting(), user_setting("plus", "a+b c+d/1234"),
             user_setting("sole", hosts=(f"sole.{ZONE}",))]
    config = config_text([zone_setting(ZONE, scripted_primary, scripted_primary.key)], [scripted_primary.key], users)
    with contextlib.closing(Gateway(config).start()) as running:
        yield running


NEW_ADDRESSES = (f"198.51.100.{number}" for number in range(1, 255))


@pytest.fixture
def fresh():
    """An address that no host has."""
    return next(NEW_ADDRESSES)


QUERY = f"hostname={HOST}&myip="


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_every_path_and_method(sloppy, scripted_primary, fresh, path, method):
    answer = sloppy.ask(method, f"{path}?{QUERY}{fresh}", [basic(LOGIN, API_KEY)])
    assert says(answer, 200, f"good {fresh}\n")
    assert scripted_primary.records.get(HOST, "A") == (GATEWAY_TTL, {fresh})


def test_a_form(sloppy, fresh):
    body = f"{QUERY}{fresh}".encode()
    headers = [basic(LOGIN, API_KEY), "Content-Type: application/x-www-form-urlencoded"]
    assert says(sloppy.ask("POST", "/nic/update", headers, body), 200, f"good {fresh}\n")


@pytest.mark.parametrize("path", PATHS)
def test_head_never_updates(sloppy, scripted_primary, fresh, path):
    before = len(scripted_primary.requests)
    sloppy.ask("HEAD", f"{path}?{QUERY}{fresh}", [basic(LOGIN, API_KEY)])
    assert len(scripted_primary.requests) == before


@pytest.mark.parametrize("target", [
    "/nic/update?hostname={host}&myip={ip}", "//nic//update?hostname={host}&myip={ip}",
    "http://gateway.test/nic/update?hostname={host}&myip={ip}", "/nic/update?myip={ip}&hostname={host}.",
    "/nic/update?hostname={HOST}&myip={ip}", "/nic/update?&&hostname={host}&&myip={ip}&",
    "/nic/update?hostname={host}&myip={ip}%2C2001%3Adb8%3A%3A7",
    "/nic/update?hostname={host}&myip={ip}%2c2001%3adb8::7",
    "/nic/update?hostname=%2C{host}%2C&myip={ip}",
], ids=["plain", "slashes", "absolute", "dot", "capitals", "ampersands", "escapes", "lower-escapes", "commas"])
def test_sloppy_targets(sloppy, fresh, target):
    target = target.format(host=HOST, HOST=HOST.upper(), ip=fresh)
    answer = sloppy.ask("GET", target, [basic(LOGIN, API_KEY)])
    assert answer.text in (f"good {fresh}\n", f"good {fresh},2001:db8::7\n")


@pytest.mark.parametrize("hostname", ["", "&hostname=", "&hostname=YES", "&hostname=yes"])
def test_no_host_means_ones_own(sloppy, scripted_primary, fresh, hostname):
    """The login, if it is a host name, else the account's only host; else nobody knows which."""
    for user, host in ((HOST, HOST), ("sole", f"sole.{ZONE}")):
        answer = sloppy.ask("GET", f"/nic/update?myip={fresh}{hostname}", [basic(user, API_KEY)])
        assert says(answer, 200, f"good {fresh}\n")
        assert scripted_primary.records.get(host, "A") == (GATEWAY_TTL, {fresh})
    assert says(sloppy.ask("GET", f"/nic/update?myip={fresh}{hostname}", [basic(LOGIN, API_KEY)]), 400, "notfqdn\n")


@pytest.mark.parametrize("names", [("username", "password"), ("user", "pass"), ("username", "pass")])
def test_credentials_in_the_query(sloppy, fresh, names):
    login, key = names
    answer = sloppy.ask("GET", f"/nic/update?{QUERY}{fresh}&{login}={LOGIN}&{key}={secret(API_KEY)}")
    assert says(answer, 200, f"good {fresh}\n")


def test_basic_credentials_come_first(sloppy, fresh):
    wrong = f"/nic/update?{QUERY}{fresh}&username={LOGIN}&password={secret(WRONG_KEY)}"
    assert sloppy.ask("GET", wrong).code == "badauth"
    assert sloppy.ask("GET", wrong, [basic(LOGIN, API_KEY)]).code == "good"


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "bAsIc"])
def test_basic_in_any_case(sloppy, fresh, scheme):
    header = basic(LOGIN, API_KEY).replace("Basic", scheme)
    assert sloppy.ask("GET", f"/nic/update?{QUERY}{fresh}", [header]).code == "good"


@pytest.mark.parametrize("written", ["a+b c+d/1234", "a%2Bb%20c%2Bd/1234", "a%2Bb+c%2Bd/1234", "a+b%20c+d%2F1234"])
def test_plus_in_a_password_in_the_query(sloppy, fresh, written):
    """As itself, escaped, and with a space written as `+`."""
    target = f"/nic/update?{QUERY}{fresh}&username=plus&password={secret(written.replace(' ', '%20'))}"
    assert sloppy.ask("GET", target).code == "good"


def test_plus_in_a_basic_password(sloppy, fresh):
    assert sloppy.nic(HOST, fresh, user="plus", password="a+b c+d/1234").code == "good"
    assert sloppy.nic(HOST, fresh, user="plus", password="a b c d/1234").code == "badauth"


# HTTP as these clients need it

def test_keep_alive(sloppy, scripted_primary):
    """Nothing stands behind the last LF: the next answer begins there."""
    with sloppy.connect() as connection:
        for number in range(5):
            connection.request("GET", nic(HOST, myip=f"192.0.2.{number + 1}"), [basic(LOGIN, API_KEY)])
            answer = connection.answer()
            assert says(answer, 200, f"good 192.0.2.{number + 1}\n") and not answer.closes


def test_pipelined(sloppy):
    with sloppy.connect() as connection:
        for number in range(5):
            connection.request("GET", nic(HOST, myip=f"192.0.2.{number + 11}"), [basic(LOGIN, API_KEY)])
        for number in range(5):
            assert says(connection.answer(), 200, f"good 192.0.2.{number + 11}\n")


@pytest.mark.parametrize("headers", [[], ["Connection: keep-alive"]], ids=["plain", "keep-alive"])
@pytest.mark.parametrize("user, word", [(LOGIN, "good"), ("nobody", "badauth")])
def test_http_1_0_ends_after_the_answer(sloppy, fresh, headers, user, word):
    """inadyn reads to the end of the file."""
    with sloppy.connect() as connection:
        connection.request("GET", nic(HOST, myip=fresh), [basic(user, API_KEY), *headers], version="1.0")
        answer = connection.answer()
        assert answer.code == word and answer.text.endswith("\n") and answer.text.count("\n") == 1
        assert connection.at_end()


# Challenges and locks

def test_a_request_without_credentials_is_challenged(sloppy, scripted_primary):
    before = len(scripted_primary.requests)
    answer = sloppy.ask("GET", nic(HOST, myip=V4))
    assert says(answer, 401, "badauth\n")
    assert answer.headers["www-authenticate"].startswith('Basic realm="')
    assert len(scripted_primary.requests) == before


@pytest.mark.parametrize("listen", [(LOOPBACK,), ({"errors_as_200": True},)], ids=["plain", "errors_as_200"])
def test_a_challenge_is_no_failed_attempt(scripted, front, listen):
    """GNU wget, uclient-fetch and DrayTek send none until they are asked."""
    gateway = front(scripted(), failed_logins_max=1, listen=listen)
    for _ in range(100):
        assert says(gateway.ask("GET", nic(HOST, myip=V4)), 401, "badauth\n")
    assert gateway.nic(HOST, V4).code == "good"


def test_a_lock_is_abuse_and_ends_by_itself(scripted, front):
    gateway = front(scripted(), failed_logins_max=3, failed_logins_window_s=6)
    for _ in range(3):
        assert says(gateway.nic(HOST, V4, password=WRONG_KEY), 401, "badauth\n")
    locked = gateway.nic(HOST, V4)
    assert says(locked, 403, "abuse\n")
    assert 0 < int(locked.headers["retry-after"]) <= 2
    assert "www-authenticate" not in locked.headers
    assert gateway.ask("GET", nic(HOST, myip=V4)).status == 401, "asked for credentials all the same"
    time.sleep(int(locked.headers["retry-after"]))
    assert says(gateway.nic(HOST, V4), 200, f"good {V4}\n")


def test_asking_while_locked_does_not_prolong_the_lock(scripted, front):
    """OpenWrt asks every minute for ever."""
    gateway = front(scripted(), failed_logins_max=1, failed_logins_window_s=2)
    assert gateway.nic(HOST, V4, password=WRONG_KEY).code == "badauth"
    end = time.monotonic() + 4
    assert wait_until(lambda: gateway.nic(HOST, V4).code == "good", timeout_s=4, interval_s=0.1)
    assert time.monotonic() < end


# Clients that read words under status 200 only

@pytest.fixture
def lax(primary, front):
    """Its second listener is as all others."""
    listen = ({"errors_as_200": True}, "127.0.0.2")
    return front(primary, ZONE, READ_ONLY_ZONE, users=[OWNER, *USERS], listen=listen, failed_logins_max=1)


@pytest.mark.parametrize("host, ip, password, status, word", [
    (HOST, V4, WRONG_KEY, 401, "badauth"), ("www.example.org", V4, API_KEY, 403, "!yours"),
    (f"nobody.{ZONE}", V4, API_KEY, 404, "nohost"), ("no name", V4, API_KEY, 400, "notfqdn"),
    (HOST, "nonsense", API_KEY, 400, "notfqdn"), (f"www.{READ_ONLY_ZONE}", V4, API_KEY, 503, "dnserr"),
])
def test_errors_as_200(lax, host, ip, password, status, word):
    how = {"headers": [basic(LOGIN, password)]}
    assert says(lax.ask("GET", nic(host, myip=ip), **how, address="127.0.0.2"), status, f"{word}\n")
    if word == "badauth":
        assert says(lax.ask("GET", nic(host, myip=ip), **how), 200, "abuse\n")
    else:
        assert says(lax.ask("GET", nic(host, myip=ip), **how), 200, f"{word}\n")


def test_errors_as_200_is_not_for_the_rexx_dialect(lax):
    assert lax.update(f"nobody.{ZONE}", V4).status == 404
