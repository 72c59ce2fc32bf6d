"""HAProxy in front, with its own defaults: it keeps the gateway in as long as the gateway works."""

import contextlib
import time

import pytest

import certificates
from balancer import Balancer
from gateway import ZONE, Connection, config_text, zone_setting
from process import LOOPBACK, wait_until

CLIENT = "198.51.100.7"


@pytest.fixture
def balancer(tmp_path):
    """Makes one; it ends with the test."""
    with contextlib.ExitStack() as stack:
        def make(*args, **options):
            made = Balancer(tmp_path, *args, **options)
            stack.callback(made.process.kill)
            return made
        yield make


@pytest.mark.parametrize("protocol", ["send-proxy", "send-proxy-v2"])
@pytest.mark.parametrize("over_tls", [False, True])
def test_the_same_over_the_proxy_protocol(scripted, gateway, balancer, tmp_path, protocol, over_tls):
    """HAProxy speaks for itself then: LOCAL, or UNKNOWN."""
    secure = {"certificates": [certificates.make(tmp_path).setting]} if over_tls else {}
    front = gateway(gateway_config(scripted, trusted_proxies=[LOOPBACK]), listen=({"proxy_protocol": True, **secure},))
    tls = " check-ssl ssl verify none" if over_tls else ""
    haproxy = balancer(f"{LOOPBACK}:{front.port} {protocol}{tls}")
    assert wait_until(lambda: haproxy.checks), haproxy.process.output()
    assert "succeeded" in haproxy.checks[0] and "204" in haproxy.checks[0], haproxy.checks
    with Connection(haproxy.port, source="127.0.0.7") as connection:
        connection.request("GET", "/myip", [f"X-Forwarded-For: {CLIENT}"])
        assert connection.answer().text.strip() == "127.0.0.7"


def test_the_same_over_a_unix_socket(scripted, gateway, balancer, tmp_path):
    """A health check names no client, and needs none."""
    path = tmp_path / "http.sock"
    gateway(gateway_config(scripted), listen=(LOOPBACK, {"path": str(path), "mode": "0666"}))
    haproxy = balancer(f"unix@{path}", backend=["  http-request set-header X-Forwarded-For %[src]"])
    assert wait_until(lambda: haproxy.checks), haproxy.process.output()
    assert "succeeded" in haproxy.checks[0] and "204" in haproxy.checks[0], haproxy.checks
    with Connection(haproxy.port, source="127.0.0.7") as connection:
        connection.request("GET", "/myip")
        assert connection.answer().text.strip() == "127.0.0.7"


def gateway_config(scripted, **options):
    primary = scripted()
    return config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], **options)


def test_the_default_health_check_keeps_the_gateway_in(scripted, gateway, balancer):
    front = gateway(gateway_config(scripted, trusted_proxies=[LOOPBACK]))
    haproxy = balancer(f"{LOOPBACK}:{front.port}", backend=["  option forwardfor"])
    assert wait_until(lambda: haproxy.checks), haproxy.process.output()
    assert "succeeded" in haproxy.checks[0] and "204" in haproxy.checks[0], haproxy.checks
    with Connection(haproxy.port) as connection:
        connection.request("GET", "/myip")
        assert connection.answer().text.strip() == LOOPBACK
    time.sleep(1)
    assert all("succeeded" in line for line in haproxy.checks), haproxy.checks
    front.signal("SIGTERM")
    front.finish()
    assert wait_until(lambda: "DOWN" in haproxy.checks[-1]), haproxy.process.output()
