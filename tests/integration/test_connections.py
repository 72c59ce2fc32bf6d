"""Many zones at one primary: several connections, as many as the primary serves."""

import contextlib
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway import Connection, config_text, user_setting, zone_setting
from process import LOOPBACK, free_port
from prometheus import Metrics
from servers import Bind, Key, Knot, Zone

ZONES = [f"z{number}.example.com" for number in range(80)]
CLIENTS = 80


class FewConnectionsBind(Bind):
    """It serves two connections at a time; others stay in the backlog, where one that is on trial counts as open."""

    def _config(self):
        return super()._config().replace("recursion no;", "recursion no; tcp-clients 2;")


@pytest.fixture
def front(gateway):
    def make(primary, key, **options):
        admin_port = free_port()
        users = [user_setting(hosts=[f"zone:{zone}" for zone in ZONES])]
        made = gateway(config_text([zone_setting(zone, primary, key) for zone in ZONES], [key], users,
                                   admin_listen=f"{LOOPBACK}:{admin_port}", **options))

        def connections():
            with Connection(admin_port) as connection:
                connection.request("GET", "/metrics", host=f"{LOOPBACK}:{admin_port}")
                metrics = Metrics(connection.answer().text)
            label = f"{LOOPBACK}:{primary.port}"
            lost = [metrics.value("ddnsgate_primary_failures_total", primary=label, kind=kind)
                    for kind in ("unknown", "unreachable")]
            return metrics.value("ddnsgate_primary_connections_open", primary=label), sum(lost)
        return made, connections
    return make


def change_all(front, rounds, first):
    hosts = [f"www.{zone}" for zone in ZONES]
    updates = [(host, f"198.51.100.{first + number}") for number in range(rounds) for host in hosts]
    with ThreadPoolExecutor(CLIENTS) as pool:
        codes = list(pool.map(lambda update: front.update(*update).code, updates))
    assert codes == ["OK"] * len(updates)
    return updates[-len(hosts):]


@pytest.mark.parametrize("program, least, most",
                         [(Bind, 2, 4), (Knot, 2, 4), (FewConnectionsBind, 1, 3)],
                         ids=["BIND", "Knot", "BIND-with-few"])
def test_zones_share_as_many_connections_as_there_are(program, least, most, front):
    key = Key("gw")
    with contextlib.closing(program([Zone(zone, (key.name,)) for zone in ZONES], [key])) as primary:
        gateway, connections = front(primary.start(), key, connections_max=4)
        for first in (10, 20, 30):
            last = change_all(gateway, 3, first)
        standing, lost = connections()
        assert least <= standing <= most and lost == 0
        primary.restart()  # our own queries need a connection, too
        for host, address in itertools.islice(last, 10):
            assert primary.records(host, "A")[1] == [address]
