"""What routers and other clients that cannot run here send, octet by octet. One row, one way to ask.

In the texts `{host}` and `{second}` are host names that have an A and an AAAA record, `{HOST}` and `{label}` forms of
the first one, `{basic}` the credentials as HTTP Basic has them, `{login}` and `{key}` the same in plain; a line break
ends a line with CR and LF. A row that is `challenged` stands for two requests: the first without its line of
credentials, and this one after the 401."""

from dataclasses import dataclass

import judges
from gateway import API_KEY, LOGIN, ZONE

V4, V6 = "198.51.100.7", "2001:db8::7"
OLD_V4, OLD_V6 = "192.0.2.1", "2001:db8::42:a:b:c"
SOURCE = "127.0.0.1"

ROUTER = f"router.{ZONE}"
WITH_PLUS = "pa+ss+word-0815"
OF_15_CHARACTERS = "fifteen-letters"
TRUNCATED = "sixteen-letters!"[:15]
USERS = {
    LOGIN: API_KEY,
    "plus": WITH_PLUS,
    "cisco": OF_15_CHARACTERS,
    "long": "sixteen-letters!",
    ROUTER: "the-key-of-the-router",
}


@dataclass(frozen=True)
class Row:
    client: str
    what: str
    judge: callable
    text: str
    a: str = OLD_V4
    aaaa: str = OLD_V6
    login: str = LOGIN
    key: str = None
    host: str = None
    challenged: bool = False
    errors_as_200: bool = False
    refused: bool = False

    @property
    def addresses(self):
        """Those that are to be in the DNS afterwards and are not there before."""
        return ",".join(new for new, old in ((self.a, OLD_V4), (self.aaaa, OLD_V6)) if new != old)

    def __str__(self):
        return f"{self.client}-{self.what}".replace(" ", "-")


def rows(client, judge, frame, *cases, **options):
    """Requests of one client that differ in their first line alone: (what, target, how Row differs)."""
    return [Row(client, what, judge, frame.replace("URI", target), **{**options, **more})
            for what, target, more in cases]


BOTH = {"a": V4, "aaaa": V6}
ONLY_V4, ONLY_V6 = {"a": V4}, {"aaaa": V6}
REST = {"aaaa": "2001:db8:1:2:42:a:b:c"}

FRITZBOX = """\
GET URI HTTP/1.1
Host: gw.example.com
Connection: close
Authorization: Basic {basic}
User-Agent: Fritz!Box DDNS/1.0.1

"""
FRITZBOX_IN_URL = FRITZBOX.replace("Authorization: Basic {basic}\n", "")

OPNSENSE = """\
GET URI HTTP/1.1
Host: gw.example.com
User-Agent: OPNsense-dyndns
Accept-Encoding: gzip, deflate
Accept: */*
Connection: keep-alive
Authorization: Basic {basic}

"""
OPNSENSE_POST = OPNSENSE.replace("GET ", "POST ").replace("Auth", "Content-Length: 0\nAuth")

PFSENSE = """\
GET URI HTTP/1.1
Host: gw.example.com
Authorization: Basic {basic}
User-Agent: phpDynDNS/0.7
Accept: */*

"""

OPENWRT_WGET = """\
GET URI HTTP/1.1
Host: gw.example.com
User-Agent: Wget/1.21.4
Accept: */*
Accept-Encoding: identity
Authorization: Basic {basic}
Connection: Keep-Alive

"""
OPENWRT_UCLIENT = """\
GET URI HTTP/1.1
Host: gw.example.com
User-Agent: uclient-fetch
Authorization: Basic {basic}

"""

MIKROTIK = """\
GET URI HTTP/1.1
User-Agent: Mikrotik/6.x Fetch
Host: gw.example.com
Authorization: Basic {basic}

"""

SYNOLOGY = """\
GET URI HTTP/1.1
Host: gw.example.com
Accept: */*

"""

INADYN = """\
GET URI HTTP/1.0
Host: gw.example.com
Authorization: Basic {basic}
User-Agent: inadyn/2.8.1 https://github.com/troglobit/inadyn/issues

"""
DDCLIENT_OF_USG = """\
GET URI HTTP/1.0
Host: gw.example.com
Authorization: Basic {basic}
User-Agent: ddclient/3.8.3
Connection: close

"""
DDCLIENT_4 = """\
GET URI HTTP/1.1
Host: gw.example.com
Authorization: Basic {basic}
User-Agent: ddclient/4.0.0
Accept: */*
Connection: close

"""

CISCO = """\
GET URI HTTP/1.1
Host: gw.example.com
User-Agent: cisco-IOS
Connection: close
Authorization: Basic {basic}

"""

SPEEDPORT = """\
GET URI HTTP/1.1
Host: gw.example.com
Authorization: Basic {basic}
Connection: close

"""

DRAYTEK = """\
GET URI HTTP/1.1
Host: gw.example.com
User-Agent: DrayTek/Vigor
Authorization: Basic {basic}

"""

HOME_ASSISTANT = """\
GET URI HTTP/1.1
Host: gw.example.com
User-Agent: HomeAssistant/2024.12.0 aiohttp/3.11.9 Python/3.12
Authorization: Basic {basic}
Accept: */*
Accept-Encoding: gzip, deflate, br

"""
WITHOUT_CREDENTIALS = """\
GET URI HTTP/1.1
Host: gw.example.com
User-Agent: curl/7.88.1
Accept: */*

"""

FRESHTOMATO = """\
GET URI HTTP/1.1
Host: gw.example.com
Authorization: Basic {basic}
Accept: */*
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:10.0) Gecko/20100101 Firefox/109.0
Cache-Control: no-cache

"""

EZ_IPUPDATE = """\
GET URI HTTP/1.0
Authorization: Basic {basic}
User-Agent: ez-ipupdate-3.0.11b8 [i686-pc-linux-gnu] (by Angus Mackay)
Host: gw.example.com
Pragma: no-cache

"""

ROWS = [
    *rows(
        "FRITZ!Box", judges.first_word, FRITZBOX,
        ("IPv4", f"/nic/update?hostname={{host}}&myip={V4}", ONLY_V4),
        ("both families", f"/nic/update?hostname={{host}}&myip={V4},{V6}", BOTH),
        ("both families in two operands", f"/nic/update?hostname={{host}}&myip={V4}&myipv6={V6}", BOTH),
        ("prefix of the LAN", f"/nic/update?hostname={{host}}&myip={V4},{V6}&ip6lanprefix=2001:db8:1:2::/64",
         {"a": V4, **REST}),
        ("prefix of 56 bits", f"/nic/update?hostname={{host}}&myip={V4}&ip6lanprefix=2001:db8:1:200::/56",
         {"a": V4, "aaaa": "2001:db8:1:200:42:a:b:c"}),
        ("prefix for two hosts", "/nic/update?hostname={host},{second}&myip=&ip6lanprefix=2001:db8:1:2::/64", REST),
        ("no IPv6 here", f"/nic/update?hostname={{host}}&myip={V4},&ip6lanprefix=", ONLY_V4),
        ("no IPv4 here", f"/nic/update?hostname={{host}}&myip=,{V6}", ONLY_V6),
        ("no prefix here", f"/nic/update?hostname={{host}}&myip={V4},{V6}&ip6lanprefix=", ONLY_V4),
        ("no IPv4 and no prefix here", f"/nic/update?hostname={{host}}&myip=,{V6}&ip6lanprefix=", {"refused": True}),
        ("nothing here", "/nic/update?hostname={host}&myip=,&ip6lanprefix=", {"a": SOURCE}),
        ("DS-Lite", f"/nic/update?hostname={{host}}&myip=192.0.0.2,{V6}", ONLY_V6),
        ("a link out of HTML", f"/nic/update?hostname={{host}}&amp;myip={V4},{V6}", BOTH),
        ("names in capitals", f"/nic/update?HOSTNAME={{host}}&MYIP={V4}&MyIPv6={V6}", BOTH),
        ("empty IPv6 operand", f"/nic/update?hostname={{host}}&myip={V4}&myipv6=", ONLY_V4),
        ("no address at all", "/nic/update?hostname={host}&myip=", {"a": SOURCE}),
        ("as it was typed", f"/nic/update?hostname={{HOST}}.&myip={V4}", ONLY_V4),
        ("slash twice", f"//nic/update?hostname={{host}}&myip={V4}", ONLY_V4),
        ("two URLs of 05 50", f"/nic/update?hostname={{host}}&myip={V4}%20http://gw.example.com/nic/update?"
         f"hostname={{host}}&myip={V6}", BOTH),
        ("two URLs of 05 50, the first one cut", "/nic/update%20http:/gw.example.com/nic/update?"
         f"hostname={{host}}&myip={V4}", ONLY_V4)),
    *rows(
        "FRITZ!Box", judges.first_word, FRITZBOX_IN_URL,
        ("credentials in the URL", f"/nic/update?username={{login}}&password={{key}}&hostname={{host}}&myip={V4}",
         ONLY_V4),
        ("plus in the password", f"/nic/update?username={{login}}&password={{key}}&hostname={{host}}&myip={V4},{V6}",
         {"login": "plus", **BOTH})),

    *rows(
        "OPNsense", judges.by_status, OPNSENSE,
        ("IPv4", f"/nic/update?hostname={{host}}&myip={V4}&system=dyndns&wildcard=NOCHG", ONLY_V4),
        ("IPv6 with escaped colons",
         f"/nic/update?hostname={{host}}&myip={V6.replace(':', '%3A')}&system=dyndns&wildcard=ON", ONLY_V6),
        ("two hosts with an escaped comma", f"/nic/update?hostname={{host}}%2C{{second}}&myip={V4}&system=dyndns&"
         "wildcard=NOCHG", ONLY_V4),
        ("custom GET", f"/nic/update?hostname={{host}}&myip={V4}", ONLY_V4)),
    *rows("OPNsense", judges.by_status, OPNSENSE_POST,
          ("custom POST", f"/nic/update?hostname={{host}}&myip={V4}", ONLY_V4)),
    *rows("OPNsense", judges.by_status, OPNSENSE_POST.replace("POST ", "PUT "),
          ("custom PUT", f"/nic/update?hostname={{host}}&myip={V4}", ONLY_V4)),

    *rows(
        "pfSense", judges.whole_body, PFSENSE,
        ("custom", f"/nic/update?hostname={{host}}&myip={V4}", ONLY_V4),
        ("custom v6", f"/nic/update?hostname={{host}}&myip={V6}", ONLY_V6)),

    *rows(
        "OpenWrt", judges.by_status, OPENWRT_WGET,
        ("GNU wget", f"/nic/update?hostname={{host}}&myip={V4}", ONLY_V4),
        ("GNU wget, section for IPv6", f"/nic/update?hostname={{host}}&myip={V6}", ONLY_V6), challenged=True),
    *rows(
        "OpenWrt", judges.by_status, OPENWRT_UCLIENT,
        ("uclient-fetch", f"/nic/update?hostname={{host}}&myip={V4}", ONLY_V4),
        ("uclient-fetch, section for IPv6", f"/nic/update?hostname={{host}}&myip={V6}", ONLY_V6), challenged=True),

    *rows(
        "MikroTik", judges.by_status, MIKROTIK,
        ("source address", "/nic/update?hostname={host}", {"a": SOURCE}),
        ("address of an interface", f"/nic/update?hostname={{host}}&myip={V4}", ONLY_V4),
        ("address of an interface with its length", f"/nic/update?hostname={{host}}&myip={V4}/24", {"refused": True}),
        ("address of PPP with its length", f"/nic/update?hostname={{host}}&myip={V4}/32", ONLY_V4)),
    *rows("MikroTik", judges.by_status, MIKROTIK.replace("1.1", "1.0"),
          ("RouterOS 6", "/nic/update?hostname={host}", {"a": SOURCE})),

    *rows(
        "Synology", judges.words_on_200_only, SYNOLOGY,
        ("IPv4", f"/nic/update?hostname={{host}}&myip={V4}&username={{login}}&password={{key}}", ONLY_V4),
        ("IPv6", f"/nic/update?hostname={{host}}&myip={V6}&username={{login}}&password={{key}}", ONLY_V6),
        errors_as_200=True),
    *rows("FreshTomato", judges.words_on_200_only, FRESHTOMATO,
          ("custom dyndns", f"/nic/update?system=dyndns&hostname={{host}}&myip={V4}", ONLY_V4), errors_as_200=True),
    *rows("ez-ipupdate", judges.a_line_that_starts_with_good, EZ_IPUPDATE,
          ("dyndns", f"/nic/update?system=dyndns&hostname={{host}}&myip={V4}&wildcard=OFF&mx=&backmx=NO&", ONLY_V4),
          errors_as_200=True),

    *rows(
        "UniFi", judges.inadyn_custom, INADYN,
        ("custom", f"/nic/update?hostname={{host}}&myip={V4}", ONLY_V4),
        ("custom, escaped by inadyn", f"/nic/update?hostname={{host}}&myip={V6.replace(':', '%3a')}", ONLY_V6)),
    *rows("UniFi", judges.inadyn_dyndns, INADYN,
          ("dyndns", f"/nic/update?hostname={{host}}&myip={V4}&wildcard=ON", ONLY_V4)),
    *rows("UniFi", judges.first_word, DDCLIENT_OF_USG,
          ("USG", f"/nic/update?system=dyndns&hostname={{host}}&myip={V4}", ONLY_V4)),
    *rows("DD-WRT", judges.inadyn_dyndns, INADYN.replace("2.8.1", "2.1"),
          ("custom", f"/nic/update?hostname={{host}}&myip={V4}", ONLY_V4),
          ("custom, older build", "/nic/update?hostname={host}", {"a": SOURCE})),
    *rows(
        "ddclient 4", judges.a_line_for_each_host, DDCLIENT_4,
        ("both families", f"/nic/update?hostname={{host}}&myip={V4},{V6}", BOTH),
        ("two hosts", f"/nic/update?hostname={{host}},{{second}}&myip={V4},{V6}", BOTH)),

    *rows(
        "Cisco IOS", judges.by_status, CISCO,
        ("password of 15 characters", f"/nic/update?hostname={{host}}&myip={V4}", {"login": "cisco", **ONLY_V4}),
        ("password cut to 15 characters", f"/nic/update?hostname={{host}}&myip={V4}",
         {"login": "long", "key": TRUNCATED, "refused": True})),
    *rows("Cisco IOS", judges.by_status, CISCO.replace("1.1", "1.0"),
          ("830", f"/nic/update?hostname={{host}}&myip={V4}", {"login": "cisco", **ONLY_V4})),

    *rows(
        "Speedport", judges.first_word, SPEEDPORT,
        ("IPv6 first", f"/nic/update?hostname={{host}}&myip={V6},{V4}", BOTH),
        ("no path", f"/?hostname={{host}}&myip={V6},{V4}", BOTH),
        ("the user is the host", f"/nic/update?myip={V6},{V4}", {"login": ROUTER, "host": ROUTER, **BOTH})),

    *rows(
        "DuckDNS", judges.exactly_ok, WITHOUT_CREDENTIALS,
        ("Home Assistant", "/update?domains={label}&token={key}", {"a": SOURCE}),
        ("IPv4", f"/update?domains={{label}}&token={{key}}&ip={V4}", ONLY_V4),
        ("both families", f"/update?domains={{host}}&token={{key}}&ip={V4}&ipv6={V6}", BOTH),
        ("two domains", f"/update?domains={{host}},{{second}}&token={{key}}&ip={V4}&ipv6={V6}", BOTH)),
    *rows("DuckDNS", judges.ok_in_the_last_line, WITHOUT_CREDENTIALS,
          ("ddclient", f"/update?domains={{label}}&token={{key}}&ip={V4}", ONLY_V4)),
    *rows("he.net", judges.first_word, WITHOUT_CREDENTIALS,
          ("the host is the user", f"/nic/update?hostname={{host}}&password={{key}}&myip={V4}",
           {"login": ROUTER, "host": ROUTER, **ONLY_V4})),
    *rows(
        "deSEC", judges.first_word, WITHOUT_CREDENTIALS,
        ("both families", f"/?username={{login}}&password={{key}}&hostname={{host}}&myipv4={V4}&myipv6={V6}", BOTH),
        ("IPv6 preserved", f"/update?username={{login}}&password={{key}}&hostname={{host}}&myipv4={V4}&"
         "myipv6=preserve", ONLY_V4)),
    *rows(
        "Dynu", judges.first_word, WITHOUT_CREDENTIALS,
        ("IPv4 alone", f"/nic/update?hostname={{host}}&myip={V4}&myipv6=no&username={{login}}&password={{key}}",
         ONLY_V4),
        ("IPv6 alone", f"/nic/update?hostname={{host}}&myip=no&myipv6={V6}&username={{login}}&password={{key}}",
         ONLY_V6)),
    *rows("Home Assistant", judges.by_status, HOME_ASSISTANT,
          ("rest command", "/nic/update?hostname={host}", {"a": SOURCE})),

    *rows("DrayTek", judges.by_status, DRAYTEK,
          ("user-defined", f"/nic/update?hostname={{host}}&myip={V4}", ONLY_V4), challenged=True),
]
