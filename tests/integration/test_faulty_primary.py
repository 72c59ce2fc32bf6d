"""Primaries that are slow, silent, broken or hostile: `OK` is answered for a proved commit and for nothing else (RFC
8945)."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest

import faulty
from gateway import SHORT_TIMEOUTS, ZONE, config_text, target, user_setting, zone_setting
from process import free_port, wait_until
from servers import ALGORITHMS, Key

HOST = f"www.{ZONE}"
HEALTHY_ZONE = "healthy.example.com"
V4, V6 = "198.51.100.7", "2001:db8::7"


def user_of(zones):
    return [user_setting(hosts=[f"zone:{zone['name']}" for zone in zones])]


@pytest.fixture
def front(gateway):
    """Makes a gateway for the zone at one primary, or at several in their order."""
    def make(*primaries, **options):
        key = primaries[0].key
        return gateway(config_text([zone_setting(ZONE, list(primaries), key)], [key], **options))
    return make


def concurrently(gateway, hosts, ip=V4):
    with ThreadPoolExecutor(len(hosts)) as pool:
        return [answer.code for answer in pool.map(lambda host: gateway.update(host, ip), hosts)]


# What is sent

def test_the_message(scripted, front):
    """RFC 2136: the RRset must exist, goes, and comes again with one address; the other family is not mentioned."""
    primary = scripted()
    assert front(primary).update(HOST, V4).code == "OK"
    update, = primary.updates
    zone, = update.zone
    assert (zone.name.to_text(), zone.rdtype, zone.rdclass) == (f"{ZONE}.", dns.rdatatype.SOA, dns.rdataclass.IN)
    prerequisite, = update.prerequisite
    assert (prerequisite.name.to_text(), prerequisite.rdtype) == (f"{HOST}.", dns.rdatatype.A)
    assert prerequisite.deleting == dns.rdataclass.ANY or prerequisite[0].to_text() == faulty.INITIAL[dns.rdatatype.A]
    deletion, addition = update.update
    assert (deletion.name.to_text(), deletion.rdtype, deletion.deleting) \
        == (f"{HOST}.", dns.rdatatype.A, dns.rdataclass.ANY)
    assert addition.to_text() == f"{HOST}. 180 IN A {V4}"


def test_both_families_are_one_message(scripted, front):
    primary = scripted()
    assert front(primary).update(HOST, f"{V4},{V6}").code == "OK"
    update, = primary.updates
    assert {rrset.rdtype for rrset in update.prerequisite} == {dns.rdatatype.A, dns.rdatatype.AAAA}
    text = update.to_text()
    assert f"{HOST}. 180 IN A {V4}" in text and f"{HOST}. 180 IN AAAA {V6}" in text


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm(scripted, front, algorithm):
    """Signatures by our code are checked by dnspython, and the other way round."""
    primary = scripted(key=Key("gw", algorithm))
    assert front(primary).update(HOST, V4).code == "OK"


def test_the_signature_carries_clock_and_fudge(scripted, front):
    primary = scripted()
    assert front(primary, fudge_s=123).update(HOST, V4).code == "OK"
    tsig = primary.updates[0].tsig[0]
    assert tsig.fudge == 123
    assert abs(tsig.time_signed - time.time()) < 60


def test_message_ids_are_not_guessable(scripted, front):
    primary = scripted()
    gateway = front(primary)
    for number in range(8):
        assert gateway.update(HOST, f"198.51.100.{number}").code == "OK"
    ids = [update.id for update in primary.updates]
    steps = {(after - before) % 65536 for before, after in zip(ids, ids[1:])}
    assert len(set(ids)) == len(ids) and len(steps) > 2


def test_a_primary_on_ipv6(scripted, gateway):
    primary = scripted(address="::1")
    zone = zone_setting(ZONE, f"[::1]:{primary.port}", primary.key)
    assert gateway(config_text([zone], [primary.key])).update(HOST, V4).code == "OK"


# Primaries that are only unusual

@pytest.mark.parametrize("script, hits", [
    (faulty.honest, faulty.UPDATES), (faulty.without_zone_section, faulty.UPDATES | faulty.CONFIRMS),
    (faulty.one_octet_at_a_time, faulty.EVERYTHING), (faulty.split_in_the_length, faulty.EVERYTHING),
    (faulty.slow(0.3), faulty.EVERYTHING),
], ids=["honest", "without-zone-section", "octet-by-octet", "split-in-the-length", "slow"])
def test_unusual_but_honest(scripted, front, script, hits):
    """An update, then the address that is there already."""
    primary = scripted(script, hits=hits)
    gateway = front(primary)
    for _ in range(2):
        assert gateway.update(HOST, V4).body == b"OK\n"
    assert [len(primary.of_kind(kind)) for kind in ("update", "confirm")] == [1, 1]


@pytest.mark.parametrize("script", [faulty.two_in_one_segment, faulty.last_request_first])
def test_pipelined_replies(scripted, gateway, script):
    """Two zones at one primary share its connection, and each update gets its own reply."""
    primary = scripted(script)
    zones = [zone_setting(name, primary, primary.key) for name in (ZONE, HEALTHY_ZONE)]
    running = gateway(config_text(zones, [primary.key], user_of(zones)))
    assert concurrently(running, [HOST, f"www.{HEALTHY_ZONE}"]) == ["OK", "OK"]
    assert primary.connections == 1
    assert primary.largest_batch == 2, "the requests were not pipelined"


def test_replies_out_of_order_reach_their_own_requests(scripted, gateway):
    """One of two is refused. The other one, whose reply comes first, is not."""
    primary = scripted(faulty.last_request_first)
    primary.rcodes = {HEALTHY_ZONE: dns.rcode.REFUSED}
    zones = [zone_setting(name, primary, primary.key) for name in (ZONE, HEALTHY_ZONE)]
    running = gateway(config_text(zones, [primary.key], user_of(zones)))
    assert concurrently(running, [HOST, f"www.{HEALTHY_ZONE}"]) == ["OK", "SF_DNS"]


def test_the_connection_is_kept(scripted, front):
    primary = scripted()
    gateway = front(primary)
    for number in range(5):
        assert gateway.update(HOST, f"198.51.100.{number}").code == "OK"
    concurrently(gateway, [f"h{number}.{ZONE}" for number in range(10)])
    assert primary.connections == 1


def test_a_connection_that_the_primary_closed_costs_no_request(scripted, front):
    primary = scripted(faulty.answers_once_then_closes)
    gateway = front(primary)
    for number in range(5):
        assert gateway.update(HOST, f"198.51.100.{number}").code == "OK"
    assert len(primary.updates) == 5


# Primaries that prove nothing

@pytest.mark.parametrize("script", faulty.WITHOUT_PROOF, ids=lambda script: script.__name__)
def test_without_proof_no_ok(scripted, gateway, script):
    """The message was sent and no verified reply came: the outcome is unknown, and that is the answer. Updates of
    another zone go on meanwhile, those of this zone as soon as its primary is honest."""
    primary, healthy = scripted(script), scripted(key=Key("healthy"))
    zones = [zone_setting(ZONE, primary, primary.key), zone_setting(HEALTHY_ZONE, healthy, healthy.key)]
    running = gateway(config_text(zones, [primary.key, healthy.key], user_of(zones), **SHORT_TIMEOUTS))
    answer = running.update(HOST, V4)
    assert (answer.code, answer.status) == ("UA_DNS", 503), answer.text
    assert "unknown" in answer.text
    assert primary.requests
    assert running.update(f"www.{HEALTHY_ZONE}", V4).code == "OK"
    primary.mend()
    assert wait_until(lambda: running.update(HOST, V4).code == "OK")


@pytest.mark.parametrize("script",
                         [faulty.silent, faulty.closes_after_reading, faulty.unsigned,
                          faulty.signed_with_another_secret, faulty.changed_after_signing, faulty.another_id,
                          faulty.truncation_bit, faulty.garbage],
                         ids=lambda script: script.__name__)
def test_queries_without_proof_change_nothing(scripted, front, script):
    """No update has left before the query is answered, so the outcome is known."""
    primary = scripted(script, hits=faulty.EVERYTHING)
    gateway = front(primary, request_timeout_ms=800, reply_timeout_ms=300, connect_timeout_ms=300)
    answer = gateway.update(HOST, V4)
    assert (answer.code, answer.status) == ("UA_DNS", 503), answer.text
    assert "nothing was changed" in answer.text and "unknown" not in answer.text
    assert primary.requests and not primary.updates
    primary.mend()
    assert wait_until(lambda: gateway.update(HOST, V4).code == "OK")


@pytest.mark.parametrize("script", [faulty.silent, faulty.closes_after_reading, faulty.changed_after_signing,
                                    faulty.signed_with_another_secret],
                         ids=lambda script: script.__name__)
def test_unchanged_is_not_said_without_proof(scripted, front, script):
    """Memory and an honest query have it that the address is there already. That is not enough."""
    primary = scripted(script, hits=faulty.CONFIRMS)
    primary.records.set(HOST, "A", V4, ttl=180)
    gateway = front(primary, request_timeout_ms=800, reply_timeout_ms=300, connect_timeout_ms=300)
    answer = gateway.update(HOST, V4)
    assert (answer.code, answer.status) == ("UA_DNS", 503), answer.text
    assert primary.of_kind("confirm")


@pytest.mark.parametrize("make", [
    lambda peer, request: peer.primary.carry_out(request).to_wire(),
    lambda peer, request: faulty.sign(peer.primary.carry_out(request), Key(peer.primary.key.name),
                                      request.message.mac),
], ids=["unsigned", "signed-with-another-secret"])
def test_a_forged_answer_to_a_query_is_not_believed(scripted, front, make):
    """It says that there is no such record. NF_HOST would send a client away for good."""
    def script(peer):
        for request in peer.requests():
            peer.send(faulty.framed(make(peer, request)))
    primary = scripted(script, hits=faulty.QUERIES)
    primary.records.set(HOST, "A")
    assert front(primary, **SHORT_TIMEOUTS).update(HOST, V4).code == "UA_DNS"


@pytest.mark.parametrize("script", [faulty.closes_after_commit, faulty.resets_in_mid_reply],
                         ids=lambda script: script.__name__)
def test_an_outcome_that_was_lost_is_settled(scripted, front, script):
    """The update was carried out and its reply lost. The gateway comes back and asks, and then it knows."""
    def once(peer):
        peer.primary.script = faulty.honest
        script(peer)
    primary = scripted(once)
    assert front(primary).update(HOST, V4).code == "OK"
    assert primary.records.get(HOST, "A") == (180, {V4})


def test_a_message_that_is_carried_out_late_undoes_nothing(scripted, front):
    """The primary hangs with an update in its hands, answers a later one, and only then carries the first one out."""
    held = []

    def holds(peer):
        held.append(peer.next_request())
    primary = scripted(holds)
    gateway = front(primary, request_timeout_ms=800, reply_timeout_ms=300, connect_timeout_ms=300)
    assert gateway.update(HOST, "198.51.100.1").code == "UA_DNS"
    primary.mend()
    assert wait_until(lambda: gateway.update(HOST, V4).code == "OK")
    for request in filter(None, held):
        primary.carry_out(request)
    assert primary.records.get(HOST, "A") == (180, {V4})


@pytest.mark.parametrize("script",
                         [faulty.unsigned, faulty.signed_with_another_secret, faulty.another_id, faulty.garbage],
                         ids=lambda script: script.__name__)
def test_a_false_reply_before_the_true_one(scripted, front, script):
    """Whether the gateway hangs up or waits on is its choice; an OK stands only on the true reply."""
    def both(peer):
        for request in peer.requests():
            for octets in (script.make(peer, request), peer.signed(request, dns.rcode.REFUSED)):
                peer.send(faulty.framed(octets))
    answer = front(scripted(both), **SHORT_TIMEOUTS).update(HOST, V4)
    assert answer.code in ("SF_DNS", "UA_DNS")


def test_a_reply_that_comes_too_late_answers_nothing_else(scripted, front):
    """The time-out has been answered. The late reply, a lie besides, must not be taken for that of the next update."""
    primary = scripted(faulty.slow(1.0, dns.rcode.NOERROR))
    gateway = front(primary, request_timeout_ms=700, reply_timeout_ms=500, connect_timeout_ms=400)
    assert gateway.update(HOST, V4).code == "UA_DNS"
    primary.script = faulty.silent
    assert gateway.update(HOST, V6).code == "UA_DNS"


def test_connections_that_do_not_last(scripted, front):
    primary = scripted(faulty.closes_after_accept)
    gateway = front(primary, **SHORT_TIMEOUTS)
    answer = gateway.update(HOST, V4)
    assert (answer.code, answer.status) == ("UA_DNS", 503)
    primary.mend()
    assert wait_until(lambda: gateway.update(HOST, V4).code == "OK")


def test_an_answer_comes_within_the_deadline(scripted, front):
    """However a primary spends the time: the request's own time-out rules."""
    gateway = front(scripted(faulty.silent), request_timeout_ms=1000)
    begin = time.monotonic()
    assert gateway.update(HOST, V4).code == "UA_DNS"
    assert 0.9 < time.monotonic() - begin < 6


# Refusals with proof

@pytest.mark.parametrize("rcode", ["REFUSED", "SERVFAIL", "NOTAUTH", "NOTZONE", "NOTIMP", "FORMERR", "YXRRSET"])
def test_signed_refusals(scripted, front, rcode):
    primary = scripted(faulty.refusing(dns.rcode.from_text(rcode)))
    gateway = front(primary)
    answer = gateway.update(HOST, V4)
    assert (answer.code, answer.status) == ("SF_DNS", 502)
    assert "OK" not in answer.text
    primary.mend()
    assert gateway.update(HOST, V4).code == "OK"


@pytest.mark.parametrize("rcode", [16, 16 + 8, 23, 32, 4080], ids=["BADVERS", "16+8", "BADCOOKIE", "32", "4080"])
def test_all_bits_of_the_rcode_count(scripted, front, rcode):
    """The lower half of 16 is NOERROR, and that of 24 NXRRSET (RFC 6891, section 6.1.3)."""
    primary = scripted(faulty.extended(rcode), hits=faulty.UPDATES | faulty.CONFIRMS)
    gateway = front(primary)
    answer = gateway.update(HOST, V4)
    assert (answer.code, answer.status) == ("SF_DNS", 502), answer.text
    assert gateway.nic(HOST, V4).text == "dnserr\n"
    primary.mend()
    assert gateway.update(HOST, V4).code == "OK"


def test_an_extended_rcode_of_nothing(scripted, front):
    """An OPT record that nobody asked for, but as it should be: the reply is as good as without it."""
    primary = scripted(faulty.extended(0))
    assert front(primary).update(HOST, V4).code == "OK"


# Refusals without proof

@pytest.mark.parametrize("rcode, tsig_error", [
    ("REFUSED", None), ("FORMERR", None), ("NOTIMP", None), ("NOTAUTH", None), ("NOTAUTH", dns.rcode.BADSIG),
    ("NOTAUTH", dns.rcode.BADKEY)],
    ids=["REFUSED", "FORMERR", "NOTIMP", "NOTAUTH", "BADSIG", "BADKEY"])
def test_unsigned_refusals(scripted, front, rcode, tsig_error):
    """They are answered at once. But the update was carried out, and a refusal put in place of the reply."""
    primary = scripted(faulty.refusing_unsigned(dns.rcode.from_text(rcode), tsig_error))
    gateway = front(primary)
    begin = time.monotonic()
    answer = gateway.update(HOST, V4)
    assert (answer.code, answer.status) == ("SF_DNS", 502), answer.text
    assert "unsigned" in answer.text and "unknown" in answer.text and "nothing was changed" not in answer.text
    assert time.monotonic() - begin < 5
    assert primary.records.get(HOST, "A") == (180, {V4})
    answer = gateway.nic(HOST, "198.51.100.8")
    assert (answer.text, answer.status) == ("dnserr\n", 503)
    primary.mend()
    assert gateway.update(HOST, V4).code == "OK"


def test_an_unsigned_refusal_of_one_of_many(scripted, front):
    """Each is answered for itself, none as if it were known that nothing was changed."""
    primary = scripted(faulty.refusing_unsigned(dns.rcode.NOTAUTH, dns.rcode.BADKEY))
    gateway = front(primary)
    hosts = [f"h{number}.{ZONE}" for number in range(8)]
    with ThreadPoolExecutor(len(hosts)) as pool:
        answers = list(pool.map(lambda host: gateway.update(host, V4), hosts))
    for answer in answers:
        assert (answer.code, answer.status) in (("SF_DNS", 502), ("UA_DNS", 503))
        assert "unknown" in answer.text and "nothing was changed" not in answer.text


# Messages that others repeat

@pytest.mark.parametrize("ip", [V4, V6, f"{V4},{V6}"], ids=["A", "AAAA", "both"])
def test_a_message_that_was_sent_twice(scripted, front, ip):
    """The first copy is carried out, the second rejected for the very change: the primary's NXRRSET is signed for it."""
    primary = scripted(faulty.sends_everything_twice)
    gateway = front(primary)
    assert gateway.update(HOST, ip).code == "OK"
    assert gateway.update(HOST, "198.51.100.9").code == "OK"
    assert primary.records.get(HOST, "A") == (180, {"198.51.100.9"})


def test_a_message_that_was_sent_twice_is_not_nothing(scripted, front):
    """As above; but before the gateway has found out what the zone holds, the primary falls silent."""
    def script(peer):
        request = peer.next_request()
        peer.signed(request)
        peer.primary.hits = faulty.EVERYTHING
        peer.send(faulty.framed(peer.signed(request)))
        peer.until_closed()
    primary = scripted(script)
    gateway = front(primary, request_timeout_ms=800, reply_timeout_ms=300, connect_timeout_ms=300)
    primary.records.set(HOST, "A", "192.0.2.9", ttl=180)
    answer = gateway.update(HOST, V4)
    assert (answer.code, answer.status) == ("UA_DNS", 503)
    assert "unknown" in answer.text and "nothing was changed" not in answer.text
    assert primary.records.get(HOST, "A") == (180, {V4})


def test_a_missing_record(scripted, front):
    gateway = front(scripted(faulty.refusing(dns.rcode.NXRRSET)))
    answer = gateway.update(HOST, V6)
    assert (answer.status, answer.text.split()) == (404, ["NF_HOST", HOST, "AAAA"])


# Several primaries

def test_the_next_primary_takes_over_when_the_first_is_down(scripted, front):
    first = scripted()
    second = scripted(key=first.key)
    first.close()
    assert front(first, second).update(HOST, V4).code == "OK"
    assert len(second.updates) == 1


def test_the_next_primary_is_not_asked_after_an_answer(scripted, front):
    first = scripted(faulty.refusing(dns.rcode.REFUSED))
    second = scripted(key=first.key)
    assert front(first, second).update(HOST, V4).code == "SF_DNS"
    assert not second.requests


def test_no_primary_at_all(gateway):
    key = Key("gw")
    running = gateway(config_text([zone_setting(ZONE, f"127.0.0.1:{free_port()}", key)], [key], **SHORT_TIMEOUTS))
    answer = running.update(HOST, V4)
    assert (answer.code, answer.status) == ("UA_DNS", 503)
    assert "unknown" not in answer.text, "nothing was sent"


def test_a_stuck_zone_does_not_hold_up_another(scripted, gateway):
    """Ten updates wait for a silent primary; those of the other zone are answered meanwhile."""
    stuck, healthy = scripted(faulty.silent), scripted(key=Key("healthy"))
    zones = [zone_setting(ZONE, stuck, stuck.key), zone_setting(HEALTHY_ZONE, healthy, healthy.key)]
    running = gateway(config_text(zones, [stuck.key, healthy.key], user_of(zones), request_timeout_ms=8000))
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(running.connect()) for _ in range(10)]
        for number, connection in enumerate(waiting):
            connection.request("GET", target(f"h{number}.{ZONE}", V4))
        assert stuck.got(1)
        begin = time.monotonic()
        assert running.update(f"www.{HEALTHY_ZONE}", V4).code == "OK"
        assert time.monotonic() - begin < 4
        stuck.mend()
        for connection in waiting:
            assert connection.answer().code in ("OK", "UA_DNS")
