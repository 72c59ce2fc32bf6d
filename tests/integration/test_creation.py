"""Records that come and go: accounts that may create hosts, `offline`, and the A record of a line that has no IPv4
address any more, at real BIND and Knot."""

import threading

import pytest

import faulty
from conftest import READ_ONLY_ZONE
from gateway import API_KEY, LOGIN, ZONE, basic, user_setting
from process import HAS_IPV6, LOOPBACK_V6

V4, V6 = "198.51.100.7", "2001:db8::7"
OLD_V4, OLD_V6 = ("A", "192.0.2.1"), ("AAAA", "2001:db8::1")
GATEWAY_TTL = 180
PREFIX = "2001:db8:1:2::/64"
BASIC = basic(LOGIN, API_KEY)


@pytest.fixture
def creator(primary, front):
    """A gateway whose user may create all hosts of the zone."""
    return front(primary, users=[user_setting(may_create=True)])


@pytest.fixture
def new_name(primary):
    """A name that has no records."""
    return lambda: f"new-{primary.new_host(('TXT', 'x'))}"


def says(answer, status, body):
    return (answer.status, answer.body) == (status, body.encode())


def both(primary, host):
    return primary.records(host, "A"), primary.records(host, "AAAA")


V4_ALONE = ((GATEWAY_TTL, [V4]), None)
V6_ALONE = (None, (GATEWAY_TTL, [V6]))
BOTH = ((GATEWAY_TTL, [V4]), (GATEWAY_TTL, [V6]))
NEITHER = (None, None)


# Creation

@pytest.mark.parametrize("ip, made", [(V4, V4_ALONE), (V6, V6_ALONE), (f"{V4},{V6}", BOTH)], ids=["A", "AAAA", "both"])
def test_a_host_is_made(primary, creator, new_name, ip, made):
    host = new_name()
    serial = primary.serial()
    assert says(creator.nic(host, ip), 200, f"good {ip}\n")
    assert both(primary, host) == made
    assert primary.serial() == serial + 1
    assert says(creator.nic(host, ip), 200, f"nochg {ip}\n")
    assert primary.serial() == serial + 1


@pytest.mark.parametrize("there", [OLD_V4, OLD_V6], ids=lambda record: record[0])
def test_a_record_is_made_beside_another_one(primary, creator, there):
    host = primary.new_host(there)
    assert says(creator.nic(host, f"{V4},{V6}"), 200, f"good {V4},{V6}\n")
    assert both(primary, host) == BOTH


def test_other_types_stay(primary, creator):
    host = primary.new_host(("TXT", '"kept"'))
    assert creator.nic(host, V4).code == "good"
    assert primary.records(host, "TXT")[1] == ['"kept"']


def test_elsewhere_it_must_exist(primary, front, new_name):
    users = [user_setting(hosts=[f"zone:{ZONE}"], create_hosts=[f"*.mine.{ZONE}", f"own.{ZONE}"])]
    gateway = front(primary, users=users)
    mine, other = f"{new_name().split('.')[0]}.mine.{ZONE}", new_name()
    answer = gateway.nic([mine, other, f"own.{ZONE}", f"mine.{ZONE}"], V4)
    assert (answer.status, answer.text.splitlines()) == (200, [f"good {V4}", "nohost", f"good {V4}", "nohost"])
    assert primary.records(other, "A") is None
    assert gateway.nic(primary.new_host(OLD_V4), V4).code == "good"
    assert says(gateway.nic(other, offline="yes"), 403, "!donator\n")
    assert says(gateway.nic([mine, f"own.{ZONE}"], offline="yes"), 200, "good 0.0.0.0\n" * 2)
    assert both(primary, mine) == both(primary, f"own.{ZONE}") == NEITHER


def test_create_hosts_need_not_be_hosts_too(primary, front, new_name):
    host = new_name()
    gateway = front(primary, users=[user_setting(hosts=[], create_hosts=[host])])
    assert says(gateway.nic(None, V4), 200, f"good {V4}\n")
    assert both(primary, host) == V4_ALONE
    assert says(gateway.nic(f"www.{ZONE}", V4), 403, "!yours\n")


def test_many_hosts_are_made_by_one_message(scripted, front):
    primary = scripted()
    hosts = [f"h{number}.{ZONE}" for number in range(20)]
    for host in hosts[::2]:
        primary.records.set(host, "A")
    gateway = front(primary, users=[user_setting(may_create=True)])
    assert gateway.nic(hosts, V4).text == f"good {V4}\n" * 20
    assert len(primary.updates) == 1


def test_creation_may_be_refused_by_the_primary(primary, front):
    gateway = front(primary, READ_ONLY_ZONE, users=[user_setting(hosts=[f"zone:{READ_ONLY_ZONE}"], may_create=True)])
    assert says(gateway.nic(f"new.{READ_ONLY_ZONE}", V4), 503, "dnserr\n")


@pytest.mark.parametrize("ip", [V4, f"{V4},{V6}"], ids=["A", "both"])
def test_an_alias_is_no_place_for_addresses(primary, creator, ip):
    """Primaries leave out, without a word, what cannot be beside a CNAME (RFC 2136, section 3.4.2.2)."""
    target = f"ns.{ZONE}."
    host = primary.new_host(("CNAME", target))
    neighbour = primary.new_host(OLD_V4, OLD_V6)
    for _ in range(2):
        assert says(creator.nic(host, ip), 404, "nohost\n")
    assert primary.records(host, "CNAME")[1] == [target]
    assert says(creator.nic([neighbour, host], ip), 200, f"good {ip}\nnohost\n")
    assert primary.records(neighbour, "A") == (GATEWAY_TTL, [V4])
    assert "primary-failed" not in creator.log, "a prerequisite that does not hold is no fault of the primary"
    primary.remove(host, "CNAME")
    assert says(creator.nic(host, ip), 200, f"good {ip}\n")


@pytest.mark.parametrize("ip", [V4, "192.0.2.99"], ids=["another-address", "the-same-address"])
def test_a_name_that_a_wildcard_covers(primary, front, new_name, ip):
    """It seems to be there, and is not."""
    label = new_name().split(".")[0]
    below = f"{label}.{ZONE}"
    primary.add(ZONE, f"*.{below}", ("A", "192.0.2.99"))
    host = f"host.{below}"
    assert says(front(primary).nic(host, ip), 404, "nohost\n")
    creator = front(primary, users=[user_setting(may_create=True)])
    assert says(creator.nic(host, ip), 200, f"good {ip}\n")
    assert primary.records(host, "A") == (GATEWAY_TTL, [ip])
    assert primary.records(f"other.{below}", "A")[1] == ["192.0.2.99"]


@pytest.mark.parametrize("side_by_side", [True, False], ids=["two-gateways", "one-gateway"])
def test_two_create_the_same_host(primary, front, new_name, side_by_side):
    """Both are told that it is good, and one of the two addresses stays, alone."""
    users = [user_setting(may_create=True)]
    first = front(primary, users=users)
    gateways = [first, front(primary, users=users) if side_by_side else first]
    for _ in range(20):
        host, answers = new_name(), {}

        def create(gateway, ip):
            answers[ip] = gateway.nic(host, ip)
        ips = ["198.51.100.1", "198.51.100.2"]
        threads = [threading.Thread(target=create, args=pair) for pair in zip(gateways, ips)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        words = {ip: answer.text for ip, answer in answers.items()}
        ttl, found = primary.records(host, "A")
        assert ttl == GATEWAY_TTL and len(found) == 1 and found[0] in ips
        assert all(text.startswith("good ") for text in words.values()), words


# offline

@pytest.mark.parametrize("records", [[OLD_V4], [OLD_V6], [OLD_V4, OLD_V6], [OLD_V4, ("A", "192.0.2.2"), OLD_V6]],
                         ids=["A", "AAAA", "both", "several"])
@pytest.mark.parametrize("yes", ["yes", "YES"])
def test_offline(primary, creator, records, yes):
    """The addresses go and nothing else does, and come back with the next update."""
    host = primary.new_host(("TXT", '"kept"'), *records)
    serial = primary.serial()
    assert says(creator.nic(host, V4, offline=yes), 200, "good 0.0.0.0\n")
    assert both(primary, host) == NEITHER
    assert primary.records(host, "TXT")[1] == ['"kept"']
    assert primary.serial() == serial + 1
    assert says(creator.nic(host, offline=yes), 200, "nochg 0.0.0.0\n")
    assert primary.serial() == serial + 1
    assert says(creator.nic(host, f"{V4},{V6}"), 200, f"good {V4},{V6}\n")
    assert both(primary, host) == BOTH


def test_off_and_on_again(primary, creator, new_name):
    """Without a pause, in one connection's order."""
    host = new_name()
    for number in range(1, 11):
        ip = f"198.51.100.{number}"
        assert says(creator.nic(host, ip), 200, f"good {ip}\n")
        assert primary.records(host, "A") == (GATEWAY_TTL, [ip])
        assert creator.nic(host, offline="yes").code == "good"
        assert both(primary, host) == NEITHER


@pytest.mark.parametrize("offline", ["no", "NOCHG", ""])
def test_offline_no_is_an_update(primary, creator, offline):
    host = primary.new_host(OLD_V4)
    assert says(creator.nic(host, V4, offline=offline), 200, f"good {V4}\n")


def test_offline_of_several_hosts(primary, front):
    hosts = primary.new_hosts(3, OLD_V4, OLD_V6)
    users = [user_setting(hosts=[f"zone:{ZONE}"], create_hosts=hosts[:2])]
    answer = front(primary, users=users).nic([*hosts, "www.example.org"], offline="yes")
    assert (answer.status, answer.text.splitlines()) == (200, ["good 0.0.0.0"] * 2 + ["!donator", "!yours"])
    assert both(primary, hosts[0]) == both(primary, hosts[1]) == NEITHER
    assert both(primary, hosts[2])[0][1] == [OLD_V4[1]]


def test_the_same_host_off_and_on_by_two_users(primary, front):
    """Whatever the order, the zone has what the last answer says."""
    host = primary.new_host(OLD_V4, OLD_V6)
    gateway = front(primary, users=[user_setting(may_create=True), user_setting("other", may_create=True)])
    for _ in range(10):
        answers = {}

        def ask(user, **operands):
            answers[user] = gateway.nic(host, user=user, **operands)
        threads = [threading.Thread(target=ask, args=["alice"], kwargs={"offline": "yes"}),
                   threading.Thread(target=ask, args=["other"], kwargs={"myip": f"{V4},{V6}"})]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {answer.status for answer in answers.values()} == {200}
        assert both(primary, host) in (NEITHER, BOTH)


# A line without IPv4

GONE = ["myip=&myipv6=2001:db8::7", "myip=,2001:db8::7", "myip=%2C2001%3Adb8%3A%3A7", "myipv4=&myipv6=2001:db8::7",
        "ip=&ip6=2001:db8::7"]


@pytest.mark.parametrize("operands", GONE)
def test_a_stale_ipv4_address_is_removed(primary, creator, operands):
    """DS-Lite: the router says that it has none."""
    host = primary.new_host(OLD_V4, OLD_V6)
    serial = primary.serial()
    for word in ("good", "nochg"):
        assert says(creator.ask("GET", f"/nic/update?hostname={host}&{operands}", [BASIC]), 200,
                    f"{word} {V6}\n")
        assert both(primary, host) == V6_ALONE
        assert primary.serial() == serial + 1


@pytest.mark.parametrize("operands", GONE)
def test_a_stale_ipv4_address_stays_where_it_may_not_be_removed(primary, front, operands):
    host = primary.new_host(OLD_V4, OLD_V6)
    answer = front(primary).ask("GET", f"/nic/update?hostname={host}&{operands}", [BASIC])
    assert says(answer, 200, f"good {V6}\n")
    assert both(primary, host) == ((3600, [OLD_V4[1]]), (GATEWAY_TTL, [V6]))


@pytest.mark.parametrize("operands", ["myip=2001:db8::7", "myipv6=2001:db8::7", "myip=preserve&myipv6=2001:db8::7",
                                      "myipv4=preserve&myipv6=2001:db8::7"])
def test_ipv6_alone_removes_nothing(primary, creator, operands):
    """The client has not said that there is no IPv4 address."""
    host = primary.new_host(OLD_V4, OLD_V6)
    answer = creator.ask("GET", f"/nic/update?hostname={host}&{operands}", [BASIC])
    assert says(answer, 200, f"good {V6}\n")
    assert primary.records(host, "A")[1] == [OLD_V4[1]]


@pytest.mark.parametrize("operands", [f"myip=&ip6lanprefix={PREFIX}", f"myip=,2001:db8:a::1&ip6lanprefix={PREFIX}"])
def test_a_prefix_and_no_ipv4(primary, creator, operands):
    host = primary.new_host(OLD_V4, ("AAAA", "2001:db8:fade::5"))
    answer = creator.ask("GET", f"/nic/update?hostname={host}&{operands}", [BASIC])
    assert says(answer, 200, "good 2001:db8:1:2::5\n")
    assert both(primary, host) == (None, (GATEWAY_TTL, ["2001:db8:1:2::5"]))


def test_a_prefix_and_no_ipv4_for_a_host_without_ipv6(primary, creator):
    """Its last address is not taken from it."""
    host = primary.new_host(OLD_V4)
    answer = creator.ask("GET", f"/nic/update?hostname={host}&myip=&ip6lanprefix={PREFIX}", [BASIC])
    assert says(answer, 404, "nohost\n")
    assert primary.records(host, "A")[1] == [OLD_V4[1]]


def test_a_removal_that_nobody_answered(scripted, front):
    """The primary has carried it out and closed; asked again, the gateway says what is so."""
    primary = scripted(faulty.closes_after_commit)
    host = f"www.{ZONE}"
    gateway = front(primary, users=[user_setting(may_create=True)])
    answer = gateway.nic(host, offline="yes")
    assert says(answer, 200, "good 0.0.0.0\n") or answer.code == "911"
    primary.mend()
    assert gateway.nic(host, offline="yes").code in ("good", "nochg")
    assert primary.records.get(host, "A") is None and primary.records.get(host, "AAAA") is None


@pytest.mark.skipif(not HAS_IPV6, reason="no ::1 on this machine")
def test_a_source_address_of_ipv6_removes_nothing(primary, front):
    """ddclient sends an empty address when it has found none out: that says nothing of IPv4."""
    host = primary.new_host(OLD_V4, OLD_V6)
    creator = front(primary, users=[user_setting(may_create=True)], allow_loopback=True, listen=(LOOPBACK_V6,))
    answer = creator.ask("GET", f"/nic/update?hostname={host}&myip=", [BASIC], address=LOOPBACK_V6)
    assert says(answer, 200, "good ::1\n")
    assert primary.records(host, "A")[1] == [OLD_V4[1]]


@pytest.mark.parametrize("addresses", [V4, V6, f"{V4},{V6}"])
@pytest.mark.parametrize("hides", ["NS ns.example.net.", "DNAME elsewhere.example.net."], ids=["NS", "DNAME"])
def test_nothing_is_made_where_nobody_finds_it(primary, creator, new_name, hides, addresses):
    cut = new_name()
    primary.nsupdate(f"zone {ZONE}", f"update add {cut} 300 {hides}")
    serial = primary.serial()
    assert says(creator.nic(f"host.{cut}", addresses), 404, "nohost\n")
    assert primary.serial() == serial


def test_the_address_of_a_delegated_zone_s_server_changes(primary, creator, new_name):
    cut = new_name()
    primary.nsupdate(f"zone {ZONE}", f"update add {cut} 300 NS ns.{cut}", f"update add ns.{cut} 300 A 192.0.2.1")
    assert says(creator.nic(f"ns.{cut}", V4), 200, f"good {V4}\n")
    assert V4 in primary.glue(cut)


def test_an_operand_for_ipv6_leaves_the_a_record_alone(primary, creator):
    """`<ipv6>,<prefix>` of a router that has no address of IPv6 itself."""
    host = primary.new_host(OLD_V4, OLD_V6)
    assert says(creator.nic(host, myipv6=f",{V6}"), 200, f"good {V6}\n")
    assert both(primary, host) == ((3600, [OLD_V4[1]]), (GATEWAY_TTL, [V6]))
