"""Which request is the last one: the one that came last, however long its key took to be checked, and whatever became of
its client."""

import contextlib
import subprocess
import time

import pytest

from gateway import ZONE, basic, config_text, hashed, secret, target, user_setting, zone_setting
from process import wait_until

OLD_V4 = ("A", "192.0.2.1")
EARLIER, LATER = "198.51.100.41", "198.51.100.42"
EARLIER_V6 = "2001:db8::41"
SLOW_KEY, FAST_KEY = "a-key-that-takes-long-to-check", "a-key-that-is-checked-at-once"
OWNER, ELSEWHERE = "127.0.0.2", "127.0.0.3"
A_CHECK_S = 1.5  # on a busy machine


def slow_hash(key, rounds):
    """Under crypt(3); a million rounds take half a second, or a second on a busy machine."""
    return subprocess.run(["openssl", "passwd", "-6", "-salt", f"rounds={rounds}$saltsalt", "-stdin"], input=secret(key),
                          capture_output=True, text=True, check=True).stdout.strip()


def config_of(primary, rounds=1000000, **options):
    hosts = [f"zone:{ZONE}"]
    users = [{"login": "slow", "key": slow_hash(SLOW_KEY, rounds), "hosts": hosts, "may_set_txt": True},
             user_setting("fast", hashed(FAST_KEY), hosts, may_set_txt=True)]
    key = primary.key()
    return config_text([zone_setting(ZONE, primary, key)], [key], users, **options)


@pytest.fixture
def slow(primary, gateway):
    """A gateway at which one user's key takes long to be checked, and another one's does not."""
    return gateway(config_of(primary))


def begin_slowly(stack, gateway, host, ip):
    connection = stack.enter_context(gateway.connect())
    connection.request("GET", target(host, ip, user="slow", password=SLOW_KEY))
    assert wait_until(lambda: is_checked(gateway))
    return connection


def is_checked(gateway):
    """Whether the request has arrived. Requests are read in their order, so one that was sent later tells."""
    return gateway.ask("GET", "/myip").status == 200


def update_fast(gateway, host, ip):
    return gateway.update(host, ip, user="fast", password=FAST_KEY)


def settled(primary, host, rdtype="A"):
    """What a record holds once every check is over."""
    time.sleep(2 * A_CHECK_S)
    return primary.records(host, rdtype)[1]


def test_a_request_that_was_given_up_in_the_queue_of_suspects(primary, gateway):
    """The owner has mistyped its key often; its request with the right one waits, and is given up."""
    host = primary.new_host(OLD_V4)
    own = gateway(config_of(primary, rounds=50000))
    for number in range(15):
        wrong = secret(f"a wrong key, number {number}")
        with own.connect(source=OWNER) as connection:
            connection.request("GET", target(host, EARLIER, user="slow", password=wrong))
            assert connection.answer().code == "OD_KEY"
    with own.connect(source=OWNER) as connection:
        connection.request("GET", target(host, EARLIER, user="slow", password=SLOW_KEY))
        assert is_checked(own)
    with own.connect(source=ELSEWHERE) as connection:
        connection.request("GET", target(host, LATER, user="slow", password=SLOW_KEY))
        assert connection.answer().code == "OK"
    assert settled(primary, host) == [LATER]


def test_a_request_that_was_overtaken_while_its_key_was_checked(primary, slow):
    host = primary.new_host(OLD_V4)
    with contextlib.ExitStack() as stack:
        earlier = begin_slowly(stack, slow, host, EARLIER)
        assert update_fast(slow, host, LATER).code == "OK"
        answer = earlier.answer()
    assert (answer.status, answer.code) == (503, "UA_DNS")
    assert "later" in answer.text and "retry-after" in answer.headers
    assert primary.records(host, "A")[1] == [LATER]
    assert slow.update(host, EARLIER, user="slow", password=SLOW_KEY).code == "OK"


def test_what_was_so_already_is_done_as_well(primary, slow):
    """An answer without a transaction counts like any other."""
    host = primary.new_host(OLD_V4)
    assert update_fast(slow, host, LATER).code == "OK"
    with contextlib.ExitStack() as stack:
        earlier = begin_slowly(stack, slow, host, EARLIER)
        serial = primary.serial()
        assert update_fast(slow, host, LATER).code == "OK"
        assert primary.serial() == serial
        assert earlier.answer().code == "UA_DNS"
    assert primary.records(host, "A")[1] == [LATER]


def test_families_do_not_hinder_each_other(primary, slow):
    host = primary.new_host(OLD_V4, ("AAAA", "2001:db8::1"))
    with contextlib.ExitStack() as stack:
        earlier = begin_slowly(stack, slow, host, EARLIER_V6)
        assert update_fast(slow, host, LATER).code == "OK"
        assert earlier.answer().code == "OK"
    assert primary.records(host, "A")[1] == [LATER]
    assert primary.records(host, "AAAA")[1] == [EARLIER_V6]


def test_what_failed_overtakes_nothing(primary, slow):
    host = primary.new_host(OLD_V4)
    with contextlib.ExitStack() as stack:
        earlier = begin_slowly(stack, slow, host, EARLIER)
        assert update_fast(slow, host, "2001:db8::42").code == "NF_HOST"
        assert earlier.answer().code == "OK"
    assert primary.records(host, "A")[1] == [EARLIER]


def test_some_hosts_of_a_request_may_be_overtaken(primary, slow):
    one, other = primary.new_host(OLD_V4), primary.new_host(OLD_V4)
    with contextlib.ExitStack() as stack:
        earlier = stack.enter_context(slow.connect())
        earlier.request("GET", f"/nic/update?hostname={one},{other}&myip={EARLIER}", [basic("slow", SLOW_KEY)])
        assert is_checked(slow)
        assert update_fast(slow, other, LATER).code == "OK"
        answer = earlier.answer()
    assert answer.text == f"good {EARLIER}\n911\n"
    assert primary.records(one, "A")[1] == [EARLIER]
    assert primary.records(other, "A")[1] == [LATER]


def challenge(path, user, key, host, value):
    body = f'{{"fqdn": "_acme-challenge.{host}.", "value": "{value}"}}'.encode()
    return "POST", path, [basic(user, key), "Content-Type: application/json"], body


@pytest.mark.parametrize("removed, status, left", [("mine", 503, None), ("another", 200, ["mine"])])
def test_strings_count_for_themselves(primary, slow, removed, status, left):
    """What was taken out of a TXT record by a later request stays out; another string may still be put in."""
    host = primary.new_host(OLD_V4)
    with contextlib.ExitStack() as stack:
        earlier = stack.enter_context(slow.connect())
        earlier.request(*challenge("/present", "slow", SLOW_KEY, host, "mine"))
        assert is_checked(slow)
        assert slow.ask(*challenge("/cleanup", "fast", FAST_KEY, host, removed)).status == 200
        assert earlier.answer().status == status
    record = primary.records(f"_acme-challenge.{host}", "TXT")
    assert (record and [text.strip('"') for text in record[1]]) == left


def test_the_order_holds_over_a_reload(primary, slow):
    host = primary.new_host(OLD_V4)
    with contextlib.ExitStack() as stack:
        earlier = begin_slowly(stack, slow, host, EARLIER)
        slow.signal("SIGHUP")
        assert wait_until(lambda: "event=reloaded" in slow.log)
        assert update_fast(slow, host, LATER).code == "OK"
        assert earlier.answer().code == "UA_DNS"
    assert primary.records(host, "A")[1] == [LATER]


def test_a_client_that_leaves_while_its_key_is_checked(primary, slow):
    host = primary.new_host(OLD_V4)
    with contextlib.ExitStack() as stack:
        begin_slowly(stack, slow, host, EARLIER).close()
    assert wait_until(lambda: "given-up" in slow.log)
    assert settled(primary, host) == [OLD_V4[1]]


def test_the_deadline_includes_the_check(primary, gateway):
    own = gateway(config_of(primary, request_timeout_ms=1000, connect_timeout_ms=400, reply_timeout_ms=600))
    host = primary.new_host(OLD_V4)
    waits = []
    with contextlib.ExitStack() as stack:
        for number in range(6):
            connection = stack.enter_context(own.connect())
            wrong = secret(f"a wrong key, number {number}")
            connection.request("GET", target(host, EARLIER, user="slow", password=wrong))
            waits.append(connection)
        begin = time.monotonic()
        last = waits[-1].answer()
        assert time.monotonic() - begin < 2
    assert (last.status, last.code) == (503, "UA_DNS")
    assert "nothing was changed" in last.text


def test_a_request_in_the_queue_of_checks_is_answered_at_shutdown(primary, gateway):
    own = gateway(config_of(primary, rounds=300000))
    host = primary.new_host(OLD_V4)
    with contextlib.ExitStack() as stack:
        earlier = begin_slowly(stack, own, host, EARLIER)
        own.signal("SIGTERM")
        assert earlier.answer().code == "OK"
    own.finish()
    assert primary.records(host, "A")[1] == [EARLIER]
