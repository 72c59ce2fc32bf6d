"""How clients that cannot run here read an answer: from their source where it is public, else from their vendors'
documents and what their users report. A judge gets the answer and the addresses that the client asked for."""

import re

PUBLISHED = "the client takes the address for published"
FAILED = "the client shows a failure"
LATER = "the client knows that it will pass, and tries again"

WORDS = ("badauth", "notfqdn", "nohost", "numhost", "!yours", "!donator", "abuse", "dnserr", "911")


def by_status(answer, _addresses):
    """OPNsense, OpenWrt with an update_url, MikroTik's fetch, Cisco IOS, DrayTek: any 2xx is success, whatever the body
    says."""
    return PUBLISHED if 200 <= answer.status < 300 else FAILED


def whole_body(answer, addresses):
    """pfSense: the body without tabs and line ends is exactly one of the texts in "Result Match", here
    `good %IP%|nochg %IP%`. The status does not matter."""
    return PUBLISHED if answer.text.strip("\t\r\n") in (f"good {addresses}", f"nochg {addresses}") else FAILED


def inadyn_custom(answer, _addresses):
    """inadyn's `custom` and so UniFi's: 200 with one of these anywhere in the body, in capitals or not. 5xx will pass;
    it ends itself on everything else."""
    if answer.status == 200:
        good = re.search("OK|good|true|updated|success|nochg", answer.text, re.IGNORECASE)
        return PUBLISHED if good else FAILED
    return LATER if answer.status >= 500 else FAILED


def inadyn_dyndns(answer, _addresses):
    """inadyn's plugin for dyndns.org, which DD-WRT and UniFi's `dyndns` use with another server: 200 and one of the
    good words anywhere; then the words for what will pass."""
    if answer.status != 200:
        return LATER if answer.status >= 500 else FAILED
    if re.search("good|nochg|OK", answer.text):
        return PUBLISHED
    return LATER if re.search("dnserr|911|abuse", answer.text) else FAILED


def first_word(answer, _addresses):
    """FRITZ!Box and Speedport: 200 and a good word in front. Any other word goes into the router's own log, or into its
    "wrong user name or password"."""
    return PUBLISHED if answer.status == 200 and answer.code in ("good", "nochg") else FAILED


def words_on_200_only(answer, _addresses):
    """Synology and FreshTomato show what a word means, but only where the status is 200; everything else is "no
    connection" to their users. FreshTomato finds `911` wherever it stands."""
    assert answer.status == 200, "the user would learn nothing"
    if "911" in answer.text:
        return LATER
    assert answer.code in ("good", "nochg", *WORDS)
    return PUBLISHED if answer.code in ("good", "nochg") else FAILED


def a_line_that_starts_with_good(answer, _addresses):
    """ez-ipupdate: reads nothing where the status is not 200; then it looks for a line that starts with `good `, or for
    `nochg` anywhere."""
    assert answer.status == 200, "the user would learn nothing"
    return PUBLISHED if re.search(r"^good |nochg", answer.text, re.MULTILINE) else FAILED


def a_line_for_each_host(answer, _addresses):
    """ddclient 4: 2xx, and for each host its line, or one line for all; the word in lower case."""
    if not 200 <= answer.status < 300:
        return FAILED
    words = [line.split(" ")[0] for line in answer.text.splitlines()]
    return PUBLISHED if all(word in ("good", "nochg") for word in words) else FAILED


def exactly_ok(answer, _addresses):
    """Home Assistant and lego with DuckDNS: the whole body is OK. The status does not matter."""
    return PUBLISHED if answer.text == "OK" else FAILED


def ok_in_the_last_line(answer, _addresses):
    """ddclient with DuckDNS: 2xx, and OK somewhere in the last line."""
    return PUBLISHED if 200 <= answer.status < 300 and "OK" in answer.text.split("\n")[-1] else FAILED
