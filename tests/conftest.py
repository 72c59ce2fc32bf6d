"""What the tests share: real primaries for the whole run, gateways and scripted primaries for one test, and the rules
that hold after every test whatever it was about."""

import contextlib
import signal

import pytest

from faulty import Scripted
from gateway import BINARY, ZONE, Gateway, config_text, user_setting, zone_setting
from process import LOOPBACK
from servers import ALGORITHMS, Bind, Key, Knot, Zone

SECOND_ZONE = "second.example.com"
READ_ONLY_ZONE = "readonly.example.com"
POLICED_ZONE = "policed.example.com"
OPEN_NAMES = f"open.{POLICED_ZONE}"


def pytest_configure():
    if not BINARY:
        raise pytest.UsageError("DDNSGATE must hold the path of the program to test; ./tests/run sets it")
    # Let fixtures clean up when the run is told to stop.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@contextlib.contextmanager
def running_server(kind, **options):
    """A primary for two zones that a key of each algorithm may update, for one that none may update, and for one that
    they may update in part."""
    keys = [Key(algorithm, algorithm) for algorithm in ALGORITHMS]
    zones = [Zone(ZONE, ALGORITHMS), Zone(SECOND_ZONE, ALGORITHMS), Zone(READ_ONLY_ZONE, ()),
             Zone(POLICED_ZONE, ALGORITHMS, open_below=OPEN_NAMES)]
    with contextlib.closing(kind(zones, keys, **options)) as server:
        yield server.start()


@pytest.fixture(scope="session", params=[Bind, Knot])
def primary(request):
    """A real primary, shared: tests make host names of their own in it and never stop it."""
    with running_server(request.param) as server:
        yield server


@pytest.fixture(params=[Bind, Knot])
def own_primary(request):
    """A real primary for one test, which may stop it."""
    with running_server(request.param) as server:
        yield server


@pytest.fixture
def scripted():
    """Makes scripted primaries."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(contextlib.closing(Scripted(*args, **options)))


@pytest.fixture
def gateway():
    """Makes gateways from a configuration. At the end of the test each must end cleanly."""
    with contextlib.ExitStack() as stack:
        yield lambda config, **options: stack.enter_context(contextlib.closing(Gateway(config, **options).start()))


@pytest.fixture
def front(gateway):
    """Makes a gateway for zones of one primary, real or scripted, and for one user who has all of them; unless the test
    says otherwise."""
    def make(primary, *zones, users=(), listen=(LOOPBACK,), **options):
        zones = zones or (ZONE,)
        key = primary.key() if callable(primary.key) else primary.key
        users = users or [user_setting(hosts=[f"zone:{zone}" for zone in zones])]
        settings = [zone_setting(zone, primary, key) for zone in zones]
        return gateway(config_text(settings, [key], users, **options), listen=listen)
    return make


@pytest.fixture(autouse=True)
def no_gateway_misbehaves():
    """No crash, no sanitizer report, no secret in any log, after every single test."""
    yield
    for each in Gateway.running:
        each.check()
