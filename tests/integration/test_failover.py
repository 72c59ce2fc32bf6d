"""Primaries that fail and come back, while updates go on: nothing acknowledged is lost, nothing is acknowledged that
is not so, and a request that can be served is served."""

import contextlib
import itertools
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import dns.exception
import dns.rcode
import pytest

import faulty
from conftest import running_server
from gateway import SHORT_TIMEOUTS, ZONE, config_text, zone_setting
from process import HAS_IPV6, LOOPBACK, BlackHole, free_port, wait_until
from servers import Bind, Key, Knot, Zone

V4 = "198.51.100.7"
OLD_V4 = ("A", "192.0.2.1")
GATEWAY_TTL = 180
HOST = f"www.{ZONE}"
WRITERS = 20
RESTARTS = 20


@pytest.fixture
def front(gateway):
    """Makes a gateway for the zone at these primaries, in their order."""
    def make(primaries, key, commit_pause_ms=0, **options):
        zone = zone_setting(ZONE, primaries, key, commit_pause_ms=commit_pause_ms)
        return gateway(config_text([zone], [key], **options))
    return make


def addresses():
    """A new one at each call, so that each update is a change."""
    return (f"198.51.{number // 250}.{number % 250 + 1}" for number in itertools.count())


# Several primaries

def test_a_real_primary_that_stops_and_comes_back(own_primary, scripted, front):
    """The second one serves meanwhile; then the first one is used again."""
    host, key = own_primary.new_host(OLD_V4), own_primary.key()
    second = scripted(key=key)
    gateway, ips = front([own_primary, second], key), addresses()
    assert gateway.update(host, next(ips)).code == "OK"
    assert not second.requests
    own_primary.stop()
    ip = next(ips)
    assert gateway.update(host, ip).code == "OK"
    assert second.records.get(host, "A") == (GATEWAY_TTL, {ip})
    own_primary.resume()

    def used_again():
        ip = next(ips)
        assert gateway.update(host, ip).code == "OK"
        return own_primary.records(host, "A") == (GATEWAY_TTL, [ip])
    assert wait_until(used_again, interval_s=0.1)


@pytest.mark.parametrize("script", [faulty.silent, faulty.closes_after_accept, faulty.closes_after_reading,
                                    faulty.unsigned],
                         ids=lambda script: script.__name__)
def test_the_next_primary_serves_what_the_first_one_does_not(scripted, front, script):
    """Within the time of the request. And once the first one has failed, updates do not wait for it any more."""
    first = scripted(script, hits=faulty.EVERYTHING)
    second = scripted(key=first.key)
    gateway, ips = front([first, second], first.key, reply_timeout_ms=300, connect_timeout_ms=300), addresses()
    assert gateway.update(HOST, next(ips)).code == "OK"
    begin = time.monotonic()
    for _ in range(3):
        assert gateway.update(HOST, next(ips)).code == "OK"
    assert time.monotonic() - begin < 3
    first.mend()

    def used_again():
        assert gateway.update(HOST, next(ips)).code == "OK"
        return first.updates
    assert wait_until(used_again, interval_s=0.1)


@pytest.mark.parametrize("script", [faulty.silent, faulty.closes_after_reading, faulty.unsigned],
                         ids=lambda script: script.__name__)
def test_a_first_primary_that_fails_only_updates(scripted, front, script):
    """It answers queries, so its connection is one that works. The second primary serves all the same."""
    first = scripted(script)
    second = scripted(key=first.key)
    gateway = front([first, second], first.key, reply_timeout_ms=500, request_timeout_ms=5000)
    assert gateway.update(HOST, V4).code == "OK"
    assert second.records.get(HOST, "A") == (GATEWAY_TTL, {V4})


def test_a_first_primary_that_hangs_after_it_has_worked(own_primary, scripted, front):
    """One time-out moves on; it need not be found out twice."""
    host, key = own_primary.new_host(OLD_V4), own_primary.key()
    second = scripted(key=key)
    gateway = front([own_primary, second], key, reply_timeout_ms=2000)
    assert gateway.update(host, "198.51.100.1").code == "OK"
    second.records.set(host, "A", "198.51.100.1")
    own_primary.freeze()
    try:
        begin = time.monotonic()
        assert gateway.update(host, V4).code == "OK"
        assert time.monotonic() - begin < 3.9
    finally:
        own_primary.thaw()
    assert second.records.get(host, "A") == (GATEWAY_TTL, {V4})


def test_all_primaries_down_and_one_comes_back(scripted, front):
    first = scripted()
    second = scripted(key=first.key)
    gateway = front([first, second], first.key, **SHORT_TIMEOUTS)
    first.close()
    second.close()
    answer = gateway.update(HOST, V4)
    assert (answer.code, answer.status) == ("UA_DNS", 503)
    assert "nothing was changed" in answer.text
    back = scripted(key=first.key, port=second.port)
    assert wait_until(lambda: gateway.update(HOST, V4).code == "OK")
    assert back.records.get(HOST, "A") == (GATEWAY_TTL, {V4})


def test_a_failing_primary_is_left_in_peace(scripted, front):
    """It rests, and rests longer with each failure: a hundred updates do not mean a hundred connections to it."""
    first = scripted(faulty.closes_after_accept)
    second = scripted(key=first.key)
    gateway, ips = front([first, second], first.key), addresses()
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        assert gateway.update(HOST, next(ips)).code == "OK"
    assert 1 <= first.connections <= 6
    assert len(second.updates) > 20


def update_within(gateway, host, ip, seconds):
    begin = time.monotonic()
    answer = gateway.update(host, ip)
    took = time.monotonic() - begin
    assert answer.code == "OK", answer.text
    assert took < seconds, f"after {took:.2f} s"


def test_dead_primaries_cost_no_time(primary, front):
    """Five refuse connections; the very first request is served by the sixth, and at once."""
    host, ips = primary.new_host(OLD_V4), addresses()
    gateway = front([*(f"{LOOPBACK}:{free_port()}" for _ in range(5)), primary], primary.key())
    for _ in range(3):
        update_within(gateway, host, next(ips), 1)
    assert primary.records(host, "A")[1] != [OLD_V4[1]]


@pytest.fixture
def black_holes():
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(contextlib.closing(BlackHole())) for _ in range(4)]


def test_silent_primaries_cost_the_time_of_one(primary, front, black_holes):
    """And only those who find out. A reload forgets nothing of it."""
    host, ips = primary.new_host(OLD_V4), addresses()
    gateway = front([*black_holes, primary], primary.key(), connect_timeout_ms=1500)
    update_within(gateway, host, next(ips), 2.8)
    update_within(gateway, host, next(ips), 1)
    gateway.signal("SIGHUP")
    assert wait_until(lambda: "event=reloaded" in gateway.log)
    update_within(gateway, host, next(ips), 1)


def test_primaries_that_accept_and_say_nothing_cost_the_time_of_one(primary, scripted, front):
    host, ips, key = primary.new_host(OLD_V4), addresses(), primary.key()
    silent = [scripted(faulty.silent, hits=faulty.EVERYTHING, key=key) for _ in range(3)]
    gateway = front([*silent, primary], key, reply_timeout_ms=2000)
    update_within(gateway, host, next(ips), 3.5)
    update_within(gateway, host, next(ips), 1)


@pytest.mark.parametrize("hits", [faulty.UPDATES, faulty.EVERYTHING], ids=["updates", "everything"])
@pytest.mark.parametrize("script", [faulty.refusing(dns.rcode.SERVFAIL), faulty.refusing(dns.rcode.NOTIMP),
                                    faulty.refusing_unsigned(dns.rcode.NOTIMP)],
                         ids=["SERVFAIL", "NOTIMP", "NOTIMP-unsigned"])
def test_a_first_primary_that_cannot_do_it(primary, scripted, front, script, hits):
    """RFC 2136, section 4: the next one is asked. The first one is left alone for a while."""
    host, ips, key = primary.new_host(OLD_V4), addresses(), primary.key()
    first = scripted(script, key=key, hits=hits)
    gateway = front([first, primary], key)
    for _ in range(3):
        ip = next(ips)
        update_within(gateway, host, ip, 1)
        assert primary.records(host, "A") == (GATEWAY_TTL, [ip])
    assert len(first.updates) == 1


def test_a_primary_that_fails_with_queries_alone_is_written_to(scripted, front):
    """What rewrites a record has to read it: at the second one."""
    first = scripted(faulty.refusing(dns.rcode.SERVFAIL), hits=faulty.QUERIES)
    second = scripted(key=first.key)
    gateway = front([first, second], first.key)
    assert gateway.nic(HOST, ip6lanprefix="2001:db8:5:600::/56").text.startswith("good ")
    assert len(first.updates) == 1 and not second.updates


@pytest.fixture
def two_real_ones():
    """A BIND and a Knot with the same zone and the same key."""
    key = Key("gw")
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(contextlib.closing(kind([Zone(ZONE, ("gw",))], [key]))).start()
               for kind in (Bind, Knot)]


def test_a_bind_that_cannot_write_its_journal(two_real_ones, front):
    """It answers queries, and UPDATEs that change nothing, and SERVFAIL to all others."""
    bind, knot = two_real_ones
    (bind.folder / f"{ZONE}.zone.jnl").mkdir()
    alone = front(bind, bind.key("gw"))
    answer = alone.update(HOST, V4)
    assert (answer.code, answer.status) == ("SF_DNS", 502)
    assert "nothing was changed" in answer.text and "SERVFAIL" in alone.log
    assert bind.records(HOST, "A")[1] == ["192.0.2.1"]
    both, ips = front([bind, knot], bind.key("gw")), addresses()
    for _ in range(3):
        ip = next(ips)
        update_within(both, HOST, ip, 1)
        assert knot.records(HOST, "A") == (GATEWAY_TTL, [ip])


@pytest.mark.parametrize("rcode", ["SERVFAIL", "NOTAUTH"])
def test_a_sick_primary_gets_few_messages(scripted, front, rcode):
    """Also for 300 hosts at a time, each of which is answered soon."""
    first = scripted(faulty.refusing(dns.rcode.from_text(rcode)))
    gateway = front(first, first.key)
    begin = time.monotonic()
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda number: gateway.update(f"h{number}.{ZONE}", V4), range(300)))
    assert {answer.code for answer in answers} == {"SF_DNS"}
    assert time.monotonic() - begin < 15
    assert len(first.updates) < 100
    assert gateway.log.count("event=primary-failed") < 30


def test_one_host_that_makes_a_primary_fail(scripted, front):
    """The others do not pay for it."""
    def script(peer):
        for request in peer.requests():
            spoilt = f"h7.{ZONE}." in request.message.to_text()
            peer.send(faulty.framed(peer.signed(request, dns.rcode.SERVFAIL if spoilt else None)))
    primary = scripted(script)
    gateway = front(primary, primary.key)
    with ThreadPoolExecutor(60) as pool:
        codes = [answer.code for answer in pool.map(lambda number: gateway.update(f"h{number}.{ZONE}", V4), range(60))]
    assert codes == ["SF_DNS" if number == 7 else "OK" for number in range(60)]


def test_all_primaries_fail(scripted, front):
    """That is said within the time of a request, and each of them was asked."""
    first = scripted(faulty.refusing(dns.rcode.SERVFAIL))
    second = scripted(faulty.refusing(dns.rcode.SERVFAIL), key=first.key)
    gateway = front([first, second], first.key, **SHORT_TIMEOUTS)
    assert gateway.update(HOST, V4).code == "SF_DNS"
    assert len(first.updates) == len(second.updates) == 1
    second.mend()
    assert wait_until(lambda: gateway.update(HOST, V4).code == "OK")


def test_what_cannot_be_settled_is_not_done_elsewhere(scripted, front):
    """The first one dies with an update in its hands; the second one would take it, but does not tell what there is."""
    first = scripted(faulty.closes_after_reading)
    second = scripted(faulty.refusing(dns.rcode.REFUSED), key=first.key, hits=faulty.QUERIES)

    def dies(peer):
        if peer.next_request():
            first.close()
    first.script = dies
    gateway = front([first, second], first.key, **SHORT_TIMEOUTS)
    answer = gateway.update(HOST, V4)
    assert (answer.code, answer.status) == ("UA_DNS", 503)
    assert "unknown" in answer.text
    assert not second.updates


# Where a primary is

def test_a_primary_by_name(primary, front):
    host = primary.new_host(OLD_V4)
    assert front(f"localhost:{primary.port}", primary.key()).update(host, V4).code == "OK"
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


@pytest.mark.parametrize("address", sorted({found[4][0] for found in socket.getaddrinfo("localhost", None)}))
def test_a_name_of_which_one_address_answers(scripted, front, address):
    """Whichever address the resolver names first."""
    primary = scripted(address=address)
    gateway = front(f"localhost:{primary.port}", primary.key)
    answers = [gateway.update(HOST, ip).code for ip in itertools.islice(addresses(), 3)]
    assert answers == ["OK"] * 3


@pytest.mark.skipif(not HAS_IPV6, reason="no ::1 on this machine")
def test_a_primary_on_ipv6(primary, front):
    host = primary.new_host(OLD_V4)
    assert front(f"[::1]:{primary.port}", primary.key()).update(host, V4).code == "OK"
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_a_name_next_to_an_address(scripted, front):
    """Nobody listens where the name points; the address serves."""
    primary = scripted()
    assert front([f"localhost:{free_port()}", primary], primary.key).update(HOST, V4).code == "OK"


# Connections that end

@pytest.fixture(params=[Bind, Knot])
def impatient_primary(request):
    with running_server(request.param, idle_timeout_s=1) as server:
        yield server


def test_idle_connections_are_closed_by_the_primary(impatient_primary, front):
    host = impatient_primary.new_host(OLD_V4)
    gateway, ips = front(impatient_primary, impatient_primary.key()), addresses()
    for _ in range(2):
        assert gateway.update(host, next(ips)).code == "OK"
        time.sleep(1.5)
    assert gateway.update(host, V4).code == "OK"
    assert impatient_primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_resets_in_mid_reply_under_load(scripted, front):
    """Every fourth update is carried out, and its reply cut by a reset. All are answered OK, and the primary has what
    was answered."""
    numbers = itertools.count(1)

    def script(peer):
        for request in peer.requests():
            reply = faulty.framed(peer.signed(request))
            if next(numbers) % 4 == 0:
                peer.send(reply[:20])
                peer.reset()
                return
            peer.send(reply)
    primary = scripted(script)
    gateway = front(primary, primary.key)

    def write(writer):
        host = f"h{writer}.{ZONE}"
        for ip in itertools.islice(addresses(), 10):
            assert gateway.update(host, ip).code == "OK"
            assert primary.records.get(host, "A") == (GATEWAY_TTL, {ip})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert next(numbers) > 8


# Restarts under load

class Writer:
    """Changes the address of one host again and again, one update at a time. As nobody else does, what was
    acknowledged must be there, whatever has happened to the primary since; each time."""

    def __init__(self, gateway, primary, host, stop):
        self.gateway, self.primary, self.host, self.stop = gateway, primary, host, stop
        self.acknowledged = 0

    def run(self):
        for ip in addresses():
            if self.stop.is_set():
                return
            answer = self.gateway.update(self.host, ip)
            assert answer.code in ("OK", "UA_DNS"), answer.text
            if answer.code == "OK":
                assert self.in_zone() == (GATEWAY_TTL, [ip])
                self.acknowledged += 1

    def in_zone(self):
        """As soon as the primary is there to tell."""
        found = []

        def told():
            try:
                found.append(self.primary.records(self.host, "A"))
                return True
            except (dns.exception.DNSException, OSError, EOFError):
                return False
        assert wait_until(told, interval_s=0.05)
        return found[0]


@pytest.mark.parametrize("pause_ms", [0, 12], ids=["no-pause", "pause"])
def test_restarts_under_load(own_primary, front, pause_ms):
    """Killed without warning and started again, twenty times, while twenty clients write. Whatever is acknowledged is
    in the zone, and in the end all can be updated."""
    gateway = front(own_primary, own_primary.key(), pause_ms, request_timeout_ms=5000, reply_timeout_ms=2000)
    stop = threading.Event()
    writers = [Writer(gateway, own_primary, host, stop) for host in own_primary.new_hosts(WRITERS, OLD_V4)]
    with ThreadPoolExecutor(WRITERS) as pool:
        running = [pool.submit(writer.run) for writer in writers]
        try:
            for _ in range(RESTARTS):
                before = sum(writer.acknowledged for writer in writers)
                assert wait_until(lambda: sum(writer.acknowledged for writer in writers) >= before + WRITERS)
                own_primary.process.kill()
                own_primary.resume()
        finally:
            stop.set()
        for each in running:
            each.result()
    for writer in writers:
        assert gateway.update(writer.host, V4).code == "OK"
        assert own_primary.records(writer.host, "A") == (GATEWAY_TTL, [V4])
