"""Requests of clients that cannot run here, replayed octet by octet, and their answers read as those clients read
them."""

import base64
import functools
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway import SHORT_TIMEOUTS, ZONE, Connection, secret, user_setting
from judges import FAILED, LATER, PUBLISHED, inadyn_custom, inadyn_dyndns, words_on_200_only
from process import LOOPBACK, free_port
from rows import OLD_V4, OLD_V6, ROWS, USERS
from servers import Key
from service import serving

WORDS_LISTENER = "127.0.0.2"
UNPUBLISHED = (OLD_V4, OLD_V6)


@pytest.fixture(params=ROWS, ids=str)
def row(request):
    return request.param


def serving_all(primary, **options):
    users = [user_setting(login, key) for login, key in USERS.items()]
    listen = (LOOPBACK, {"address": WORDS_LISTENER, "errors_as_200": True})
    return serving(primary, users=users, listen=listen, **options)


@pytest.fixture(scope="module")
def service(primary):
    with serving_all(primary) as service:
        yield service


class Replay:
    """One client that sends its request as often as asked, on one connection as long as that stays open."""

    def __init__(self, row, service, host, second, key=None):
        key = key or row.key or USERS[row.login]
        values = {"host": host, "HOST": host.upper(), "label": host.split(".")[0], "second": second,
                  "login": row.login, "key": key,
                  "basic": base64.b64encode(f"{row.login}:{key}".encode()).decode()}
        secret(values["basic"])
        self.row = row
        self.octets = row.text.format(**values).replace("\n", "\r\n").encode("ascii")
        self._where = (service.gateway.port, WORDS_LISTENER if row.errors_as_200 else LOOPBACK)
        self._connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._hang_up()

    def ask(self):
        """The answer to the whole request; PUBLISHED, FAILED or LATER."""
        if self.row.challenged:
            answer = self._exchange(re.sub(rb"Authorization: [^\r]*\r\n", b"", self.octets))
            assert answer.status == 401
        return self.row.judge(self._exchange(self.octets), self.row.addresses)

    def _exchange(self, octets):
        if not self._connection:
            self._connection = Connection(*self._where)
        self._connection.send(octets)
        answer = self._connection.answer()
        if b" HTTP/1.0\r\n" in octets or b"Connection: close\r\n" in octets:
            assert answer.closes and self._connection.at_end(), "this client reads to the end"
        else:
            assert not answer.closes
        if answer.closes:
            self._hang_up()
        return answer

    def _hang_up(self):
        if self._connection:
            self._connection.close()
            self._connection = None


@pytest.fixture
def host(primary, row):
    """The row's own host, or a new one, with its old addresses."""
    if not row.host:
        return new_host(primary)
    for rdtype, value in (("A", OLD_V4), ("AAAA", OLD_V6)):
        primary.replace(row.host, rdtype, value)
    return row.host


@pytest.fixture
def second(primary):
    return new_host(primary)


def new_host(primary):
    return primary.new_host(("A", OLD_V4), ("AAAA", OLD_V6))


def published(primary, host):
    return tuple(",".join(primary.records(host, rdtype)[1]) for rdtype in ("A", "AAAA"))


def test_a_change_and_then_none(row, service, primary, host, second):
    """The same request twice; for the second one the zone need not change."""
    with Replay(row, service, host, second) as client:
        assert client.ask() == (FAILED if row.refused else PUBLISHED)
        assert published(primary, host) == (row.a, row.aaaa)
        assert published(primary, second) == ((row.a, row.aaaa) if "{second}" in row.text else UNPUBLISHED)
        serial = primary.serial()
        assert client.ask() == (FAILED if row.refused else PUBLISHED)
        assert primary.serial() == serial


def test_wrong_password(row, service, primary, host, second):
    with Replay(row, service, host, second, key="not-the-password") as client:
        assert client.ask() == FAILED
    assert published(primary, host) == UNPUBLISHED


@pytest.mark.parametrize("row", [row for row in ROWS if not row.host and not row.refused], ids=str,
                         indirect=True)
def test_unknown_host(row, service):
    with Replay(row, service, f"nobody.{ZONE}", f"nobody2.{ZONE}") as client:
        assert client.ask() == FAILED


class Absent:
    """A primary that is down."""

    key = functools.partial(Key, "absent")

    def __init__(self):
        self.port = free_port()


def test_primary_down():
    """All clients at once, since all of them have to wait. Those that know a failure that will pass take it for one."""
    patient = (inadyn_custom, inadyn_dyndns, words_on_200_only)
    rows = [row for row in ROWS if not row.refused]

    def ask(row):
        with Replay(row, service, f"home.{ZONE}", f"office.{ZONE}") as client:
            return client.ask()

    with serving_all(Absent(), **SHORT_TIMEOUTS) as service, ThreadPoolExecutor(len(rows)) as pool:
        verdicts = list(pool.map(ask, rows))
    wrong = [str(row) for row, verdict in zip(rows, verdicts) if verdict != (LATER if row.judge in patient else FAILED)]
    assert not wrong
