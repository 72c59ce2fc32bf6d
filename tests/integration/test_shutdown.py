"""SIGTERM: every request that has begun gets its answer, then the process ends with status 0 (which the fixture
requires)."""

import contextlib
import time

import pytest

import faulty
from gateway import ZONE, target

V4 = "198.51.100.7"
IN_FLIGHT = 20


@contextlib.contextmanager
def updates_in_flight(gateway, primary):
    """Connections whose requests wait for the primary: one message at least has reached it, and the rest had time
    to."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(gateway.connect()) for _ in range(IN_FLIGHT)]
        for number, connection in enumerate(connections):
            connection.request("GET", target(f"h{number}.{ZONE}", V4))
        assert primary.got(1)
        time.sleep(0.1)
        yield connections


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_updates_in_flight_are_finished(scripted, front, number):
    primary = scripted(faulty.slow(0.3))
    gateway = front(primary)
    with updates_in_flight(gateway, primary) as connections:
        gateway.signal(number)
        assert [connection.answer().code for connection in connections] == ["OK"] * IN_FLIGHT
        assert all(connection.at_end() for connection in connections)
    gateway.finish()


def test_updates_that_get_no_reply_are_answered_all_the_same(scripted, front):
    primary = scripted(faulty.silent)
    gateway = front(primary, request_timeout_ms=1500)
    with updates_in_flight(gateway, primary) as connections:
        gateway.signal("SIGTERM")
        assert [connection.answer().code for connection in connections] == ["UA_DNS"] * IN_FLIGHT
    gateway.finish()


def test_no_new_connection_is_accepted_meanwhile(scripted, front):
    primary = scripted(faulty.slow(1.5))
    gateway = front(primary)
    with updates_in_flight(gateway, primary) as connections:
        gateway.signal("SIGTERM")
        time.sleep(0.3)
        with pytest.raises(ConnectionRefusedError):
            gateway.connect()
        assert connections[0].answer().code == "OK"
        for connection in connections[1:]:
            connection.answer()
    gateway.finish()


def test_idle_and_unfinished_connections_do_not_hold_it_up(scripted, front):
    gateway = front(scripted(), idle_timeout_s=600)
    with gateway.connect() as idle, gateway.connect() as used, gateway.connect() as unfinished:
        unfinished.send(b"GET /checkip HTT")
        used.request("GET", "/checkip")
        assert used.answer().status == 200
        gateway.signal("SIGTERM")
        gateway.finish()
        assert idle.at_end() and used.at_end()


def test_a_second_signal_does_no_harm(scripted, front):
    primary = scripted(faulty.slow(0.5))
    gateway = front(primary)
    with updates_in_flight(gateway, primary) as connections:
        gateway.signal("SIGTERM")
        gateway.signal("SIGTERM")
        assert [connection.answer().code for connection in connections] == ["OK"] * IN_FLIGHT
    gateway.finish()


def test_clients_that_left_do_not_hold_it_up(scripted, front):
    primary = scripted(faulty.slow(0.5))
    gateway = front(primary)
    with updates_in_flight(gateway, primary):
        pass
    gateway.signal("SIGTERM")
    gateway.finish()


def test_it_ends_without_ever_having_worked(scripted, front):
    gateway = front(scripted())
    gateway.signal("SIGTERM")
    gateway.finish()
