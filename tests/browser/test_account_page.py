"""The account page in Chromium, in front of a real BIND: what a user does there from the first log-in to the last key,
with the mouse and with keys alone, with scripts and without; and how it looks on a phone and on a desk, by day and by
night. The screenshots are in build/screenshots."""

import contextlib
import re
import sqlite3
import subprocess
import time

import pytest

import certificates
from chromium import DESKTOP, NARROW, PHONE
from gateway import ZONE, secret, zone_setting
from process import wait_until
from servers import Bind, Key, Zone
from test_state import Store

HOST = f"home.{ZONE}"
OTHER_HOST = f"a-rather-long-name-of-a-machine.office.{ZONE}"
LOGIN = "myLogin"
PASSWORD = secret("correct horse battery")
WRONG = secret("a guess at the password")
NEW = secret("another battery staple")
WIDTHS = {"phone": PHONE, "desktop": DESKTOP}


@pytest.fixture(scope="module")
def primary():
    key = Key("gw")
    with contextlib.closing(Bind([Zone(ZONE, (key.name,))], [key])) as server:
        server.start()
        server.add(ZONE, HOST, ("A", "198.51.100.1"), ("AAAA", "2001:db8::1"))
        server.add(ZONE, OTHER_HOST, ("A", "198.51.100.2"))
        yield server


@pytest.fixture(scope="module", params=["http", "https"])
def site(request, primary, tmp_path_factory):
    """The gateway with one user; over HTTP from this machine, and over HTTPS."""
    listener = {"account_page": True}
    if request.param == "https":
        listener["certificates"] = [certificates.make(tmp_path_factory.mktemp("certificate")).setting]
    key = primary.key("gw")
    with contextlib.closing(Store(primary, listen=(listener,), zones=[zone_setting(ZONE, primary, key)], keys=[key],
                                  account_page_server="ddns.example.com")) as store:
        store.add(LOGIN, HOST, OTHER_HOST, f"*.home.{ZONE}", password=PASSWORD + "\n")
        store.base = f"{request.param}://127.0.0.1:{store.gateway.port}"
        store.url = store.base + "/account/"
        yield store


def curl(site, key, address):
    """An update as the settings of the page have it: what curl prints."""
    return subprocess.run(["curl", "-sk", "-u", f"{LOGIN}:{key}",
                           f"{site.base}/nic/update?hostname={HOST}&myip={address}"],
                          capture_output=True, text=True, timeout=30, check=True).stdout.strip()


def log_in(browser, site, password=PASSWORD):
    browser.open(site.url)
    browser.fill("#login", LOGIN)
    browser.fill("#password", password)
    browser.press("main button[type=submit]")


def generate(browser, name):
    """The key that is shown."""
    browser.fill("#name", name)
    browser.press("form[action='/account/keys'] button.primary")
    return secret(browser.find("#the-key").text)


def change_password(browser, current, fresh, again=None):
    browser.driver.find_element("xpath", "//summary[.='Change your password']").click()
    for field, text in (("#current", current), ("#fresh", fresh), ("#again", again or fresh)):
        browser.fill(field, text)
    browser.press("form[action='/account/password'] button.primary")


def revoke(browser, name):
    row = f"//tr[th[normalize-space()='{name}']]"
    browser.driver.find_element("xpath", f"{row}//summary").click()
    button = browser.driver.find_element("xpath", f"{row}//button")
    before = browser.find("html")
    button.click()
    browser.wait_for(lambda: browser.find("html") != before)


def test_a_users_way(site, browser, primary):
    """Log in, after a wrong password; generate a key, copy it, use it; revoke it, and it is refused."""
    log_in(browser, site, WRONG)
    assert "Login ID or password is wrong." in browser.words
    assert browser.find("#login").get_attribute("value") == LOGIN
    assert browser.find("#password").get_attribute("value") == ""
    log_in(browser, site)
    assert browser.find("h1").text == "Your User Profile"
    assert "198.51.100.2" in browser.words

    key = generate(browser, "router at home")
    assert len(key) == 32
    browser.find("[data-copy=key] + button").click()
    browser.wait_for(lambda: browser.find("[data-copy=key] + button").text == "Copied")
    assert browser.clipboard() == key
    address = f"203.0.113.{int(time.monotonic() * 10) % 250 + 1}"
    assert curl(site, key, address) == f"good {address}"
    assert primary.records(HOST, "A")[1] == [address]

    browser.press("a.button")
    assert key not in browser.driver.page_source
    assert address in browser.words and "router at home" in browser.words
    assert wait_until(lambda: browser.open(site.url) or "address changed" in browser.words, timeout_s=10)
    revoke(browser, "router at home")
    assert "The key is revoked." in browser.words
    assert "router at home" not in browser.words
    assert curl(site, key, "203.0.113.99") == "badauth"
    assert primary.records(HOST, "A")[1] == [address]

    browser.press("header button")
    assert "You are logged out." in browser.words
    browser.open(site.url)
    assert browser.find("h1").text == "Log in"
    assert not browser.complaints()


def test_without_scripts_all_works_but_copying(site, browser_without_scripts):
    browser = browser_without_scripts
    log_in(browser, site)
    key = generate(browser, "without scripts")
    assert not browser.find_all("button.copy")
    assert curl(site, key, "203.0.113.7").split()[0] in ("good", "nochg")
    browser.press("a.button")
    revoke(browser, "without scripts")
    assert curl(site, key, "203.0.113.8") == "badauth"


def test_a_password_is_changed(site, browser_without_scripts):
    """With scripts nothing is different; and back again, for the other tests."""
    browser = browser_without_scripts
    log_in(browser, site)
    change_password(browser, WRONG, NEW)
    assert "The current password is wrong." in browser.words
    assert browser.find("form[action='/account/password']").is_displayed()
    for field in ("#current", "#fresh", "#again"):
        assert browser.find(field).get_attribute("value") == ""
    browser.open(site.url)
    change_password(browser, PASSWORD, NEW)
    assert "Your password is changed." in browser.words
    browser.press("header button")
    log_in(browser, site)
    assert "Login ID or password is wrong." in browser.words
    log_in(browser, site, NEW)
    change_password(browser, NEW, PASSWORD)
    assert "Your password is changed." in browser.words


def test_the_browser_knows_which_password_is_which(site, browser):
    """Its store of passwords, and the bounds of a new one before anything is sent."""
    log_in(browser, site)
    told = {each.get_attribute("name"): each.get_attribute("autocomplete")
            for each in browser.find_all("form[action='/account/password'] input:not([type=hidden])")}
    assert told == {"username": "username", "current": "current-password", "password": "new-password",
                    "again": "new-password"}
    browser.driver.find_element("xpath", "//summary[.='Change your password']").click()
    browser.fill("#fresh", "seven77")
    assert browser.run("return document.querySelector('#fresh').validity.tooShort")


def test_with_keys_alone(site, browser):
    """The skip link comes first; each control that has the focus can be seen to have it."""
    log_in(browser, site)
    browser.driver.switch_to.active_element.send_keys("\ue004")
    assert browser.driver.switch_to.active_element.text == "Skip to the content"
    reached = []
    for _ in range(40):
        element = browser.driver.switch_to.active_element
        if element.tag_name == "body" and reached:
            break
        outline = browser.run("const style = getComputedStyle(arguments[0]);"
                              "return style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2", element)
        assert outline, element.get_attribute("outerHTML")
        reached.append(element.get_attribute("textContent").strip() or element.get_attribute("name"))
        element.send_keys("\ue004")
    for name in ("Profile", "Router settings", "Log out", "name", "Limit what it opens", "GENERATE_KEY",
                 "Change your password"):
        assert name in reached, reached


def test_no_other_site_can_frame_it_or_send_its_forms(site, browser, tmp_path):
    log_in(browser, site)
    foreign = tmp_path / "foreign.html"
    foreign.write_text(f"<iframe src='{site.url}'></iframe>"
                       f"<form method=post action='{site.url}keys'><input name=name value=forged>"
                       "<button>go</button></form>")
    browser.open(foreign.as_uri())
    browser.wait_for(lambda: any("frame" in line for line in browser.complaints()))
    browser.press("button")
    assert "forged" not in site.run("key", "list", LOGIN)


# How it looks


@pytest.fixture(scope="module")
def lived_in(site):
    """A month of history, and keys of all sorts."""
    store = site
    key = store.generate(LOGIN, "--name", "FRITZ!Box at home")
    store.generate(LOGIN, "--name", "laptop", "--host", HOST, "--from", "192.0.2.0/24", "--from", "2001:db8::/32",
                   "--expires", "2099-12-31")
    store.generate(LOGIN, "--name", "old phone", "--expires", "2026-01-31")
    curl(store, key, "203.0.113.7,2001:db8:7::1:77")
    assert wait_until(lambda: store.query("SELECT 1 FROM hosts WHERE host = ?", HOST), timeout_s=10)
    with contextlib.closing(sqlite3.connect(store.folder / "ddnsgate.db", timeout=30)) as file, file:
        (number,), = file.execute("SELECT id FROM hosts WHERE host = ?", (HOST,))
        file.execute("DELETE FROM history WHERE host_id = ?", (number,))
        for slot, (at, event) in enumerate(month(int(time.time()))):
            file.execute("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (number, slot, at, at, *event))
        file.execute("UPDATE hosts SET entries = ? WHERE id = ?", (slot + 1, number))
    return store


def month(now):
    """Entries of a history, the oldest first."""
    for day in range(28, -1, -1):
        for n in range((day * 7) % 4):
            outcome = "refused" if day % 9 == 2 else "unchanged" if day % 5 == 3 else "changed"
            yield now - day * 86400 + n * 3000 - 9000, (1, f"198.51.100.{day}", f"203.0.113.{day * 4 + n}", outcome)
    yield now - 60, (7, "2001:db8:1:2:3:4:5:77", "203.0.113.7,2001:db8:7::1:77", "unchanged")


def pages(browser, site):
    """Each page in turn, with what folds open."""
    browser.open(site.url)
    yield "login"
    log_in(browser, site, WRONG)
    yield "wrong-password"
    log_in(browser, site)
    yield "profile"
    unfold(browser)
    yield "profile-unfolded"
    browser.fill("#name", "laptop")
    browser.fill("#only-hosts", "-bad-")
    browser.press("form[action='/account/keys'] button.primary")
    yield "bad-form"
    browser.open(site.url)
    change_password(browser, PASSWORD, NEW, WRONG)
    yield "bad-password"
    browser.open(site.url)
    name = f"shown {time.monotonic_ns()}"
    generate(browser, name)
    unfold(browser)
    yield "key"
    browser.open(site.url)
    revoke(browser, name)
    yield "revoked"
    browser.open(site.url + "settings")
    unfold(browser)
    yield "settings"


def unfold(browser):
    browser.run("for (const each of document.querySelectorAll('details')) each.open = true")


def test_every_page_on_phone_and_desk_by_day_and_night(lived_in, browser, screenshots):
    """Nothing sticks out on the side, even of the narrowest phones; texts stand out from their ground (WCAG AA); and
    there are the pictures to look at."""
    scheme = lived_in.url.partition(":")[0]
    for page in pages(browser, lived_in):
        for size in (NARROW, PHONE, DESKTOP):
            browser.size(size)
            width = browser.run("return document.documentElement.scrollWidth")
            assert width <= size[0], (page, size, sticking_out(browser, size[0]))
        for colours in ("light", "dark"):
            browser.colours(colours)
            assert not poor_contrasts(browser), (page, colours)
            for name, size in WIDTHS.items():
                browser.size(size)
                if scheme == "https":
                    browser.screenshot(screenshots / f"{page}-{name}-{colours}.png")
        browser.colours("light")
        browser.size(DESKTOP)
        check_structure(browser, page)
    assert not browser.complaints()


def sticking_out(browser, width):
    return browser.run("return [...document.querySelectorAll('body *')].filter(each =>"
                       " each.getBoundingClientRect().right > arguments[0]).map(each => each.outerHTML.slice(0, 120))",
                       width)


POOR_CONTRASTS = """
const parse = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
        const colour = parse(getComputedStyle(each).backgroundColor);
        if (colour.length < 4 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
};
const poor = [];
for (const element of document.querySelectorAll("body *")) {
    const says = [...element.childNodes].some((node) => node.nodeType == 3 && node.data.trim());
    if (!says || !element.checkVisibility() || element.closest("svg, .hidden, .skip")) continue;
    const style = getComputedStyle(element);
    const [light, dark] = [luminance(parse(style.color)), luminance(ground(element))].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) poor.push([element.outerHTML.slice(0, 80), style.color, ratio.toFixed(2)]);
}
return poor;
"""


def poor_contrasts(browser):
    return browser.run(POOR_CONTRASTS)


def check_structure(browser, page):
    """What a screen reader goes by."""
    assert browser.run("return document.documentElement.lang") == "en"
    assert len(browser.find_all("h1")) == 1, page
    assert browser.driver.title.endswith("ddns.example.com") and not browser.driver.title.startswith("·")
    for landmark in ("header", "main", "footer"):
        assert len(browser.find_all(landmark)) == 1, page
    levels = [int(each.tag_name[1]) for each in browser.find_all("h1, h2, h3, h4")]
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:])), (page, levels)
    ids = re.findall(r"\sid=\"([^\"]*)\"", browser.driver.page_source)
    assert len(ids) == len(set(ids)), page
    for field in browser.find_all("input:not([type=hidden])"):
        label = browser.find(f"label[for='{field.get_attribute('id')}']")
        assert label.get_attribute("textContent").strip(), page
    assert not browser.run("return [...document.querySelectorAll('button, a, summary')].filter((each) =>"
                           " !(each.getAttribute('aria-label') || each.textContent).trim()).length"), page
