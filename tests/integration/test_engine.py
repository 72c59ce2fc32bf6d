"""The update engine at real BIND and Knot, and at a scripted primary where the test has to see or to delay messages:
what commits together, what needs no commit, what keeps its order, and what fails alone."""

import contextlib
import threading
import time

import pytest

import faulty
from conftest import OPEN_NAMES, POLICED_ZONE, READ_ONLY_ZONE
from gateway import ZONE, user_setting
from process import wait_until

V4, V6 = "198.51.100.7", "2001:db8::7"
OLD_V4, OLD_V6 = ("A", "192.0.2.1"), ("AAAA", "2001:db8::1")
GATEWAY_TTL = 180
CLIENTS = 50


def begin_all(stack, gateway, updates):
    """Connections on which these updates, pairs of host and address, are on their way in this order."""
    return [stack.enter_context(gateway.begin(host, ip)) for host, ip in updates]


def while_it_hangs(primary, gateway, updates):
    """The answers to updates that were all waiting when the primary, which hung, went on."""
    with contextlib.ExitStack() as stack:
        primary.freeze()
        try:
            connections = begin_all(stack, gateway, updates)
        finally:
            primary.thaw()
        return [connection.answer() for connection in connections]


def codes(answers):
    return [answer.code for answer in answers]


def address(number):
    return f"198.51.100.{number}"


class Held:
    """The script of a primary that keeps updates back until they are released, and answers queries meanwhile."""

    def __init__(self):
        self._released = threading.Event()
        self.release = self._released.set

    def __call__(self, peer):
        for request in peer.requests():
            threading.Thread(target=self._answer, args=[peer, request], daemon=True).start()

    def _answer(self, peer, request):
        if self._released.wait(20):
            peer.send(faulty.framed(peer.signed(request)))


# What is there already

@pytest.mark.parametrize("ip", [V4, V6, f"{V4},{V6}"], ids=["A", "AAAA", "both"])
def test_an_unchanged_address_costs_no_serial(primary, front, ip):
    """Whether the gateway made it so itself or finds it so."""
    host = primary.new_host(OLD_V4, OLD_V6)
    gateway = front(primary)
    assert gateway.update(host, ip).code == "OK"
    serial = primary.serial()
    assert codes(each.update(host, ip) for each in (gateway, gateway, front(primary))) == ["OK"] * 3
    assert primary.serial() == serial


def test_one_of_two_addresses_is_unchanged(primary, front):
    host = primary.new_host(OLD_V4, OLD_V6)
    gateway = front(primary)
    assert gateway.update(host, f"{V4},{V6}").code == "OK"
    serial = primary.serial()
    assert gateway.update(host, f"{V4},2001:db8::8").code == "OK"
    assert primary.serial() == serial + 1
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])
    assert primary.records(host, "AAAA") == (GATEWAY_TTL, ["2001:db8::8"])


def test_many_unchanged_addresses_at_once(primary, front):
    hosts = primary.new_hosts(CLIENTS, OLD_V4)
    gateway = front(primary)
    updates = [(host, V4) for host in hosts]
    assert set(codes(while_it_hangs(primary, gateway, updates))) == {"OK"}
    serial = primary.serial()
    assert set(codes(while_it_hangs(primary, gateway, updates))) == {"OK"}
    assert primary.serial() == serial


def test_an_address_with_another_ttl_is_not_unchanged(primary, front):
    """That is how a new `ttl` in the configuration reaches the zone."""
    host = primary.new_host(("A", V4))
    assert front(primary).update(host, V4).code == "OK"
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


# What commits together

def test_concurrent_updates_share_transactions(primary, front):
    hosts = primary.new_hosts(CLIENTS, OLD_V4)
    updates = [(host, address(number)) for number, host in enumerate(hosts, 1)]
    serial = primary.serial()
    assert set(codes(while_it_hangs(primary, front(primary), updates))) == {"OK"}
    assert all(primary.records(host, "A") == (GATEWAY_TTL, [ip]) for host, ip in updates)
    assert 1 <= primary.serial() - serial <= CLIENTS // 5


def test_what_gathers_behind_a_message_is_the_next_one(scripted, front):
    held = Held()
    primary = scripted(held)
    gateway = front(primary)
    with contextlib.ExitStack() as stack:
        connections = begin_all(stack, gateway, [(f"first.{ZONE}", V4)])
        assert primary.got(1)
        connections += begin_all(stack, gateway, [(f"h{number}.{ZONE}", V4) for number in range(20)])
        assert wait_until(lambda: len(primary.of_kind("query")) == 21)
        assert len(primary.updates) == 1
        held.release()
        assert set(codes(connection.answer() for connection in connections)) == {"OK"}
    first, second = primary.updates
    assert (len(first.prerequisite), len(second.prerequisite)) == (1, 20)


# Order

def test_the_last_of_concurrent_updates_wins(primary, front):
    host = primary.new_host(OLD_V4)
    updates = [(host, address(number)) for number in range(1, 21)]
    serial = primary.serial()
    assert set(codes(while_it_hangs(primary, front(primary), updates))) == {"OK"}
    assert primary.records(host, "A") == (GATEWAY_TTL, [updates[-1][1]])
    assert primary.serial() - serial < len(updates)


def test_updates_of_one_host_keep_their_order(scripted, front):
    """The primary is slow, so that updates wait for one another. It may see some of them or all, but never an earlier
    one after a later one, and the last one at last."""
    primary, host = scripted(faulty.slow(0.03)), f"www.{ZONE}"
    with contextlib.ExitStack() as stack:
        connections = begin_all(stack, front(primary), [(host, address(number)) for number in range(1, 41)])
        assert set(codes(connection.answer() for connection in connections)) == {"OK"}
    seen = [int(update.update[1][0].to_text().split(".")[-1]) for update in primary.updates]
    assert seen == sorted(set(seen)) and seen[-1] == 40
    assert primary.records.get(host, "A") == (GATEWAY_TTL, {address(40)})


def test_both_families_of_one_host_at_once(primary, front):
    """Neither of two concurrent updates, of one family each, undoes the other, nor does a third, of both."""
    host = primary.new_host(OLD_V4, OLD_V6)
    updates = [(host, f"{address(1)},2001:db8::8"), (host, V4), (host, V6)]
    assert set(codes(while_it_hangs(primary, front(primary), updates))) == {"OK"}
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])
    assert primary.records(host, "AAAA") == (GATEWAY_TTL, [V6])


# Isolation: what fails, fails alone

def test_hosts_that_do_not_exist_fail_alone(primary, front):
    hosts = primary.new_hosts(20, OLD_V4)
    strangers = [f"nobody{number}.{ZONE}" for number in range(5)]
    mixed = [host for pair in zip(hosts[:5], strangers) for host in pair] + hosts[5:]
    answers = while_it_hangs(primary, front(primary), [(host, V4) for host in mixed])
    assert [host for host, answer in zip(mixed, answers) if answer.code != "OK"] == strangers
    assert all(answer.text.split() == ["NF_HOST", host, "A"]
               for host, answer in zip(mixed, answers) if host in strangers)
    assert all(primary.records(host, "A") == (GATEWAY_TTL, [V4]) for host in hosts)


def test_records_that_went_meanwhile_fail_alone(primary, front):
    """The gateway knows all of these hosts. Some are removed behind its back, some are changed; then all are updated
    together."""
    hosts = primary.new_hosts(20, OLD_V4)
    removed, changed = hosts[::7], hosts[1::7]
    gateway = front(primary)
    assert set(codes(while_it_hangs(primary, gateway, [(host, V4) for host in hosts]))) == {"OK"}
    for host in removed:
        primary.remove(host, "A")
    for host in changed:
        primary.replace(host, "A", "192.0.2.99")
    answers = while_it_hangs(primary, gateway, [(host, address(99)) for host in hosts])
    assert codes(answers) == ["NF_HOST" if host in removed else "OK" for host in hosts]
    for host in hosts:
        assert primary.records(host, "A") == (None if host in removed else (GATEWAY_TTL, [address(99)]))


def test_names_that_policy_refuses_fail_alone(primary, front):
    """Twice, for at the second time the gateway knows the culprits and keeps them apart."""
    hosts = primary.new_hosts(12, OLD_V4, zone=POLICED_ZONE, below=OPEN_NAMES)
    refused = primary.new_hosts(2, OLD_V4, zone=POLICED_ZONE)
    mixed = [refused[0], *hosts[:6], refused[1], *hosts[6:]]
    gateway = front(primary, POLICED_ZONE)
    for ip in (V4, address(8)):
        answers = while_it_hangs(primary, gateway, [(host, ip) for host in mixed])
        assert codes(answers) == ["SF_DNS" if host in refused else "OK" for host in mixed]
        assert all(primary.records(host, "A") == (GATEWAY_TTL, [ip]) for host in hosts)
        assert all(primary.records(host, "A")[1] == [OLD_V4[1]] for host in refused)


def test_every_kind_of_failure_in_one_message(primary, front):
    hosts = primary.new_hosts(9, OLD_V4, zone=POLICED_ZONE, below=OPEN_NAMES)
    refused = primary.new_hosts(2, OLD_V4, zone=POLICED_ZONE)
    gateway = front(primary, POLICED_ZONE)
    assert set(codes(while_it_hangs(primary, gateway, [(host, V4) for host in hosts]))) == {"OK"}
    removed, kept = hosts[:3], hosts[3:]
    for host in removed:
        primary.remove(host, "A", zone=POLICED_ZONE)
    mixed = [removed[0], *kept[:3], refused[0], removed[1], *kept[3:], refused[1], removed[2]]
    answers = while_it_hangs(primary, gateway, [(host, address(8)) for host in mixed])
    expected = dict.fromkeys(kept, "OK") | dict.fromkeys(refused, "SF_DNS") | dict.fromkeys(removed, "NF_HOST")
    assert codes(answers) == [expected[host] for host in mixed]
    assert all(primary.records(host, "A") == (GATEWAY_TTL, [address(8)]) for host in kept)


def test_a_policy_that_refuses_all_names(primary, front):
    """There is no neighbour to save: each is told, and soon."""
    hosts = primary.new_hosts(30, OLD_V4, zone=READ_ONLY_ZONE)
    gateway = front(primary, READ_ONLY_ZONE)
    for ip in (V4, address(8)):
        assert set(codes(while_it_hangs(primary, gateway, [(host, ip) for host in hosts]))) == {"SF_DNS"}
    assert all(primary.records(host, "A")[1] == [OLD_V4[1]] for host in hosts)


# Changes behind the gateway's back: what it remembers is never the last word

@pytest.mark.parametrize("ip", [V4, "198.51.100.8"], ids=["the-same-address", "another-address"])
def test_a_record_that_was_removed(primary, front, ip):
    host = primary.new_host(OLD_V4)
    gateway = front(primary)
    assert gateway.update(host, V4).code == "OK"
    primary.remove(host, "A")
    answer = gateway.update(host, ip)
    assert (answer.status, answer.text.split()) == (404, ["NF_HOST", host, "A"])
    primary.add(ZONE, host, OLD_V4)
    assert gateway.update(host, ip).code == "OK"
    assert primary.records(host, "A") == (GATEWAY_TTL, [ip])


@pytest.mark.parametrize("records, missing", [([OLD_V4], "AAAA"), ([OLD_V6], "A")], ids=["AAAA", "A"])
def test_one_of_two_records_was_removed(primary, front, records, missing):
    """The other one stays as it is."""
    host = primary.new_host(OLD_V4, OLD_V6)
    gateway = front(primary)
    assert gateway.update(host, f"{V4},{V6}").code == "OK"
    primary.remove(host, missing)
    answer = gateway.update(host, f"{address(8)},2001:db8::8")
    assert (answer.status, answer.text.split()) == (404, ["NF_HOST", host, missing])
    stays = records[0][0]
    assert primary.records(host, stays) == (GATEWAY_TTL, [V4 if stays == "A" else V6])


@pytest.mark.parametrize("ip", [V4, "192.0.2.99", address(8)],
                         ids=["the-one-before", "the-one-that-is-there", "a-third-one"])
def test_a_record_that_was_changed(primary, front, ip):
    host = primary.new_host(OLD_V4)
    gateway = front(primary)
    assert gateway.update(host, V4).code == "OK"
    primary.replace(host, "A", "192.0.2.99")
    assert gateway.update(host, ip).code == "OK"
    assert primary.records(host, "A")[1] == [ip]


@pytest.mark.parametrize("ip", [V4, address(8)], ids=["the-one-before", "another-one"])
def test_a_record_that_got_a_second_address(primary, front, ip):
    host = primary.new_host(OLD_V4)
    gateway = front(primary)
    assert gateway.update(host, V4).code == "OK"
    primary.add(ZONE, host, ("A", "192.0.2.99"))
    assert gateway.update(host, ip).code == "OK"
    assert primary.records(host, "A") == (GATEWAY_TTL, [ip])


# Clients that leave

def test_a_client_that_leaves_takes_its_update_along(scripted, front):
    """It waits behind another update, together with one whose client stays."""
    held = Held()
    primary = scripted(held)
    gateway = front(primary)
    first, leaves, stays = (f"{name}.{ZONE}" for name in ("first", "leaves", "stays"))
    with contextlib.ExitStack() as stack:
        connections = begin_all(stack, gateway, [(first, V4)])
        assert primary.got(1)
        connections += begin_all(stack, gateway, [(leaves, V4), (stays, V4)])
        connections.pop(1).close()
        assert wait_until(lambda: "given-up" in gateway.log)
        held.release()
        assert codes(connection.answer() for connection in connections) == ["OK", "OK"]
    assert not [update for update in primary.updates if leaves in update.to_text()]
    assert primary.records.get(leaves, "A")[1] == {faulty.INITIAL[1]}
    assert gateway.update(leaves, V4).code == "OK"


def test_clients_that_leave_do_not_disturb_the_others(primary, front):
    hosts = primary.new_hosts(20, OLD_V4)
    gateway = front(primary)
    with contextlib.ExitStack() as stack:
        primary.freeze()
        try:
            connections = begin_all(stack, gateway, [(host, V4) for host in hosts])
            for connection in connections[::2]:
                connection.close()
        finally:
            primary.thaw()
        assert set(codes(connection.answer() for connection in connections[1::2])) == {"OK"}
    assert all(primary.records(host, "A") == (GATEWAY_TTL, [V4]) for host in hosts[1::2])
    assert set(codes(gateway.update(host, address(8)) for host in hosts)) == {"OK"}


# Bounds

def refused_at_once(gateway, host, **operands):
    begin = time.monotonic()
    answer = gateway.update(host, V4, **operands)
    return (answer.code == "UA_DNS" and "nothing was changed" in answer.text and time.monotonic() - begin < 5
            and int(answer.headers["retry-after"]) > 0)


def test_a_full_queue_says_so_at_once(scripted, front):
    held = Held()
    primary = scripted(held)
    gateway = front(primary, queue_max=5)
    with contextlib.ExitStack() as stack:
        connections = begin_all(stack, gateway, [(f"h{number}.{ZONE}", V4) for number in range(5)])
        assert primary.got(1)
        assert refused_at_once(gateway, f"late.{ZONE}")
        assert refused_at_once(gateway, f"h0.{ZONE}")
        held.release()
        assert codes(connection.answer() for connection in connections) == ["OK"] * 5
    assert gateway.update(f"late.{ZONE}", V4).code == "OK"


def test_nobody_takes_more_than_a_share(scripted, front):
    """One user has as many updates waiting as it may. The other one is served all the same."""
    held = Held()
    primary = scripted(held)
    users = [user_setting("greedy"), user_setting("modest")]
    gateway = front(primary, users=users, queue_share_max=3)
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(gateway.begin(f"h{number}.{ZONE}", V4, user="greedy")) for number in range(3)]
        assert primary.got(1)
        assert refused_at_once(gateway, f"h9.{ZONE}", user="greedy")
        waiting.append(stack.enter_context(gateway.begin(f"modest.{ZONE}", V4, user="modest")))
        held.release()
        assert codes(connection.answer() for connection in waiting) == ["OK"] * 4
    assert gateway.update(f"h9.{ZONE}", V4, user="greedy").code == "OK"
