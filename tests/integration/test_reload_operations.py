"""SIGHUP and what administrators see: counters go on, and log, admin listener and the way to the primary change with the
configuration."""

import contextlib

import pytest

from conftest import SECOND_ZONE
from gateway import ZONE, config_text, user_setting, zone_setting
from process import LOOPBACK, free_port, wait_until
from servers import Key, Zone
from test_operations import Observed, is_listening
from test_reload import reload
from test_tls_primary import WRONG_PIN, TlsBind, zone_over_tls

OLD_V4, V4 = ("A", "192.0.2.1"), "198.51.100.7"


def text_for(primary, admin, **options):
    return config_text([zone_setting(ZONE, primary, primary.key())], [primary.key()],
                       **({"admin_listen": f"{LOOPBACK}:{admin}"} if admin else {}), **options)


@pytest.fixture
def observed(primary, gateway):
    return Observed(gateway, [zone_setting(ZONE, primary, primary.key())], [primary.key()])


def test_counters_go_on(primary, observed):
    label = f"{LOOPBACK}:{primary.port}"
    for count in range(1, 4):
        assert observed.gateway.update(primary.new_host(OLD_V4), V4).code == "OK"
        reload(observed.gateway)
        metrics = observed.metrics()
        assert metrics.value("ddnsgate_outcomes_total", dialect="rexx", outcome="changed") == count
        assert metrics.value("ddnsgate_batch_hosts_sum") == count
        assert metrics.value("ddnsgate_primary_connections_total", primary=label) == 1


def test_metrics_are_of_the_zones_in_force(primary, observed):
    zones = [zone_setting(SECOND_ZONE, primary, primary.key())]
    users = [user_setting(hosts=[f"zone:{SECOND_ZONE}"])]
    observed.gateway.config = config_text(zones, [primary.key()], users, admin_listen=f"{LOOPBACK}:{observed.port}")
    reload(observed.gateway)
    metrics = observed.metrics()
    assert metrics.value("ddnsgate_zone_up", zone=SECOND_ZONE) == 1
    with pytest.raises(KeyError):
        metrics.value("ddnsgate_zone_up", zone=ZONE)


def test_the_admin_listener_moves_and_goes(primary, observed):
    before, observed.port = observed.port, free_port()
    reload(observed.gateway, text_for(primary, observed.port))
    assert observed.ask("GET", "/readyz").status == 200 and not is_listening(before)
    reload(observed.gateway, text_for(primary, None))
    assert not is_listening(observed.port)
    reload(observed.gateway, text_for(primary, observed.port))
    assert observed.ask("GET", "/readyz").status == 200


def test_an_admin_listener_that_cannot_be_opened_changes_nothing(primary, observed):
    reload(observed.gateway, text_for(primary, primary.port, log_level="error"), outcome="reload-failed")
    assert observed.ask("GET", "/log").text == "debug\n"
    assert observed.gateway.update(primary.new_host(OLD_V4), V4).code == "OK"


def test_log_format_and_level(primary, observed):
    reload(observed.gateway, text_for(primary, observed.port, log_format="json"), outcome="reloading")
    assert wait_until(lambda: '"event":"reloaded"' in observed.gateway.log)
    observed.gateway.update(primary.new_host(OLD_V4), V4)
    assert '"event":"request"' in observed.gateway.log
    assert observed.ask("PUT", "/log?level=error").text == "error\n"
    observed.gateway.config = text_for(primary, observed.port, log_level="info")
    observed.gateway.write_config()
    observed.gateway.signal("SIGHUP")
    assert wait_until(lambda: observed.ask("GET", "/log").text == "info\n")


def test_from_plain_to_tls_and_back(gateway):
    with contextlib.closing(TlsBind([Zone(ZONE, ("gw",))], [Key("gw")])) as server:
        server.start()
        key = server.key("gw")
        plain = config_text([zone_setting(ZONE, server, key)], [key])
        running = gateway(plain)
        for text, connections in ((plain, 0), (config_text([zone_over_tls(server, tls_pins=[server.pin])], [key]), 1),
                                  (config_text([zone_over_tls(server, tls_ca=server.ca())], [key]), 2), (plain, 2)):
            reload(running, text)
            assert running.update(server.new_host(OLD_V4), V4).code == "OK"
            assert running.log.count("event=tls-open ") == connections
        reload(running, config_text([zone_over_tls(server, tls_ca=f"{server.folder}/none.pem")], [key]), outcome="reload-failed")
        assert running.update(server.new_host(OLD_V4), V4).code == "OK"
        reload(running, config_text([zone_over_tls(server, tls_pins=[WRONG_PIN])], [key]))
        assert running.update(server.new_host(OLD_V4), V4).code == "UA_DNS"
