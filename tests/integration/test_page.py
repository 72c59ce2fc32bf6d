"""The account page: who gets in, what a form must carry, what a user may do, and what is told of the hosts."""

import contextlib
import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

import certificates
from faulty import Scripted
from gateway import ZONE, config_text, secret, zone_setting
from pages import FORM, PAGE, Visitor
from process import LOOPBACK, wait_until
from test_reload import reload
from test_state import Store, memory_of, places_of

HOST = f"www.{ZONE}"
IP = "192.0.2.1"
PASSWORD = secret("correct horse battery")
OTHER_PASSWORD = secret("staple of another user")
WRONG = secret("a guess at the password")
NEW = secret("another battery staple")


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


def with_users(store):
    store.add("bob", HOST, f"*.home.{ZONE}", password=PASSWORD + "\n")
    store.add("eve", f"eve.{ZONE}", password=OTHER_PASSWORD + "\n")
    return store


@pytest.fixture(scope="module")
def shared(primary):
    """A gateway that serves the page, with two users; tests leave no locks behind."""
    with contextlib.closing(Store(primary, listen=({"account_page": True},))) as store:
        yield with_users(store)


@pytest.fixture
def store(primary):
    """Makes such a gateway for one test."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: with_users(stack.enter_context(contextlib.closing(
            Store(primary, **{"listen": ({"account_page": True},), **options}))))


@pytest.fixture
def bob(shared):
    visitor = Visitor(shared.gateway)
    assert visitor.log_in("bob", PASSWORD).status == 200
    return visitor


# Getting in


def test_it_is_off_unless_it_is_switched_on(gateway, primary):
    own = gateway(config_text([zone_setting(ZONE, primary, primary.key)], [primary.key]))
    for path in (PAGE, PAGE[:-1], PAGE + "style.css"):
        assert own.ask("GET", path).status == 404


def test_only_its_listener_serves_it(store):
    with_page, without = {"account_page": True}, {"path": "@FOLDER@/sock"}
    own = store(listen=(with_page, without)).gateway
    assert own.ask("GET", PAGE).status == 200
    assert own.ask("GET", PAGE, ["X-Forwarded-For: 192.0.2.1"], path=str(own.folder / "sock")).status == 404


def test_log_in_and_out(shared):
    visitor = Visitor(shared.gateway)
    assert visitor.get().status == 200
    assert "Log in" in visitor.words and "bob" not in visitor.words
    assert visitor.log_in("bob", PASSWORD).status == 200
    assert "Your User Profile" in visitor.words and "bob" in visitor.words
    assert set(visitor.cookies) == {"ddnsgate_session"}
    token = dict(visitor.cookies)
    visitor.post("logout")
    assert "logged out" in visitor.words and "ddnsgate_session" not in visitor.cookies
    visitor.cookies.update(token)
    assert "Your User Profile" not in visitor.get().text


@pytest.mark.parametrize("login, password", [
    ("bob", WRONG), ("bob", OTHER_PASSWORD), ("bob", ""), ("BOB", PASSWORD), ("nobody", WRONG), ("nobody", "x"),
    ("", PASSWORD), ("bob", "x" * 600), ("x" * 300, PASSWORD), ("bob\0", PASSWORD),
])
def test_all_that_is_wrong_is_told_in_the_same_words(shared, login, password):
    visitor = Visitor(shared.gateway)
    visitor.get()
    answer = visitor.post("login", login=login, password=password)
    assert answer.status == 403
    assert "Login ID or password is wrong." in visitor.words
    assert set(visitor.cookies) == {"ddnsgate_login"}


def test_keys_are_no_login_passwords(shared):
    visitor = Visitor(shared.gateway)
    assert visitor.log_in("bob", shared.generate("bob", "--name", "cli")).status == 403


def test_failed_logins_lock_that_login_at_that_address_and_nothing_else(store):
    own = store(failed_logins_max=3, failed_logins_window_s=600)
    key = own.generate("bob")
    guesser = Visitor(own.gateway)
    for _ in range(3):
        guesser.log_in("bob", WRONG)
    answer = guesser.log_in("bob", PASSWORD)
    assert answer.status == 429 and int(answer.headers["retry-after"]) > 0
    assert "wait" in guesser.words
    assert Visitor(own.gateway).log_in("eve", OTHER_PASSWORD).status == 200
    assert Visitor(own.gateway, source="127.0.0.2").log_in("bob", PASSWORD).status == 200
    assert own.code("bob", key) == "OK"


def test_a_new_password_ends_the_lock(store):
    """It was the old one that was guessed at. So it is with a login that is made only then."""
    own = store(failed_logins_max=3, failed_logins_window_s=600)
    guesser = Visitor(own.gateway)
    for login in ("bob", "carol"):
        for _ in range(3):
            guesser.log_in(login, WRONG)
        assert guesser.log_in(login, PASSWORD).status == 429
    own.run("user", "passwd", "bob", text=NEW + "\n")
    own.run("user", "add", "carol", text=NEW + "\n")
    for login in ("bob", "carol"):
        assert Visitor(own.gateway).log_in(login, NEW).status == 200


def test_a_new_session_at_each_login(shared):
    visitor = Visitor(shared.gateway)
    visitor.log_in("bob", PASSWORD)
    first = visitor.cookies["ddnsgate_session"]
    visitor.post("logout")
    visitor.log_in("bob", PASSWORD)
    assert visitor.cookies["ddnsgate_session"] != first


def test_a_session_that_a_visitor_makes_up_is_none(shared):
    """Nor does it become one by logging in."""
    visitor = Visitor(shared.gateway)
    made_up = "a" * 32
    visitor.cookies["ddnsgate_session"] = made_up
    assert "Log in" in visitor.get().text
    visitor.log_in("bob", PASSWORD)
    assert visitor.cookies["ddnsgate_session"] != made_up


def test_an_idle_session_ends(store):
    own = store(account_page_idle_s=2)
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    token = visitor.token()
    assert "Your User Profile" in visitor.get().text
    time.sleep(2.3)
    answer = visitor.ask("POST", "keys", f"token={token}&name=late".encode())
    assert answer.status == 303
    visitor.get()
    assert "Your User Profile" not in visitor.words and "Log in" in visitor.words
    assert "late" not in own.run("key", "list", "bob")


@pytest.mark.parametrize("words, text", [(("user", "passwd", "bob"), "another password\n"),
                                         (("user", "disable", "bob"), "\n")])
def test_a_new_password_and_being_disabled_end_sessions(store, words, text):
    own = store()
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    own.run(*words, text=text)
    assert "Your User Profile" not in visitor.get().text
    assert not visitor.cookies.get("ddnsgate_session")


# Whom it is served to


def test_without_https_only_to_this_machine(store):
    """A proxy that is trusted tells who asks, and how."""
    own = store(trusted_proxies=[LOOPBACK]).gateway
    assert own.ask("GET", PAGE, ["X-Forwarded-For: 192.0.2.7"]).status == 403
    assert own.ask("GET", PAGE + "style.css", ["X-Forwarded-For: 192.0.2.7"]).status == 403
    assert own.ask("GET", PAGE, ["X-Forwarded-For: 127.0.0.5"]).status == 200
    over_tls = ["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https"]
    assert own.ask("GET", PAGE, over_tls).status == 200
    visitor = Visitor(own, secure=True, headers=over_tls)
    assert visitor.log_in("bob", PASSWORD).status == 200


def test_nobody_else_can_say_that_it_was_https(store):
    own = store(listen=({"account_page": True, "address": "::1"}, {"account_page": True, "address": LOOPBACK})).gateway
    visitor = Visitor(own, headers=["X-Forwarded-Proto: https"])
    assert visitor.log_in("bob", PASSWORD).status == 200


def test_without_https_to_everybody_if_an_option_says_so(store):
    own = store(trusted_proxies=[LOOPBACK], account_page_over_http=True).gateway
    assert own.ask("GET", PAGE, ["X-Forwarded-For: 192.0.2.7"]).status == 200


def test_over_https_cookies_are_secure(store, tmp_path):
    certificate = certificates.make(tmp_path)
    own = store(listen=({"account_page": True, "certificates": [certificate.setting]},))
    visitor = Visitor(own.gateway, secure=True, tls=certificates.client(certificate), name=certificate.name)
    assert visitor.log_in("bob", PASSWORD).status == 200
    assert set(visitor.cookies) == {"__Host-ddnsgate_session"}
    visitor.get("settings")
    assert "https://gateway.test/nic/update" in visitor.words


# Forms


@pytest.mark.parametrize("path, operands", [("keys", {"name": "forged"}), ("keys/revoke", {"name": "kept"}),
                                            ("logout", {}),
                                            ("password", {"current": PASSWORD, "password": NEW, "again": NEW})])
@pytest.mark.parametrize("token", ["", "0" * 64, "of another user"])
def test_a_form_without_the_right_token_does_nothing(shared, bob, path, operands, token):
    if "kept" not in shared.run("key", "list", "bob"):
        shared.generate("bob", "--name", "kept")
    if token == "of another user":
        other = Visitor(shared.gateway)
        other.log_in("eve", OTHER_PASSWORD)
        token = other.token()
    answer = bob.post(path, token=token, **operands)
    assert answer.status == 403
    assert "Please go back" in bob.words
    listed = shared.run("key", "list", "bob")
    assert "forged" not in listed and "kept" in listed
    assert "Your User Profile" in bob.get().text


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_the_form_to_log_in_needs_one_too(shared, token):
    visitor = Visitor(shared.gateway)
    visitor.get()
    assert visitor.post("login", token=token, login="bob", password=PASSWORD).status == 403
    assert "ddnsgate_session" not in visitor.cookies


def test_a_token_is_of_no_use_without_its_cookie(shared):
    visitor = Visitor(shared.gateway)
    visitor.get()
    visitor.cookies.clear()
    assert visitor.post("login", login="bob", password=PASSWORD).status == 403


def test_without_a_session_nothing_can_be_done(shared):
    for path in ("keys", "keys/revoke", "logout", "password"):
        answer = shared.gateway.ask("POST", PAGE + path, body=b"name=x&token=x")
        assert (answer.status, answer.headers["location"]) == (303, PAGE)
    assert shared.gateway.ask("GET", PAGE + "settings").status == 303


def test_paths_and_methods(shared):
    ask = shared.gateway.ask
    assert (ask("GET", "/account").status, ask("GET", "/account").headers["location"]) == (303, PAGE)
    assert ask("GET", "/accounts").status == 404
    assert ask("GET", PAGE + "nothing").status == 404
    assert ask("GET", PAGE + "login.html").status == 404
    assert ask("GET", PAGE + "keys").headers["location"] == PAGE
    assert ask("PUT", PAGE).status == 405
    for path, allowed in ((PAGE, "GET, HEAD"), ("/account", "GET, HEAD"), (PAGE + "keys", "GET, HEAD, POST"),
                          (PAGE + "style.css", "GET, HEAD")):
        answer = ask("OPTIONS", path)
        assert (answer.status, answer.headers["allow"]) == (204, allowed + ", OPTIONS")
    assert ask("PUT", PAGE + "keys").headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert ask("HEAD", PAGE).status == 200
    for path, kind in (("style.css", "text/css"), ("page.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        answer = ask("GET", PAGE + path)
        assert answer.status == 200 and answer.headers["content-type"].startswith(kind)


def test_what_a_visitor_writes_stays_text(shared, bob):
    evil = "\"><script>alert(1)</script>'&"
    bob.post("keys", name=evil)
    assert "<script>alert" not in bob.text and evil in bob.words
    bob.get()
    assert "<script>alert" not in bob.text and evil in bob.words
    assert bob.post("keys/revoke", name=evil).status == 200
    bob.post("keys", name="x", hosts=evil)
    assert "<script>alert" not in bob.text and "is not a host name" in bob.words
    stranger = Visitor(shared.gateway)
    stranger.log_in(evil, WRONG)
    assert "<script>alert" not in stranger.text
    answer = shared.gateway.ask("GET", PAGE, ["Host: <script>alert(1)</script>"])
    assert b"<script>alert" not in answer.body


# Keys


def test_a_key_is_generated_used_and_revoked(shared, bob):
    key = bob.generate("router")
    assert len(key) == 32
    assert "shown only this once" in bob.words
    assert shared.code("bob", key) == "OK"
    bob.get()
    assert key not in bob.text and "router" in bob.words
    assert wait_until(lambda: "just now" in bob.get().text, timeout_s=10)
    bob.post("keys/revoke", name="router")
    assert "revoked" in bob.words
    assert shared.code("bob", key) != "OK"
    assert key not in bob.text


def test_the_limits_of_a_key(shared, bob):
    key = bob.generate("limited", hosts=f"nas.home.{ZONE}, {HOST}", sources="127.0.0.0/31", expires="2099-12-31")
    bob.get()
    for words in (f"nas.home.{ZONE}", "from 127.0.0.0/31", "after 2099-12-31"):
        assert words in bob.words
    assert shared.code("bob", key) == "OK"
    assert shared.code("bob", key, host=f"other.home.{ZONE}") == "OS_DOMAIN"
    assert shared.code("bob", key, source="127.0.0.9") == "NP_USR"


@pytest.mark.parametrize("operands, status, words", [
    ({"name": ""}, 400, "needs a name"),
    ({"name": "x" * 65}, 400, "needs a name"),
    ({"name": "a\nb"}, 400, "cannot be the name"),
    ({"name": "x", "hosts": "-bad-"}, 400, "“-bad-” is not a host name."),
    ({"name": "x", "sources": "192.0.2.1/24"}, 400, "“192.0.2.1/24” is not a network"),
    ({"name": "x", "expires": "tomorrow"}, 400, "“tomorrow” is not a date"),
])
def test_a_form_that_means_nothing_is_told_so(shared, bob, operands, status, words):
    before = shared.run("key", "list", "bob")
    answer = bob.post("keys", **operands)
    assert answer.status == status
    assert words in bob.words
    assert shared.run("key", "list", "bob") == before


def test_a_name_is_given_once(bob):
    assert bob.generate("twice")
    assert bob.generate("twice") is None
    assert bob.page.status == 409 and "of that name already" in bob.words


def test_there_is_a_bound_for_keys(store):
    visitor = Visitor(store().gateway)
    visitor.log_in("bob", PASSWORD)
    for number in range(32):
        assert visitor.generate(f"key {number}")
    assert visitor.generate("one more") is None
    assert visitor.page.status == 409 and "as many keys as there may be" in visitor.words


def test_there_is_a_bound_for_each_form_of_a_user_within_an_hour(store):
    own = store()
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    for _ in range(60):
        assert visitor.post("keys/revoke", name="one").status == 404
    own.generate("bob", "--name", "one")
    answer = visitor.post("keys/revoke", token=visitor.get() and visitor.token(), name="one")
    assert answer.status == 429 and 0 < int(answer.headers["retry-after"]) <= 60
    assert "wait some minutes" in visitor.words
    assert "one" in own.run("key", "list", "bob")
    assert wait_until(lambda: re.search("event=page-throttled form=keys/revoke source=127.0.0.1 user=bob",
                                        own.gateway.log))
    reload(own.gateway)
    visitor.get()
    assert visitor.post("keys/revoke", name="one").status == 429
    # Other forms are counted by themselves, and so are other users.
    assert visitor.generate("another")
    visitor.get()
    assert change(visitor, PASSWORD, NEW).status == 200
    other = Visitor(own.gateway)
    other.log_in("eve", OTHER_PASSWORD)
    assert other.generate("of eve")


def test_nobody_touches_anothers_keys(shared, bob):
    other = Visitor(shared.gateway)
    other.log_in("eve", OTHER_PASSWORD)
    key = other.generate("of eve")
    answer = bob.post("keys/revoke", name="of eve")
    assert answer.status == 404 and "no key of that name" in bob.words
    assert shared.code("eve", key, host=f"eve.{ZONE}") == "OK"
    assert "of eve" not in bob.get().text
    other.get()
    assert "of eve" in other.words and HOST not in other.words


# The password


def change(visitor, current, fresh, again=None):
    return visitor.post("password", current=current, password=fresh, again=fresh if again is None else again)


def test_a_password_is_changed_by_whoever_knows_the_current_one(store):
    """This session goes on, under a new token; all others end."""
    own = store()
    key = own.generate("bob")
    here, elsewhere = Visitor(own.gateway), Visitor(own.gateway)
    for visitor in (here, elsewhere):
        assert visitor.log_in("bob", PASSWORD).status == 200
    before = dict(here.cookies)
    assert change(here, PASSWORD, NEW).status == 200
    assert "Your password is changed." in here.words and "Your User Profile" in here.words
    assert here.cookies != before
    assert here.generate("after it")
    assert "Log in" in elsewhere.get().text and "ddnsgate_session" not in elsewhere.cookies
    thief = Visitor(own.gateway)
    thief.cookies.update(before)
    assert "Your User Profile" not in thief.get().text
    assert own.code("bob", key) == "OK"
    assert Visitor(own.gateway).log_in("bob", PASSWORD).status == 403
    assert Visitor(own.gateway).log_in("bob", NEW).status == 200
    (hash_text,), = own.query("SELECT password FROM users WHERE login = 'bob'")
    assert hash_text.startswith("$y$")
    assert re.search("event=page-password outcome=changed source=127.0.0.1 user=bob", own.gateway.log)


@pytest.mark.parametrize("current, fresh, again, words", [
    (WRONG, NEW, None, "The current password is wrong."),
    ("", NEW, None, "The current password is wrong."),
    ("x" * 600, NEW, None, "The current password is wrong."),
    (OTHER_PASSWORD, NEW, None, "The current password is wrong."),
    (PASSWORD, NEW, "another battery stapl", "not the same both times"),
    (PASSWORD, "seven77", None, "at least 8 characters"),
    (PASSWORD, "x" * 512, None, "too long"),
    (PASSWORD, "12345678\0", None, "cannot be typed"),
])
def test_a_password_that_may_not_be_set_stays_as_it_was(shared, current, fresh, again, words):
    bob = Visitor(shared.gateway, source="127.0.0.5")
    bob.log_in("bob", PASSWORD)
    before = shared.query("SELECT password FROM users WHERE login = 'bob'")
    assert change(bob, current, fresh, again).status == 400
    assert words in bob.words and "Your User Profile" in bob.words
    assert '<details class="card" open>' in bob.text
    assert shared.query("SELECT password FROM users WHERE login = 'bob'") == before
    assert "Your User Profile" in bob.get().text


def test_guesses_at_the_current_password_count_as_failed_logins(store):
    own = store(failed_logins_max=3, failed_logins_window_s=600)
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    for _ in range(3):
        assert change(visitor, WRONG, NEW).status == 400
    answer = change(visitor, PASSWORD, NEW)
    assert answer.status == 429 and int(answer.headers["retry-after"]) > 0
    assert "wait some minutes" in visitor.words
    assert Visitor(own.gateway).log_in("bob", PASSWORD).status == 429
    assert "Your User Profile" in visitor.get().text
    other = Visitor(own.gateway)
    other.log_in("eve", OTHER_PASSWORD)
    assert change(other, OTHER_PASSWORD, NEW).status == 200


def test_who_asks_many_times_at_once_gets_no_more_guesses(store):
    """A lock that closes with the first answers would come too late for those that are under way."""
    own = store(failed_logins_max=3, failed_logins_window_s=600)
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    headers = [FORM, f"Cookie: ddnsgate_session={visitor.cookies['ddnsgate_session']}"]
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(own.gateway.connect()) for _ in range(40)]
        for n, connection in enumerate(connections):
            fields = {"token": visitor.token(), "current": f"guess number {n}", "password": NEW, "again": NEW}
            connection.request("POST", PAGE + "password", headers, urlencode(fields).encode())
        statuses = [connection.answer().status for connection in connections]
    assert set(statuses) <= {400, 429, 503}
    assert 0 < statuses.count(400) <= 2 + 4


def test_a_password_that_the_administrator_sets_meanwhile_stays(store):
    """Somebody else's transaction holds up the new one, and then there is another current one."""
    own = store()
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    before = "SELECT password FROM users WHERE login = 'bob'"
    (of_eve,), = own.query("SELECT password FROM users WHERE login = 'eve'")
    other = sqlite3.connect(own.folder / "ddnsgate.db", isolation_level=None)
    with contextlib.closing(other), ThreadPoolExecutor(1) as pool:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE users SET password = ? WHERE login = 'bob'", [of_eve])
        changing = pool.submit(change, visitor, PASSWORD, NEW)
        time.sleep(1.5)
        other.execute("COMMIT")
        assert changing.result().status == 200
    assert own.query(before) == [(of_eve,)]
    assert "Log in" in visitor.words and "ddnsgate_session" not in visitor.cookies
    assert "page-password outcome=changed" not in own.gateway.log


def test_a_session_that_is_over_changes_no_password(store):
    own = store()
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    own.run("user", "passwd", "bob", text=NEW + "\n")
    change(visitor, NEW, "yet another one")
    assert "Log in" in visitor.words
    assert Visitor(own.gateway).log_in("bob", NEW).status == 200


# Hosts


def test_addresses_are_those_that_the_primary_has_now(own_primary, store):
    own_primary.replace(HOST, "A", "198.51.100.1")
    own = store_on(own_primary, store)
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    assert "IPv4 now 198.51.100.1 IPv6 now 2001:db8::1" in visitor.words
    own_primary.replace(HOST, "A", "198.51.100.2")
    own_primary.remove(HOST, "AAAA")
    serial = own_primary.serial()
    visitor.get()
    assert "IPv4 now 198.51.100.2 IPv6 now none" in visitor.words
    own_primary.add(ZONE, HOST, ("A", "198.51.100.3"))
    visitor.get()
    assert "198.51.100.2" in visitor.words and "198.51.100.3" in visitor.words
    assert own_primary.serial() == serial + 1


def store_on(primary, store):
    return store(zones=[zone_setting(ZONE, primary, primary.key())], keys=[primary.key()])


def test_a_primary_that_does_not_answer_leaves_the_address_unknown(own_primary, store):
    own = store_on(own_primary, store)
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    own_primary.freeze()
    begin = time.monotonic()
    visitor.get()
    assert time.monotonic() - begin < 6
    assert "IPv4 now not known" in visitor.words and "IPv6 now not known" in visitor.words
    own_primary.thaw()
    own_primary.stop()
    visitor.get()
    assert "IPv4 now not known" in visitor.words
    own_primary.resume()
    assert wait_until(lambda: visitor.get() and "IPv4 now 192.0.2.1" in visitor.words, timeout_s=20)


def test_history(shared):
    key = shared.generate("bob", "--name", "for history")
    visitor = Visitor(shared.gateway)
    visitor.log_in("bob", PASSWORD)
    host = f"past.home.{ZONE}"
    assert shared.code("bob", key, host=host) == "OK"
    assert wait_until(lambda: visitor.get() and "address change" in visitor.words.partition(host)[2], timeout_s=10)
    told = visitor.words.partition(host)[2]
    assert "Last update address changed, just now" in told and f"from {LOOPBACK}" in told
    assert "In the last 30 days: 1 address change, 0 failed updates, heard of on 1 day." in told
    assert len(re.findall(r"<rect ", visitor.text)) >= 30


def test_settings_are_filled_in(bob):
    bob.get(f"settings?host={HOST}")
    for words in (f"curl -u 'bob:YOUR-KEY' 'http://gateway.test/nic/update?hostname={HOST}'",
                  "http://gateway.test/nic/update?hostname=<domain>&myip=<ipaddr>,<ip6addr>",
                  f"option lookup_host '{HOST}'", f"hostname = {HOST}"):
        assert words in bob.words, words
    bob.get("settings?host=evil.example.org")
    assert "evil.example.org" not in bob.text


def test_the_name_of_the_server_can_be_given(store):
    visitor = Visitor(store(account_page_server="ddns.example.net:8443").gateway)
    visitor.log_in("bob", PASSWORD)
    visitor.get("settings")
    assert "http://ddns.example.net:8443/nic/update" in visitor.words and "gateway.test" not in visitor.text


# Reloading


def test_sessions_and_forms_outlive_a_reload(store):
    own = store()
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    reload(own.gateway)
    assert visitor.post("keys", name="after the reload").status == 200
    assert "shown only this once" in visitor.words


def test_a_reload_switches_it_on_and_off_and_changes_its_options(store):
    own = store()
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    reload(own.gateway, listen=({},))
    assert own.gateway.ask("GET", PAGE).status == 404
    text = own.gateway.config + 'account_page_server = "new.example.net";\n'
    reload(own.gateway, text, listen=({"account_page": True},))
    visitor.get("settings")
    assert "http://new.example.net/nic/update" in visitor.words


def test_a_reload_while_a_page_is_made(own_primary, store):
    """The page is that of the configuration that was in force when it was asked for."""
    own = store_on(own_primary, store)
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    own_primary.freeze()
    with own.gateway.connect() as connection:
        connection.request("GET", PAGE, [f"Cookie: ddnsgate_session={visitor.cookies['ddnsgate_session']}"])
        time.sleep(0.3)
        reload(own.gateway)
        answer = connection.answer()
    assert answer.status == 200 and "not known" in answer.text
    own_primary.thaw()
    assert wait_until(lambda: visitor.get() and "IPv4 now 192.0.2.1" in visitor.words, timeout_s=20)


# When something is amiss


def test_a_state_store_that_fails_is_told(store):
    own = store()
    visitor = Visitor(own.gateway)
    visitor.log_in("bob", PASSWORD)
    for path in own.folder.iterdir():
        path.write_bytes(b"no database" * 1000)
    answer = visitor.get()
    assert answer.status == 503 and "Please try again soon" in visitor.words


def test_what_check_says(gateway, primary, store):
    def check(listen, **options):
        own = store()
        text = config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], **options)
        own.gateway.config, own.gateway.listen = text, (listen,)
        own.gateway.write_config()
        return own

    own = check({"account_page": True})
    own.run("check", status=1)
    assert "`account_page` needs a `state_dir`" in own.said
    own = check({"account_page": True, "address": "0.0.0.0"}, state_dir="state")
    own.run("check")
    assert "on this machine only" in own.said
    own = check({"account_page": True, "address": "0.0.0.0"}, state_dir="state", account_page_over_http=True)
    own.run("check")
    assert "passwords travel in the clear" in own.said
    own = check({"account_page": True}, state_dir="state")
    own.run("check")
    assert "account page" not in own.said


@pytest.mark.parametrize("headers", [(), ("Connection: close",)], ids=["kept-alive", "closed"])
def test_no_secret_of_the_page_stays_in_store_log_or_memory(store, headers):
    own = store(idle_timeout_s=1)
    visitor = Visitor(own.gateway, headers=headers)
    visitor.log_in("bob", WRONG)
    visitor.log_in("bob", PASSWORD)
    shown = [visitor.generate("router"), PASSWORD, WRONG, NEW, visitor.cookies["ddnsgate_session"]]
    visitor.get()
    assert change(visitor, PASSWORD, NEW).status == 200
    shown.append(visitor.cookies["ddnsgate_session"])
    visitor.post("logout", token=visitor.get() and visitor.token())
    time.sleep(2.5)
    for path in own.folder.iterdir():
        for text in shown:
            assert not places_of(text, path.read_bytes()), path
    for octets in memory_of(own.gateway.process.popen.pid):
        for text in shown:
            assert not places_of(text, octets), text
