"""IPv6 as homes have it: a new prefix goes before the host part of each AAAA record that is there, at real BIND and
Knot, whatever its length, and whoever else writes meanwhile."""

import ipaddress
import itertools
import random
import threading
import time

import pytest

from gateway import API_KEY, LOGIN, ZONE, basic, nic, user_setting

V4 = "198.51.100.7"
OLD_V4 = ("A", "192.0.2.1")
GATEWAY_TTL = 180
LENGTHS = (3, 32, 33, 47, 48, 56, 57, 60, 63, 64, 65, 96, 127, 128)
# Host parts that show a shift by any number of bits.
OLD_V6 = ("2001:db8:fade:cafe:211:22ff:fe33:4455", "2001:db8:fade:caf1::1", "2001:db8:fad0:1:ffff:ffff:ffff:fffe")
NEW = "2a00:1234:5678:9abd:fedc:ba98:7654:3211"
PREFIX = "2001:db8:1:2::/64"


def aaaa(*addresses):
    return [("AAAA", address) for address in addresses]


def rewritten(address, prefix, length):
    """The first bits of the one, the others of the other."""
    kept = (1 << (128 - length)) - 1
    return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) & ~kept
                                     | int(ipaddress.IPv6Address(address)) & kept))


def record(*addresses):
    return GATEWAY_TTL, sorted(str(ipaddress.IPv6Address(address)) for address in addresses)


def said(answer):
    """The word and the addresses of the only line."""
    line, = answer.text.splitlines()
    word, _, addresses = line.partition(" ")
    return word, set(addresses.split(",")) if addresses else set()


# What a prefix makes of addresses

@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("operand", ["ip6lanprefix", "ipv6prefix", "myipv6", "myip"])
def test_every_length(primary, front, operand, length):
    """Bits behind the prefix do not matter where a prefix is meant; elsewhere there must be none."""
    host = primary.new_host(OLD_V4, *aaaa(*OLD_V6))
    wanted = {rewritten(address, NEW, length) for address in OLD_V6}
    gateway, serial = front(primary), primary.serial()
    sent = f"{NEW if operand.endswith('prefix') else rewritten('::', NEW, length)}/{length}"
    word, shown = said(gateway.nic(host, **{operand: sent}))
    assert word == "good" and shown <= wanted
    assert primary.records(host, "AAAA") == record(*wanted)
    assert primary.records(host, "A")[1] == [OLD_V4[1]]
    assert primary.serial() == serial + 1
    word, shown = said(gateway.nic(host, **{operand: sent}))
    assert word == "nochg" and shown <= wanted
    assert primary.serial() == serial + 1


@pytest.mark.parametrize("operand", ["myip", "myipv6", "ip6"])
def test_an_address_with_a_length_is_nobodys(primary, front, operand):
    """RouterOS means the address, deSEC's clients the prefix."""
    host = primary.new_host(*aaaa(OLD_V6[0]))
    answer = front(primary).nic(host, **{operand: "2001:db8:9:9::1/64"})
    assert (answer.status, answer.body) == (400, b"notfqdn\n")
    assert primary.records(host, "AAAA")[1] == [OLD_V6[0]]


@pytest.mark.parametrize("there, prefix", [("3e80::1", "e000::/3"), ("3d00::1", "e000::/3"), ("2000::1", "0:0:1::/16"),
                                           ("2000::ffff:7f00:1", "0:0:1::/32")])
def test_no_prefix_makes_an_address_that_may_not_be_set(primary, front, there, prefix):
    """Link-local, unique local, ::1 and ::ffff:127.0.0.1 they would be."""
    host = primary.new_host(("AAAA", there))
    answer = front(primary).nic(host, ip6lanprefix=prefix)
    assert (answer.status, answer.code) == (400, "notfqdn")
    assert primary.records(host, "AAAA")[1] == [there]


def test_addresses_that_become_one(primary, front):
    host = primary.new_host(*aaaa("2001:db8:1::5", "2001:db8:2::5", "2001:db8:2::6"))
    assert said(front(primary).nic(host, ip6lanprefix="2001:db8:3::/48"))[0] == "good"
    assert primary.records(host, "AAAA") == record("2001:db8:3::5", "2001:db8:3::6")


def test_a_prefix_that_is_there_in_part(primary, front):
    """One address has it already, the other one has not."""
    host = primary.new_host(*aaaa("2001:db8:3::5", "2001:db8:2::6"))
    assert said(front(primary).nic(host, ip6lanprefix="2001:db8:3::/48"))[0] == "good"
    assert primary.records(host, "AAAA") == record("2001:db8:3::5", "2001:db8:3::6")


@pytest.mark.parametrize("count", [1, 2, 8])
def test_several_addresses_of_a_host(primary, front, count):
    before = [f"2001:db8:2::{number + 1}" for number in range(count)]
    host = primary.new_host(*aaaa(*before))
    gateway = front(primary)
    for number in range(3, 6):
        assert said(gateway.nic(host, ip6lanprefix=f"2001:db8:{number}::/48"))[0] == "good"
        assert primary.records(host, "AAAA") == record(*(rewritten(each, f"2001:db8:{number}::", 48)
                                                         for each in before))


def test_more_addresses_than_can_be_handled(primary, front):
    """Rather nothing than half of them."""
    host = primary.new_host(*aaaa(*(f"2001:db8:2::{number}" for number in range(1, 10))))
    before = primary.records(host, "AAAA")
    answer = front(primary).nic(host, ip6lanprefix=PREFIX)
    assert (answer.status, answer.body) == (503, b"dnserr\n")
    assert primary.records(host, "AAAA") == before


# Together with other addresses, and for several hosts

@pytest.mark.parametrize("order", list(itertools.permutations(["v4", "wan", "prefix"])), ids="-".join)
def test_wan_address_prefix_and_ipv4_in_one_request(primary, front, order):
    """The WAN address lies outside the prefix and is not the host's."""
    host = primary.new_host(OLD_V4, *aaaa(OLD_V6[0]))
    operands = {"v4": ("myip", V4), "wan": ("myipv6", "2001:db8:aaaa::1"), "prefix": ("ip6lanprefix", PREFIX)}
    gateway, serial = front(primary), primary.serial()
    wanted = rewritten(OLD_V6[0], "2001:db8:1:2::", 64)
    for word in ("good", "nochg"):
        assert said(gateway.nic(host, **dict(operands[each] for each in order))) == (word, {V4, wanted})
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])
    assert primary.records(host, "AAAA") == record(wanted)
    assert primary.serial() == serial + 1


def test_as_fritzbox_sends_it(primary, front):
    host = primary.new_host(OLD_V4, *aaaa(*OLD_V6))
    answer = front(primary).nic(host, f"{V4},2001:db8:aaaa::1", ip6lanprefix=PREFIX)
    wanted = {rewritten(address, "2001:db8:1:2::", 64) for address in OLD_V6}
    assert said(answer)[0] == "good" and V4 in said(answer)[1]
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])
    assert primary.records(host, "AAAA") == record(*wanted)


@pytest.mark.parametrize("may_create", [False, True])
def test_a_host_with_ipv4_alone(primary, front, may_create):
    """The router sends all it has for hosts of all kinds. No AAAA is made up."""
    host = primary.new_host(OLD_V4)
    gateway = front(primary, users=[user_setting(may_create=may_create)])
    for word in ("good", "nochg"):
        assert said(gateway.nic(host, f"{V4},2001:db8:aaaa::1", ip6lanprefix=PREFIX)) == (word, {V4})
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])
    assert primary.records(host, "AAAA") is None


@pytest.mark.parametrize("may_create", [False, True])
def test_a_prefix_without_anything_to_put_it_before(primary, front, may_create):
    host = primary.new_host(OLD_V4)
    gateway, serial = front(primary, users=[user_setting(may_create=may_create)]), primary.serial()
    answer = gateway.nic(host, ip6lanprefix=PREFIX)
    assert (answer.status, answer.body) == (404, b"nohost\n")
    assert primary.serial() == serial


@pytest.mark.parametrize("prefix", [PREFIX, "2001:db8:9:9::/64"], ids=["another-prefix", "the-same-prefix"])
def test_a_name_that_a_wildcard_covers(primary, front, prefix):
    """It seems to have an address that could be rewritten, and has none. Nor does one come with an IPv4 address."""
    below = primary.new_host(("TXT", "x"))
    primary.add(ZONE, f"*.{below}", ("A", V4))
    primary.add(ZONE, f"*.{below}", *aaaa("2001:db8:9:9::1"))
    host, other = f"host.{below}", primary.new_host(*aaaa("2001:db8:2::5"))
    gateway, serial = front(primary), primary.serial()
    for operands in ({}, {"myip": V4}, {"myip": "198.51.100.8"}):
        answer = gateway.nic(host, ip6lanprefix=prefix, **operands)
        assert (answer.status, answer.body) == (404, b"nohost\n")
    assert primary.serial() == serial
    words = [line.split()[0] for line in gateway.nic([host, other], ip6lanprefix=prefix).text.splitlines()]
    assert words == ["nohost", "good"]
    creator = front(primary, users=[user_setting(may_create=True)])
    assert creator.nic(host, ip6lanprefix=prefix).code == "nohost"
    assert said(creator.nic(host, "198.51.100.8", ip6lanprefix=prefix)) == ("good", {"198.51.100.8"})
    assert primary.records(host, "A") == (GATEWAY_TTL, ["198.51.100.8"])
    assert primary.records(host, "AAAA") is None


def test_several_hosts_at_once(primary, front):
    """Each keeps its own host part; one message for all."""
    hosts = [primary.new_host(OLD_V4, *aaaa(f"2001:db8:fade::{number}:1", f"2001:db8:fade::{number}:2"))
             for number in range(1, 11)]
    v4_only, missing = primary.new_host(OLD_V4), f"nobody.{ZONE}"
    gateway, serial = front(primary), primary.serial()
    for count, prefix in enumerate(("2001:db8:1:2::", "2001:db8:1:3::"), 1):
        answer = gateway.nic([*hosts, v4_only, missing], f"198.51.100.{count}", ip6lanprefix=f"{prefix}/64")
        words = [line.split()[0] for line in answer.text.splitlines()]
        assert words == ["good"] * 11 + ["nohost"]
        assert primary.serial() == serial + count
        for number, host in enumerate(hosts, 1):
            assert primary.records(host, "AAAA") == record(f"{prefix}{number}:1", f"{prefix}{number}:2")
        assert primary.records(v4_only, "AAAA") is None


def test_prefixes_of_one_host_in_a_row(primary, front):
    """Without a pause, and of several lengths. Each works on what the one before has left."""
    host, wanted = primary.new_host(*aaaa(*OLD_V6[:2])), OLD_V6[:2]
    gateway = front(primary)
    with gateway.connect() as connection:
        prefixes = [(f"2001:db8:{number:x}:{number:x}00::", 48 + number % 17) for number in range(1, 31)]
        for prefix, length in prefixes:
            connection.request("GET", nic(host, ip6lanprefix=f"{prefix}/{length}"), [basic(LOGIN, API_KEY)])
            wanted = [rewritten(address, prefix, length) for address in wanted]
        assert [said(connection.answer())[0] for _ in prefixes] == ["good"] * len(prefixes)
    assert primary.records(host, "AAAA") == record(*wanted)


# Read, modify, write

def test_the_record_was_changed_since_it_was_seen(primary, front):
    """What is rewritten is what is there, not what the gateway remembers."""
    host = primary.new_host(*aaaa("2001:db8:2::5"))
    gateway = front(primary)
    assert said(gateway.nic(host, ip6lanprefix="2001:db8:3::/48"))[0] == "good"
    primary.nsupdate(f"zone {ZONE}", f"del {host} AAAA", f"add {host} {GATEWAY_TTL} AAAA 2001:db8:4::6",
                     f"add {host} {GATEWAY_TTL} AAAA 2001:db8:4::7")
    assert said(gateway.nic(host, ip6lanprefix="2001:db8:3::/48"))[0] == "good"
    assert primary.records(host, "AAAA") == record("2001:db8:3::6", "2001:db8:3::7")
    primary.remove(host, "AAAA")
    assert gateway.nic(host, ip6lanprefix="2001:db8:9::/48").code == "nohost"
    assert primary.records(host, "AAAA") is None


class Writer:
    """Somebody else, who sets the AAAA of a host as often as the primary lets it. Its n-th value has n in its host
    part twice, and a prefix of its own."""

    OWN = 0xffff

    def __init__(self, primary, host, pause_s):
        self._thread = threading.Thread(target=self._run, args=[primary, host, pause_s], daemon=True)
        self._end = threading.Event()
        self.count = 0
        self.failure = None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()
        assert self.failure is None, self.failure

    @classmethod
    def address(cls, prefix, number):
        return f"2001:db8:{prefix:x}:{number:x}::{number:x}"

    def _run(self, primary, host, pause_s):
        try:
            for number in itertools.count(1):
                primary.replace(host, "AAAA", self.address(self.OWN, number))
                self.count = number
                if self._end.wait(random.uniform(0, pause_s)):
                    return
        except Exception as failure:
            self.failure = failure


def parts(address):
    """Which prefix an address has, and which of the writer's values it comes from; both halves must agree on that."""
    groups = [int(group, 16) for group in ipaddress.IPv6Address(address).exploded.split(":")]
    assert groups[:2] == [0x2001, 0xdb8] and groups[3] == groups[7] and groups[4:7] == [0, 0, 0], address
    return groups[2], groups[3]


@pytest.mark.parametrize("pause_s", [0, 0.03], ids=["as-fast-as-it-can", "now-and-then"])
def test_another_writer_between_read_and_write(primary, front, pause_s):
    """Never is there an address that neither the writer wrote nor is a correct rewrite of such a one; and what is
    answered `good` was so: right after it the record has the new prefix, or something that was written later. Who never
    gets between two of the writer's changes is told so, or that nobody knows: somebody may have sent the message twice,
    and its first copy been carried out and written over."""
    host = primary.new_host(*aaaa(Writer.address(Writer.OWN, 0)))
    gateway, goods = front(primary), 0
    with Writer(primary, host, pause_s) as writer:
        for prefix in range(1, Writer.OWN):
            if prefix > 100 and writer.count > 10:
                break
            answer = gateway.nic(host, ip6lanprefix=f"2001:db8:{prefix:x}::/48")
            _, (found,) = primary.records(host, "AAAA")
            found_prefix, found_number = parts(found)
            assert found_prefix in (*range(prefix + 1), Writer.OWN)
            if answer.code != "good":
                assert answer.status == 503 and answer.body in (b"dnserr\n", b"911\n")
                continue
            goods += 1
            said_prefix, said_number = parts(*said(answer)[1])
            assert said_prefix == prefix
            assert (found_prefix, found_number) == (prefix, said_number) or \
                (found_prefix == Writer.OWN and found_number > said_number)
    assert goods and writer.count > 10, (goods, writer.count)
    number = parts(primary.records(host, "AAAA")[1][0])[1]
    assert said(gateway.nic(host, ip6lanprefix="2001:db8:abcd::/48"))[0] == "good"
    assert primary.records(host, "AAAA") == record(Writer.address(0xabcd, number))


def test_two_gateways_rewrite_the_same_record(primary, front):
    """Both are `good`, one of the two prefixes stays, and no host part is lost."""
    host = primary.new_host(*aaaa(*OLD_V6[:2]))
    gateways = [front(primary), front(primary)]
    for number in range(20):
        prefixes = [f"2001:db8:{number:x}:{side}::" for side in (1, 2)]
        answers = [None, None]

        def ask(side):
            answers[side] = gateways[side].nic(host, ip6lanprefix=f"{prefixes[side]}/64")
        threads = [threading.Thread(target=ask, args=[side]) for side in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [said(answer)[0] for answer in answers] == ["good", "good"]
        assert primary.records(host, "AAAA") in [record(*(rewritten(each, prefix, 64) for each in OLD_V6[:2]))
                                                 for prefix in prefixes]


def test_every_good_was_committed(scripted, front):
    """The same where everything that was carried out can be seen."""
    primary, host, committed = scripted(), f"www.{ZONE}", []
    carry_out = primary.records.carry_out

    def noted(update):
        rcode = carry_out(update)
        if rcode == 0:
            committed.extend(rdata.to_text() for rrset in update.update for rdata in rrset)
        return rcode
    primary.records.carry_out = noted
    end = threading.Event()

    def write():
        for number in itertools.count(1):
            primary.records.set(host, "AAAA", Writer.address(Writer.OWN, number))
            if end.wait(random.uniform(0, 0.004)):
                return
    primary.records.set(host, "AAAA", Writer.address(Writer.OWN, 0))
    writer = threading.Thread(target=write)
    writer.start()
    try:
        gateway, goods = front(primary), 0
        for prefix in range(1, 101):
            answer = gateway.nic(host, ip6lanprefix=f"2001:db8:{prefix:x}::/48")
            if answer.code == "good":
                goods += 1
                assert said(answer)[1] == {committed[-1]}
            time.sleep(0.001)
    finally:
        end.set()
        writer.join()
    assert goods
    for address in committed:
        assert parts(address)[0] in range(1, 101)
