"""The state store: users and keys that the sub-commands make, what the daemon does with them, its history, and where
secrets may not be."""

import contextlib
import json
import hashlib
import os
import pty
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from faulty import Scripted
from gateway import BINARY, LOGIN, ZONE, Gateway, config_text, secret, user_setting, zone_setting
from process import LOOPBACK, wait_until

IP = "192.0.2.1"
PASSWORD = secret("correct horse battery")
WRONG = secret("wrong-key-of-a-guesser")
CHOSEN = secret("chosen by a person")
PLAIN = secret("plain-in-the-configuration")


class Store:
    """A gateway with a state store, and the sub-commands that work on it."""

    def __init__(self, primary, *users, listen=(LOOPBACK,), zones=None, keys=None, **options):
        config = config_text(zones or [zone_setting(ZONE, primary, primary.key)], keys or [primary.key], users,
                             state_dir="state", **options)
        self.gateway = Gateway(config, listen=listen)
        self.folder = self.gateway.folder / "state"
        self.folder.mkdir(mode=0o700)
        self.config = self.gateway.folder / "ddnsgate.cfg"
        self.gateway.start()

    def close(self):
        self.gateway.close()

    def run(self, *arguments, text="\n", status=0):
        """A sub-command; its standard output. What it says must not hold what was typed."""
        done = subprocess.run([BINARY, *arguments, "-c", str(self.config)], input=text, capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == status, done.stderr
        if len(text) > 6:
            assert text.strip() not in done.stdout + done.stderr
        self.said = done.stderr
        return done.stdout

    def add(self, login, *patterns, password="\n"):
        self.run("user", "add", login, *(word for pattern in patterns for word in ("--host", pattern)), text=password)

    def generate(self, login, *limits):
        key = self.run("key", "generate", login, *limits).strip()
        assert len(key) >= 27 and set(key) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        return secret(key)

    def code(self, user, password, host=f"www.{ZONE}", **how):
        answer = self.gateway.ask("GET", f"/dynamic.cgi?host={host}&ip={IP}&user={user}&password={password}", **how)
        return answer.code

    def query(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.folder / "ddnsgate.db")) as connection:
            return connection.execute(sql, values).fetchall()


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


@pytest.fixture
def store(primary):
    with contextlib.ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(contextlib.closing(Store(primary, *args, **options)))


def test_a_generated_key_opens_until_it_is_revoked(store):
    """The daemon runs all the while and sees each change at once."""
    own = store()
    assert own.code("bob", WRONG) == "NF_USR"
    own.add("bob", f"zone:{ZONE}")
    assert own.code("bob", WRONG) == "NF_KEY"
    key = own.generate("bob")
    assert own.code("bob", key) == "OK"
    assert own.code("bob", key[:-1]) == "OD_KEY"
    second = own.generate("bob", "--name", "second")
    assert second != key
    assert own.code("bob", second) == "OK"
    own.run("key", "revoke", "bob", "default")
    assert own.code("bob", key) == "OD_KEY"
    assert own.code("bob", second) == "OK"


def test_users_of_the_configuration_come_first(store):
    own = store(user_setting())
    assert own.code(LOGIN, user_setting()["key"]) == "OK"
    for words in (("user", "add", LOGIN), ("key", "generate", LOGIN)):
        own.run(*words, status=1)
        assert "configuration" in own.said


def test_the_limits_of_a_key(store):
    own = store()
    own.add("bob", f"zone:{ZONE}")
    key = own.generate("bob", "--host", f"www.{ZONE}", "--host", f"*.home.{ZONE}", "--from", "127.0.0.2",
                       "--from", "127.0.1.0/24", "--expires", "2999-12-31")
    assert own.code("bob", key, source="127.0.0.2") == "OK"
    assert own.code("bob", key, source="127.0.1.77") == "OK"
    assert own.code("bob", key, source=LOOPBACK) == "NP_USR"
    assert own.code("bob", key, host=f"a.home.{ZONE}", source="127.0.0.2") == "OK"
    assert own.code("bob", key, host=f"mail.{ZONE}", source="127.0.0.2") == "OS_DOMAIN"
    expired = own.generate("bob", "--name", "old", "--expires", "2001-01-01")
    assert own.code("bob", expired) == "OD_KEY"
    listed = own.run("key", "list", "bob")
    assert f"www.{ZONE},*.home.{ZONE}" in listed and "127.0.0.2,127.0.1.0/24" in listed and "2999-12-31" in listed
    assert key not in listed


def test_a_user_with_ten_thousand_hosts(store):
    """A change of them counts at once, however lately they were read; and the bound is told where it is met."""
    own = store()
    hosts = [f"h{number}.{ZONE}" for number in range(10000)]
    own.add("bob", *hosts)
    key = own.generate("bob")
    limited = own.generate("bob", "--name", "limited", *(word for host in hosts[:5000] for word in ("--host", host)))
    assert own.code("bob", key, host=hosts[-1]) == "OK"
    assert own.code("bob", key, host=f"other.{ZONE}") == "OS_DOMAIN"
    assert own.code("bob", limited, host=hosts[4999]) == "OK"
    assert own.code("bob", limited, host=hosts[5000]) == "OS_DOMAIN"
    assert own.code("bob", WRONG, host=hosts[0]) == "OD_KEY"
    own.run("user", "hosts", "bob", *(word for host in hosts[:-1] for word in ("--host", host)))
    assert own.code("bob", key, host=hosts[-1]) == "OS_DOMAIN"
    assert own.code("bob", key, host=hosts[-2]) == "OK"
    assert own.run("user", "list").count("example.com") == 9999
    own.run("user", "hosts", "bob", *(word for number in range(16385) for word in ("--host", f"h{number}.{ZONE}")),
            status=1)
    assert "16384 hosts" in own.said
    assert own.code("bob", key, host=hosts[-2]) == "OK"


def test_what_a_user_has_named_does_not_command_the_terminal_of_the_administrator(store):
    own = store()
    own.add("bob", f"zone:{ZONE}")
    own.generate("bob", "--name", "K\u00fcche \u009b2J")
    shown = own.run("key", "list", "bob")
    assert shown.startswith("K\u00fcche ?2J\t")


def test_a_disabled_user_is_told_so_by_a_right_key_only(store):
    own = store()
    own.add("bob", f"zone:{ZONE}")
    key = own.generate("bob")
    own.run("user", "disable", "bob")
    assert own.code("bob", key) == "IA_ACCT"
    assert own.code("bob", WRONG) == "OD_KEY"
    own.run("user", "enable", "bob")
    assert own.code("bob", key) == "OK"


def test_a_login_password_is_no_key(store):
    own = store()
    own.add("bob", f"zone:{ZONE}", password=PASSWORD + "\n")
    own.generate("bob")
    assert own.code("bob", PASSWORD.replace(" ", "%20")) == "OD_KEY"
    own.run("user", "passwd", "bob", text="short\n", status=1)
    own.run("user", "passwd", "bob", text=PASSWORD + "2\n")
    [(kept,)] = own.query("SELECT password FROM users WHERE login = 'bob'")
    assert kept.startswith("$y$")
    assert "login password yes" in own.run("user", "list")


@pytest.mark.parametrize("words", [
    ("key",), ("key", "frobnicate"), ("key", "list"), ("key", "list", "a", "b"), ("key", "revoke", "a"),
    ("key", "generate", "a", "--from", "192.0.2.1/24"), ("key", "generate", "a", "--expires", "tomorrow"),
    ("key", "generate", "a", "--host", "a b"), ("key", "generate", "a", "--password", "x"), ("user", "add"),
    ("user", "import"),
])
def test_a_wrong_command_line(words):
    done = subprocess.run([BINARY, *words, "-c", "ddnsgate.cfg"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Usage: ddnsgate" in done.stderr


def test_without_a_state_store_there_is_nothing_to_work_on(primary, gateway):
    running = gateway(config_text([zone_setting(ZONE, primary, primary.key)], [primary.key]))
    done = subprocess.run([BINARY, "user", "list", "-c", str(running.folder / "ddnsgate.cfg")], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 1
    assert "state_dir" in done.stderr


def test_keys_for_the_configuration(primary, gateway):
    """`key generate` without a login, and `key hash`, make what a configuration takes."""
    made = subprocess.run([BINARY, "key", "generate"], capture_output=True, text=True, check=True)
    key = secret(made.stdout.strip())
    hashed = subprocess.run([BINARY, "key", "hash"], input=key + "\n", capture_output=True, text=True, check=True)
    assert hashed.stdout.strip() == "sha256:" + hashlib.sha256(key.encode()).hexdigest()
    assert hashed.stdout.strip() in made.stderr
    users = [user_setting(key=None, keys=[{"name": "one", "key": hashed.stdout.strip()}])]
    running = gateway(config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], users))
    assert running.update(f"www.{ZONE}", IP, password=key).code == "OK"


def crypt(password, method="-6"):
    return subprocess.run(["openssl", "passwd", method, "-stdin"], input=password, capture_output=True, text=True,
                          check=True).stdout.strip()


@pytest.mark.parametrize("method", ["-5", "-6"])
def test_a_key_kept_under_crypt(primary, gateway, method):
    hashed = crypt(CHOSEN, method)
    users = [{"login": LOGIN, "key": hashed, "hosts": [f"zone:{ZONE}"]}]
    running = gateway(config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], users))
    for _ in range(2):
        assert running.update(f"www.{ZONE}", IP, password=CHOSEN).code == "OK"
        assert running.update(f"www.{ZONE}", IP, password=WRONG).code == "OD_KEY"
    assert running.update(f"www.{ZONE}", IP, password=hashed).code == "OD_KEY"


def least_ms(own, logins, password):
    """Of attempts that fail: each login is asked once with that password. The least, because whatever else the machine
    does makes some of them longer, and none shorter."""
    times = []
    for login in logins:
        began = time.monotonic()
        assert own.code(login, password) == "OD_KEY"
        times.append(1000 * (time.monotonic() - began))
    return min(times)


@pytest.mark.parametrize("where", ["configuration", "store"])
def test_uniform_errors_take_as_long_under_crypt(store, where):
    """17 ms for a login that is there and 0.1 ms for others said which are."""
    hashes = {f"u{n}": crypt(CHOSEN, "-5") for n in range(9)}
    fast = [f"fast{n}" for n in range(9)]
    users = [user_setting(login, key=hashed) for login, hashed in hashes.items()]
    own = store(*(users if where == "configuration" else ()), *(user_setting(login) for login in fast), uniform_auth_errors=True,
                failed_logins_max=0)
    if where == "store":
        table = own.gateway.folder / "users.csv"
        table.write_text("login,hosts,key\n" + "".join(
            f"{login},www.{ZONE},{hashed}\n" for login, hashed in hashes.items()))
        own.run("user", "import", str(table))
    strangers = [f"nobody{n}" for n in range(9)]
    known = least_ms(own, hashes, "a-guess-of-somebody")
    assert known > 1
    assert 0.4 < least_ms(own, strangers, "a-guess-of-somebody") / known < 2.5
    assert least_ms(own, fast, "a-guess-of-somebody") > 0.4 * known
    again = least_ms(own, hashes, "a-guess-of-somebody")
    assert again < 0.4 * known and least_ms(own, strangers, "a-guess-of-somebody") < 0.4 * known


# History


def test_a_key_made_after_another_one_was_revoked_is_not_shown_as_used(store):
    own = store()
    own.add("bob", f"zone:{ZONE}")
    key = own.generate("bob", "--name", "old")
    for n in range(20):
        assert own.code("bob", key, host=f"h{n}.{ZONE}") == "OK"
    own.run("key", "revoke", "bob", "old")
    own.generate("bob", "--name", "new")
    assert wait_until(lambda: own.query("SELECT count(*) FROM hosts") == [(20,)])
    assert own.query("SELECT used_at FROM keys") == [(0,)]


def test_the_history_of_a_host(store):
    own = store()
    own.add("bob", f"zone:{ZONE}")
    key = own.generate("bob")
    host = f"history.{ZONE}"
    for _ in range(3):
        assert own.code("bob", key, host=host.upper()) == "OK"
    assert own.code("bob", key, host=f"missing-{host}") in ("OK", "NF_HOST")
    assert own.code("bob", WRONG, host=host) == "OD_KEY"
    assert wait_until(lambda: own.query("SELECT count(*) FROM history") != [(0,)]), own.gateway.log
    rows = own.query("SELECT outcome, times, source, addresses FROM history JOIN hosts ON id = host_id"
                     " WHERE login = 'bob' AND host = ? ORDER BY slot", host)
    assert rows == [("changed", 1, LOOPBACK, IP), ("unchanged", 2, LOOPBACK, IP)] or rows == [
        ("unchanged", 3, LOOPBACK, IP)]
    assert "never" not in own.run("key", "list", "bob").split("\texpires")[0]


def test_what_was_recorded_is_written_at_the_end(store):
    own = store()
    own.add("bob", f"zone:{ZONE}")
    key = own.generate("bob")
    assert own.code("bob", key) == "OK"
    own.gateway.signal("SIGTERM")
    own.gateway.finish()
    assert own.query("SELECT login, host FROM hosts") == [("bob", f"www.{ZONE}")]


def test_with_a_file_that_cannot_be_read_users_of_the_configuration_go_on(primary, store, gateway):
    own = store()
    own.add("bob", f"zone:{ZONE}")
    key = own.generate("bob")
    own.gateway.signal("SIGTERM")
    own.gateway.finish()
    (own.folder / "ddnsgate.db").write_bytes(b"spoiled " * 1000)
    running = gateway(config_text([zone_setting(ZONE, primary, primary.key)], [primary.key],
                                  state_dir=str(own.folder)))
    assert running.update(f"www.{ZONE}", IP).code == "OK"
    assert running.update(f"www.{ZONE}", IP, user="bob", password=key).status == 503
    assert "event=state-unreadable" in running.log and "not a database" in running.log


# Imports


def test_an_import_shows_its_progress_on_a_terminal(store):
    own = store()
    table = own.gateway.folder / "users.csv"
    table.write_text("login,hosts,key\n" + "".join(
        f"user{n},h{n}.{ZONE},sha256:{hashlib.sha256(b'generated-%d' % n).hexdigest()}\n" for n in range(20000)))
    parent, child = pty.openpty()
    done = subprocess.run([BINARY, "user", "import", str(table), "-c", str(own.config)], stdout=subprocess.PIPE,
                          stderr=child, text=True, timeout=120, check=False)
    os.close(child)
    shown = b""
    with contextlib.suppress(OSError):
        while (part := os.read(parent, 65536)):
            shown += part
    os.close(parent)
    assert done.returncode == 0 and done.stdout.startswith("20000 users in ")
    assert b"[####" in shown and b"users/s" not in shown and b"%" in shown
    assert own.code("user777", "generated-777", host=f"h777.{ZONE}") == "OK"
    assert own.code("user777", "generated-777", host=f"h778.{ZONE}") == "OS_DOMAIN"


def test_an_import_takes_all_or_none(store):
    own = store()
    table = own.gateway.folder / "users.csv"
    table.write_text("login\nalice1\nalice2\nalice1\n")
    own.run("user", "import", str(table), status=1)
    assert f"{table}:4: this login is there already" in own.said
    assert own.run("user", "list") == ""


# Throttles


def test_changes_are_bounded(store):
    own = store(changes_max=2, changes_window_s=600)
    own.add("bob", f"zone:{ZONE}")
    own.add("carol", f"zone:{ZONE}")
    bob, carol = own.generate("bob"), own.generate("carol")
    for n in range(2):
        answer = own.gateway.update(f"bounded.{ZONE}", f"203.0.113.{n}", user="bob", password=bob)
        assert answer.code == "OK"
    answer = own.gateway.update(f"bounded.{ZONE}", "203.0.113.9", user="bob", password=bob)
    assert (answer.code, answer.status) == ("TM_REQ", 429)
    assert 0 < int(answer.headers["retry-after"]) <= 300
    assert own.gateway.update(f"bounded.{ZONE}", "203.0.113.9", user="carol", password=carol).code == "OK"


def test_guessing_at_many_logins_does_not_lock_others_out(store):
    own = store(failed_logins_max=3)
    own.add("bob", f"zone:{ZONE}")
    key = own.generate("bob")
    codes = [own.code(f"nobody{n}", WRONG) for n in range(40)]
    assert codes[:30] == ["NF_USR"] * 30 and codes[-1] == "TM_REQ"
    assert own.code("bob", WRONG) == "TM_REQ"
    assert own.code("bob", key) == "OK"


def test_a_challenge_does_not_count(store):
    own = store(failed_logins_max=2)
    own.add("bob", f"zone:{ZONE}")
    key = own.generate("bob")
    for _ in range(100):
        assert own.gateway.ask("GET", f"/dynamic.cgi?host=www.{ZONE}&ip={IP}").status == 401
        assert own.gateway.ask("GET", f"/dynamic.cgi?host=www.{ZONE}&ip={IP}&user=bob").status == 401
    assert own.code("bob", key) == "OK"


# Secrets


def memory_of(process_id):
    """All that a process holds in memory, as a core dump of it would have it."""
    try:
        with open(f"/proc/{process_id}/maps", encoding="ascii") as maps, open(f"/proc/{process_id}/mem", "rb") as memory:
            for line in maps:
                bounds, permissions, *_ = line.split()
                if not permissions.startswith("r") or "[v" in line:
                    continue
                start, end = (int(bound, 16) for bound in bounds.split("-"))
                if end - start > 1 << 32:
                    pytest.skip("a sanitizer keeps what was freed")
                memory.seek(start)
                with contextlib.suppress(OSError):
                    yield memory.read(end - start)
    except PermissionError:
        pytest.skip("this system lets nobody look into the memory of processes")


def places_of(text, octets):
    return [octets[max(0, at - 40):at + 60] for at in _find_all(octets, text.encode())]


def _find_all(octets, wanted):
    at = octets.find(wanted)
    while at >= 0:
        yield at
        at = octets.find(wanted, at + 1)


@pytest.mark.skipif(b"__asan_init" in Path(BINARY).read_bytes(), reason="a sanitizer keeps what was freed for a while")
def test_no_secret_stays_in_store_log_or_memory(store):
    """Keys and passwords that were shown to the daemon, right and wrong, by all ways, and then it idles."""
    hashed = {"login": "carol", "key": crypt(CHOSEN), "hosts": [f"zone:{ZONE}"]}
    own = store(user_setting("dave", PLAIN), hashed, idle_timeout_s=1)
    own.add("bob", f"zone:{ZONE}", password=PASSWORD + "\n")
    key = own.generate("bob")
    shown = [key, WRONG, CHOSEN, PASSWORD, PLAIN]
    for password in shown:
        for user in ("bob", "carol", "dave", "nobody"):
            own.gateway.update(f"www.{ZONE}", IP, user=user, password=password)
            own.gateway.ask("POST", "/dynamic.cgi", ["Content-Type: application/x-www-form-urlencoded"],
                            f"host=www.{ZONE}&ip={IP}&user={user}&password={password}".encode())
            own.gateway.ask("POST", "/dynamic.cgi", ["Content-Type: application/json"],
                            json.dumps({"host": f"www.{ZONE}", "ip": IP, "user": user, "password": password}).encode())
    assert own.code("bob", key) == "OK"
    with own.gateway.connect() as kept:
        kept.request("GET", f"/dynamic.cgi?host=www.{ZONE}&ip={IP}&user=bob&password={key}")
        assert kept.answer().code == "OK"
        assert wait_until(kept.at_end, timeout_s=30)
    for path in own.folder.iterdir():
        octets = path.read_bytes()
        for text in shown:
            assert not places_of(text, octets), path
    memory = b"|".join(memory_of(own.gateway.process.popen.pid))
    assert places_of(hashed["key"], memory), "what it must know is found"
    for text in shown:
        assert not places_of(text, memory), text
    own.gateway.check_log()


def test_no_secret_is_among_the_arguments_of_a_process(store):
    """A password is typed while the process list is looked at."""
    own = store()
    with subprocess.Popen([BINARY, "user", "add", "bob", "-c", str(own.config)], stdin=subprocess.PIPE) as process:
        process.stdin.write(PASSWORD[:10].encode())
        process.stdin.flush()
        for name in ("cmdline", "environ"):
            with open(f"/proc/{process.pid}/{name}", "rb") as shown:
                assert PASSWORD[:10].encode() not in shown.read()
        process.stdin.write(PASSWORD[10:].encode() + b"\n")
        process.stdin.close()
        assert process.wait(30) == 0
    for option in ("--password", "--key"):
        done = subprocess.run([BINARY, "user", "passwd", "bob", option, "x", "-c", str(own.config)],
                              capture_output=True, check=False)
        assert done.returncode == 2
