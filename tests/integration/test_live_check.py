"""`ddnsgate check --live` and `ddnsgate tsig`: what is wrong at a primary is told in one line that says what to do, the
statements that are printed make everything right, and nothing that is sent changes a zone."""

import base64
import contextlib
import itertools
import os
import re
import stat
import subprocess
import threading
import time

import dns.query
import dns.update
import pytest

from conftest import POLICED_ZONE, READ_ONLY_ZONE, SECOND_ZONE, running_server
from gateway import BINARY, PATIENCE_S, ZONE, config_text, secret, user_setting, zone_setting
from process import LOOPBACK, free_port, wait_until
from servers import Bind, Key, Knot, Zone

UNSERVED_ZONE = "unserved.example.com"
SECOND = "second.example.com"
MANY = [f"h{number}.{ZONE}" for number in range(3000)]


NO_RECORD = ("has neither an A nor an AAAA record, and a user of it may not create them, so updates find nothing to change: "
             "add a record, or see may_create and create_hosts")


def run(*arguments, cwd=None):
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=PATIENCE_S + 60, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


class Checked:
    """What `check --live` has said."""

    def __init__(self, folder, zones, keys, users, **options):
        options = {"connect_timeout_ms": 2000, "reply_timeout_ms": 4000, "request_timeout_ms": 8000, **options}
        path = folder / "ddnsgate.cfg"
        listen = f'listen = ( {{ address = "{LOOPBACK}"; port = 1; }} );\n'
        path.write_text(listen + config_text(zones, keys, users, **options))
        path.chmod(0o600)
        self.path = path
        self.status, self.output, self.complaints = run("check", "--live", "-c", str(path))
        self.lines = self.output.splitlines()[1:]

    def of(self, level):
        return [line for line in self.lines if line.startswith(level)]


@pytest.fixture
def check(tmp_path):
    return lambda *args, **options: Checked(tmp_path, *args, **options)


def users_of(*hosts):
    return [user_setting(hosts=hosts)]


def the_failure(checked, zone, primary):
    """The one line that tells it."""
    assert checked.status == 1, checked.output
    lines = checked.of("FAIL")
    assert len(lines) == 1, checked.output
    start = f"FAIL {zone} {LOOPBACK}:{primary if isinstance(primary, int) else primary.port}: "
    assert lines[0].startswith(start), lines[0]
    return lines[0].removeprefix(start)


def test_all_is_well(primary, check):
    key, serial = primary.key(), primary.serial()
    checked = check([zone_setting(ZONE, primary, key)], [key],
                    users_of(f"www.{ZONE}", f"*.home.{ZONE}", f"nobody.{ZONE}"))
    assert checked.status == 0, checked.output
    start = f"OK   {ZONE} {LOOPBACK}:{primary.port}: "
    assert checked.lines == [
        start + "answers",
        start + "takes TSIG key hmac-sha256 (hmac-sha256)",
        start + "its clock agrees with this machine's",
        start + f"takes updates of the zone, serial {serial}",
        start.replace("OK  ", "WARN") + f"nobody.{ZONE} {NO_RECORD}",
        start + "key hmac-sha256 may change A and AAAA of all names that are configured (3)",
    ]
    assert primary.serial() == serial


def test_what_is_asked_changes_nothing(primary, check):
    """Not even for hosts that exist, whatever they have."""
    hosts = primary.new_hosts(5, ("A", "192.0.2.1"), ("A", "192.0.2.2"), ("AAAA", "2001:db8::1"), ("TXT", '"kept"'))
    before = [primary.records(host, rdtype) for host in hosts for rdtype in ("A", "AAAA", "TXT")]
    key, serial = primary.key(), primary.serial()
    for users in (users_of(*hosts), users_of(f"zone:{ZONE}"), users_of(f"*.{ZONE}")):
        assert check([zone_setting(ZONE, primary, key)], [key], users).status == 0
    assert [primary.records(host, rdtype) for host in hosts for rdtype in ("A", "AAAA", "TXT")] == before
    assert primary.serial() == serial


class SignedBind(Bind):
    def _zone(self, zone):
        signed = f'type primary; dnssec-policy default; inline-signing no; key-directory "{self.folder}";'
        return super()._zone(zone).replace("type primary;", signed)


class SignedKnot(Knot):
    def _zone(self, zone):
        return super()._zone(zone) + "    dnssec-signing: on\n"


@pytest.mark.parametrize("kind", [SignedBind, SignedKnot])
def test_signed_zones_stay_as_they_are_too(kind, check):
    key = Key("gw")
    with contextlib.closing(kind([Zone(ZONE, (key.name,))], [key])) as server:
        server.start()
        assert wait_until(lambda: server.records(ZONE, "DNSKEY"))
        # Signing may go on for a moment.
        assert wait_until(lambda: (serial := server.serial()) and not time.sleep(1) and server.serial() == serial)
        serial = server.serial()
        checked = check([zone_setting(ZONE, server, key)], [key], users_of(f"www.{ZONE}", f"*.{ZONE}"))
        assert checked.status == 0, checked.output
        time.sleep(0.5)
        assert server.serial() == serial


def test_wrong_secret(primary, check):
    key = Key("hmac-sha512", "hmac-sha512")
    assert the_failure(check([zone_setting(ZONE, primary, key)], [key], users_of(f"www.{ZONE}")), ZONE, primary) == (
        "has another secret for TSIG key hmac-sha512 (BADSIG): make the secret there and here the same; "
        "`ddnsgate tsig` prints the one that is configured here")


def test_unknown_key_name(primary, check):
    key = Key("no-such-key")
    assert the_failure(check([zone_setting(ZONE, primary, key)], [key], users_of(f"www.{ZONE}")), ZONE, primary) == (
        "does not know TSIG key no-such-key with algorithm hmac-sha256, or no acl of Knot lets it update this zone "
        f'({primary.says_of_keys_not_allowed}): in named.conf put key "no-such-key" {{ algorithm hmac-sha256; secret '
        '"..."; };, in knot.conf a key and an acl; `ddnsgate tsig` prints both')


def test_key_of_another_algorithm(primary, check):
    key = Key("hmac-sha256", "hmac-sha512", primary.key().secret)
    text = the_failure(check([zone_setting(ZONE, primary, key)], [key], users_of(f"www.{ZONE}")), ZONE, primary)
    assert text.startswith("does not know TSIG key hmac-sha256 with algorithm hmac-sha512, or no acl of Knot")


@pytest.mark.parametrize("skew_s", [3600, -3600])
def test_clock_beyond_the_fudge(primary, check, skew_s):
    with running_server(type(primary), clock_skew_s=skew_s) as skewed:
        key = skewed.key()
        text = the_failure(check([zone_setting(ZONE, skewed, key)], [key], users_of(f"www.{ZONE}")), ZONE, skewed)
        apart, side = re.fullmatch(r"its clock is (\d+) s (ahead of|behind) this machine's, beyond the 300 s allowed "
                                   r"\(BADTIME\): synchronise both, with NTP for instance", text).groups()
        assert abs(int(apart) - 3600) <= 2 and side == ("ahead of" if skew_s > 0 else "behind")


def test_clock_within_the_fudge(primary, check):
    with running_server(type(primary), clock_skew_s=-60) as skewed:
        key = skewed.key()
        checked = check([zone_setting(ZONE, skewed, key)], [key], users_of(f"www.{ZONE}"))
        assert checked.status == 0, checked.output
        assert re.fullmatch(rf"WARN {ZONE} {LOOPBACK}:{skewed.port}: its clock is (59|60|61) s behind this machine's, "
                            r"of the 300 s allowed \(fudge_s\): synchronise both, with NTP for instance",
                            *checked.of("WARN"))


def test_zone_that_is_not_served(primary, check):
    key = primary.key()
    checked = check([zone_setting(UNSERVED_ZONE, primary, key)], [key], users_of(f"www.{UNSERVED_ZONE}"))
    assert the_failure(checked, UNSERVED_ZONE, primary) == (
        "does not serve the zone as its primary: correct the zone's `name` or `primaries` here, or put zone "
        f'"{UNSERVED_ZONE}" {{ type primary; ... }}; into named.conf, a zone with domain: {UNSERVED_ZONE} into '
        "knot.conf")


def test_policy_that_allows_nothing(primary, check):
    key = primary.key()
    checked = check([zone_setting(READ_ONLY_ZONE, primary, key)], [key], users_of(f"www.{READ_ONLY_ZONE}"))
    text = the_failure(checked, READ_ONLY_ZONE, primary)
    if primary.program == "named":
        assert text == (
            f"key hmac-sha256 may not change A and AAAA of www.{READ_ONLY_ZONE}: in named.conf put grant "
            f'"hmac-sha256" name www.{READ_ONLY_ZONE}. A AAAA; into the zone\'s update-policy, in knot.conf an acl of '
            "the zone with key: hmac-sha256, action: update, update-type: [A, AAAA], update-owner: name, "
            f"update-owner-match: equal, update-owner-name: [www.{READ_ONLY_ZONE}.]")
    else:
        assert text.startswith("does not know TSIG key hmac-sha256 with algorithm hmac-sha256, or no acl of Knot")


def test_policy_that_is_too_narrow(primary, check):
    """One line for each of the names that are refused, and the others are not concerned."""
    key = primary.key()
    hosts = [f"www.{POLICED_ZONE}", f"a.open.{POLICED_ZONE}", f"*.open.{POLICED_ZONE}", f"*.shut.{POLICED_ZONE}"]
    checked = check([zone_setting(POLICED_ZONE, primary, key)], [key], users_of(*hosts))
    assert checked.status == 1
    start = f"FAIL {POLICED_ZONE} {LOOPBACK}:{primary.port}: key hmac-sha256 may not change A and AAAA of "
    assert [line.removeprefix(start) for line in checked.of("FAIL")] == [
        f'*.shut.{POLICED_ZONE}: in named.conf put grant "hmac-sha256" wildcard *.shut.{POLICED_ZONE}. A AAAA; into '
        "the zone's update-policy, in knot.conf an acl of the zone with key: hmac-sha256, action: update, update-type: "
        "[A, AAAA], update-owner: name, update-owner-match: sub, update-owner-name: "
        f"[shut.{POLICED_ZONE}.]",
        f'www.{POLICED_ZONE}: in named.conf put grant "hmac-sha256" name www.{POLICED_ZONE}. A AAAA; into the zone\'s '
        "update-policy, in knot.conf an acl of the zone with key: hmac-sha256, action: update, update-type: [A, AAAA], "
        f"update-owner: name, update-owner-match: equal, update-owner-name: [www.{POLICED_ZONE}.]",
    ]


def test_only_so_many_names_are_told_one_by_one(primary, check):
    key = primary.key()
    hosts = [f"h{number}.{POLICED_ZONE}" for number in range(500)] + [f"x.open.{POLICED_ZONE}"]
    checked = check([zone_setting(POLICED_ZONE, primary, key)], [key], users_of(*hosts))
    lines = checked.of("FAIL")
    assert len(lines) == 21
    assert re.search(r"so many names were refused that others \(48\d\) were not tried: `ddnsgate tsig` prints", lines[-1])


def test_one_of_both_types_alone(check):
    key = Key("four")

    class Narrow(Bind):
        def _zone(self, zone):
            return super()._zone(zone).replace(" A AAAA TXT;", " A;")

    with contextlib.closing(Narrow([Zone(ZONE, (key.name,))], [key])) as server:
        server.start()
        text = the_failure(check([zone_setting(ZONE, server, key)], [key], users_of(f"www.{ZONE}")), ZONE, server)
        assert text.startswith(f"key four may not change AAAA of www.{ZONE}: ")


class AddressesOnlyBind(Bind):
    def _zone(self, zone):
        return super()._zone(zone).replace(" A AAAA TXT;", " A AAAA;")


class AddressesOnlyKnot(Knot):
    def _acl(self, key, zone):
        return super()._acl(key, zone).replace("[A, AAAA, TXT]", "[A, AAAA]")


@pytest.mark.parametrize("kind", [AddressesOnlyBind, AddressesOnlyKnot])
def test_txt_is_asked_about_for_those_who_may_set_it(kind, check):
    key = Key("gw")
    with contextlib.closing(kind([Zone(ZONE, (key.name,))], [key])) as server:
        zones, hosts = [zone_setting(ZONE, server.start(), key)], [f"www.{ZONE}"]
        assert check(zones, [key], [user_setting(hosts=hosts)]).status == 0
        checked = check(zones, [key], [user_setting(hosts=hosts, may_set_txt=True)])
    assert checked.status == 1
    told = [line.split(": in named.conf put ")[0].split(": ", 1)[1] for line in checked.of("FAIL")]
    assert told == [f"key gw may not change TXT of www.{ZONE}", f"key gw may not change TXT of _acme-challenge.www.{ZONE}"]
    assert f"name _acme-challenge.www.{ZONE}. TXT;" in checked.of("FAIL")[1]


def test_many_names_are_asked_about_at_once(primary, check):
    key, serial = primary.key(), primary.serial()
    checked = check([zone_setting(ZONE, primary, key)], [key], users_of(*MANY))
    assert checked.status == 0, checked.output
    assert checked.lines[-1].endswith("may change A and AAAA of all names that are configured (3000)")
    assert primary.serial() == serial


def test_secondary(check):
    key = Key("gw")

    class Secondary(Bind):
        def _zone(self, zone):
            return (f'zone "{zone.name}" {{ type secondary; file "copy.{zone.name}"; '
                    f"primaries {{ {LOOPBACK} port {primary.port}; }}; }};\n")

    with contextlib.closing(Bind([Zone(ZONE, (key.name,))], [key])) as primary:
        primary.start()
        with contextlib.closing(Secondary([Zone(ZONE, (key.name,))], [key])) as secondary:
            secondary.start()
            checked = check([zone_setting(ZONE, [primary, secondary], key)], [key], users_of(f"www.{ZONE}"))
            assert the_failure(checked, ZONE, secondary) == (
                "has the zone, but takes no updates of it with key gw (REFUSED): it is a secondary (then put the "
                "primary into `primaries`), or the zone in named.conf lacks its update-policy, which `ddnsgate tsig` "
                "prints, or it is frozen (rndc thaw, knotc zone-thaw), or PowerDNS lacks dnsupdate=yes, this machine in "
                "allow-dnsupdate-from, or the key in the zone's TSIG-ALLOW-DNSUPDATE")
            assert len(checked.of("OK")) == 5 + 3, checked.output


def test_closed_port(check):
    key, port = Key("gw"), free_port()
    checked = check([zone_setting(ZONE, f"{LOOPBACK}:{port}", key), zone_setting(SECOND, f"{LOOPBACK}:{port}", key)],
                    [key], users_of(f"www.{ZONE}", f"www.{SECOND}"))
    assert checked.status == 1
    assert checked.lines == [
        f"FAIL {zone} {LOOPBACK}:{port}: cannot be reached over TCP (connection refused): is it running, does it "
        "listen on that address and port (listen-on in named.conf, listen in knot.conf), does a firewall stand between?"
        for zone in (ZONE, SECOND)]


def test_silent_server(own_primary, check):
    """As behind a firewall that swallows everything, only that the connection comes about."""
    key = own_primary.key()
    own_primary.freeze()
    checked = check([zone_setting(ZONE, own_primary, key)], [key], users_of(f"www.{ZONE}"), reply_timeout_ms=500,
                    connect_timeout_ms=500)
    assert the_failure(checked, ZONE, own_primary) == (
        "sent nothing that can be believed (no reply in time): is it a name server? Its log may say more")


def test_every_address_of_a_name(primary, check):
    key = primary.key()
    checked = check([zone_setting(ZONE, f"localhost:{primary.port}", key)], [key], users_of(f"www.{ZONE}"))
    assert checked.status == 0, checked.output
    labels = {re.match(rf"OK   {ZONE} (localhost:{primary.port} \[[^]]+\]): ", line)[1] for line in checked.lines}
    assert f"localhost:{primary.port} [{LOOPBACK}]" in labels


def test_name_without_address(check):
    key = Key("gw")
    checked = check([zone_setting(ZONE, "nowhere.invalid", key)], [key], users_of(f"www.{ZONE}"))
    assert checked.status == 1
    assert re.fullmatch(rf"FAIL {ZONE} nowhere.invalid:53: the name cannot be looked up \(.+\): correct it in "
                        r"`primaries`, or this machine's /etc/resolv.conf", *checked.lines)


def test_of_many_zones_only_what_is_not_good_is_told(primary, check):
    """And of one that is asked for, all."""
    key = primary.key()
    others = [zone_setting(f"z{number}.example.org", primary, key) for number in range(50)]
    checked = check([zone_setting(ZONE, primary, key), *others], [key], users_of(f"zone:{ZONE}"))
    told = re.fullmatch(r"51 zones: (\d+) OK, (\d+) WARN, (\d+) FAIL", checked.lines[-1])
    assert told, checked.output
    assert checked.of("OK") == [] and int(told[1]) >= 4
    assert len(checked.of("WARN")) == int(told[2])
    assert len(checked.of("FAIL")) == int(told[3]) == 50 and checked.status == 1
    status, output, _ = run("check", "--live", "-c", str(checked.path), "--zone", ZONE.upper())
    assert status == 0 and "example.org" not in output and output.count("\nOK ") >= 4
    status, output, complaints = run("check", "--live", "-c", str(checked.path), "--zone", "example.net")
    assert status == 1 and "zone example.net is not in the configuration" in complaints
    assert run("check", "-c", str(checked.path), "--zone", ZONE)[0] == 2


def test_inactive_zones_and_zones_without_hosts(primary, check):
    key = primary.key()
    checked = check([zone_setting(ZONE, primary, key), zone_setting(SECOND, primary, key, active=False)], [key],
                    users_of(f"www.{SECOND}"))
    assert checked.status == 0
    assert f"OK   {SECOND} -: the zone is not active, so it was not checked" in checked.lines
    assert checked.of("WARN") == [f"WARN {ZONE} {LOOPBACK}:{primary.port}: no user may update a host of this zone: see "
                                  "`hosts`"]


# tsig

HOSTS = (f"www.{ZONE}", f"*.home.{ZONE}", f"ftp.{ZONE}", f"zone:{SECOND}", f"x.{SECOND}", f"a.home.{ZONE}")


def users_with_txt():
    return [user_setting(hosts=HOSTS), user_setting("bob", "another-key-of-bob", hosts=[f"tls.{ZONE}", f"*.acme.{ZONE}"],
                                                    may_set_txt=True)]


def statements(tmp_path, key, *options):
    path = tmp_path / "for-tsig.cfg"
    zones = [zone_setting(zone, f"{LOOPBACK}:53", key) for zone in (ZONE, SECOND)]
    path.write_text(f'listen = ( {{ address = "{LOOPBACK}"; port = 1; }} );\n' +
                    config_text(zones, [key], users_with_txt()))
    path.chmod(0o600)
    status, output, complaints = run("tsig", "-c", str(path), *options)
    assert status == 0, complaints
    return output


class PastedBind(Bind):
    """Configured by nothing but what `ddnsgate tsig` prints, put where its comments say."""

    def _config(self):
        comment, keys, *policies = re.split(r"^// .*\n", self.pasted, flags=re.MULTILINE)
        assert comment == "" and len(policies) == 2
        self.keys, self.policies = (self.admin,), dict(zip((ZONE, SECOND), policies))
        return super()._config() + keys

    def _zone(self, zone):
        policy = self.policies[zone.name].replace("update-policy {", "update-policy { grant admin zonesub ANY;")
        return f'zone "{zone.name}" {{ type primary; file "{zone.name}.zone"; {policy} }};\n'

    def check_syntax(self):
        subprocess.run(["named-checkconf", str(self._config_file())], check=True)


class PastedKnot(Knot):
    def _config(self):
        self.keys = (self.admin,)
        ours = re.fullmatch(r"(?:#.*\n)+key:\n(.*)\nacl:\n(.*)\nzone:\n(.*)", self.pasted, re.DOTALL)
        config = super()._config()
        config = config.replace("\nacl:\n", f"\n{ours[1]}acl:\n{ours[2]}")
        zones = re.sub(r"(  - domain: (.*)\n)(    acl: \[)",
                       rf"\1    storage: {self.folder}\n    file: \2.zone\n\3admin, ", ours[3])
        return config + zones

    def _zone(self, zone):
        return ""

    def check_syntax(self):
        subprocess.run(["/usr/sbin/knotc", "-c", str(self._config_file()), "conf-check"], check=True, capture_output=True)


@pytest.mark.parametrize("kind", [PastedBind, PastedKnot])
def test_pasted_statements_make_everything_right(kind, tmp_path, check, gateway):
    key = Key("gw", "hmac-sha384")
    server = kind([Zone(ZONE, ()), Zone(SECOND, ())], [])
    server.pasted = statements(tmp_path, key, "--for", "bind" if kind is PastedBind else "knot")
    with contextlib.closing(server):
        server.start().check_syntax()
        zones, users = [zone_setting(zone, server, key) for zone in (ZONE, SECOND)], users_with_txt()
        checked = check(zones, [key], users)
        assert checked.status == 0, checked.output
        assert all(NO_RECORD in line for line in checked.of("WARN")) and len(checked.of("OK")) == 10

        running = gateway(config_text(zones, [key], users))
        for host, zone in ((f"www.{ZONE}", ZONE), (f"a.home.{ZONE}", ZONE), (f"x.{SECOND}", SECOND)):
            server.add(zone, host, ("A", "192.0.2.1"))
            assert running.update(host, "198.51.100.9").code == "OK"
            assert server.records(host, "A")[1][0] == "198.51.100.9"

        def allowed(host, rdtype, value):
            update = dns.update.UpdateMessage(ZONE, keyring=key.dnspython)
            update.add(f"{host}.", 60, rdtype, value)
            with contextlib.suppress(dns.tsig.PeerBadKey):
                return dns.query.tcp(update, LOOPBACK, port=server.port, timeout=5).rcode() == dns.rcode.NOERROR
            return False

        for host in (f"tls.{ZONE}", f"_acme-challenge.tls.{ZONE}", f"x.acme.{ZONE}", f"_acme-challenge.x.acme.{ZONE}"):
            assert allowed(host, "TXT", "token")
        # And not more than that.
        for host in (f"other.{ZONE}", f"home.{ZONE}", ZONE, f"_acme-challenge.tls.{ZONE}"):
            assert not allowed(host, "A", "192.0.2.9")
        for host in (f"www.{ZONE}", f"a.home.{ZONE}", f"_acme-challenge.www.{ZONE}"):
            assert not allowed(host, "TXT", "token")


def test_statements_of_one_zone(tmp_path):
    key = Key("gw")
    output = statements(tmp_path, key, "--zone", SECOND)
    assert SECOND in output and ZONE not in output
    assert output.count(secret(key.secret)) == 2
    assert 'grant "gw" zonesub A AAAA;' in output


def test_statements_of_a_zone_that_is_not_configured(tmp_path):
    statements(tmp_path, Key("gw"))
    status, output, complaints = run("tsig", "-c", str(tmp_path / "for-tsig.cfg"), "-z", "example.org")
    assert (status, output) == (1, "") and "example.org" in complaints


@pytest.mark.parametrize("algorithm, octets", [(None, 32), ("hmac-sha512", 64), ("hmac-md5", 16)])
def test_generate_makes_a_key_file_for_our_eyes_only(tmp_path, algorithm, octets):
    options = ["-a", algorithm] if algorithm else []
    umask = os.umask(0)
    try:
        status, output, complaints = run("tsig", "generate", "new.key-1", *options, cwd=tmp_path)
    finally:
        os.umask(umask)
    assert status == 0, complaints
    path = tmp_path / "new.key-1.key"
    assert output == f"new.key-1.key: TSIG key new.key-1 ({algorithm or 'hmac-sha256'})\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = re.fullmatch(r'key "new.key-1" \{\n\talgorithm (\S+);\n\tsecret "(\S+)";\n\};\n', path.read_text())
    assert found[1] == (algorithm or "hmac-sha256")
    assert len(base64.b64decode(found[2], validate=True)) == octets
    subprocess.run(["named-checkconf", str(path)], check=True)


def test_generate_leaves_a_file_that_is_there(tmp_path):
    path = tmp_path / "gw.key"
    path.write_text("mine")
    status, _, complaints = run("tsig", "generate", "gw", cwd=tmp_path)
    assert status == 1 and "gw.key: File exists" in complaints and path.read_text() == "mine"
    assert run("tsig", "generate", "gw", "-o", "other.key", cwd=tmp_path)[0] == 0
    assert (tmp_path / "other.key").exists()


@pytest.mark.parametrize("arguments", [
    ["tsig"], ["tsig", "make", "x"], ["tsig", "generate"], ["tsig", "generate", "a", "b"], ["tsig", "-c"],
    ["tsig", "generate", "x", "-c", "file"], ["tsig", "-c", "file", "-a", "hmac-md5"], ["tsig", "--nonsense"],
    ["tsig", "-c", "file", "--for", "nsd"], ["check", "--live"], ["check", "--lively", "-c", "x"],
], ids=" ".join)
def test_wrong_command_lines(arguments):
    status, output, complaints = run(*arguments)
    assert (status, output) == (2, "") and "Usage: ddnsgate " in complaints


@pytest.mark.parametrize("name, algorithm", [("", "hmac-sha256"), ("a..b", "hmac-sha256"), ("x", "hmac-sha3")])
def test_generate_refuses_what_is_no_key(tmp_path, name, algorithm):
    status, _, complaints = run("tsig", "generate", name, "-a", algorithm, cwd=tmp_path)
    assert status == 1 and complaints and not list(tmp_path.iterdir())


# Users of the state store


class StoreUsers:
    """A configuration with a state store, and the users in it."""

    def __init__(self, folder, zones, keys, rows, users=()):
        self.state = folder / "state"
        self.state.mkdir(mode=0o700)
        self.path = folder / "ddnsgate.cfg"
        self.path.write_text(f'listen = ( {{ address = "{LOOPBACK}"; port = 1; }} );\n' +
                             re.sub("(?m)^users = .*$" if not users else "$^", "users = ();",
                                    config_text(zones, keys, users, state_dir=str(self.state))))
        self.path.chmod(0o600)
        table = folder / "users.csv"
        table.write_text("login,hosts,may_create,may_set_txt\n" + "".join(",".join(row) + "\n" for row in rows))
        if rows:
            status, _, complaints = run("user", "import", str(table), "-c", str(self.path))
            assert status == 0, complaints

    def check(self):
        status, output, _ = run("check", "--live", "-c", str(self.path))
        return status, output.splitlines()[1:]

    def policy(self, server="bind"):
        status, output, complaints = run("tsig", "-c", str(self.path), "--for", server)
        assert status == 0, complaints
        return output, complaints


def test_users_of_the_store_are_looked_at(primary, tmp_path):
    """They were "no user", and the policy that was printed would have locked them out."""
    key = primary.key()
    rows = [(f"u{number}", f"h{number}.{ZONE}", "true", "false") for number in range(500)]
    own = StoreUsers(tmp_path, [zone_setting(ZONE, primary, key)], [key], rows)
    before = (own.state / "ddnsgate.db").stat().st_mtime_ns
    status, lines = own.check()
    assert status == 0 and not [line for line in lines if not line.startswith("OK ")], lines
    assert lines[-1].endswith("may change A and AAAA of all names that are configured (500)")
    policy, _ = own.policy()
    for number in range(500):
        assert f'grant "hmac-sha256" name h{number}.{ZONE}. A AAAA;' in policy
    assert "zonesub" not in policy and "no user" not in policy
    policy, _ = own.policy("knot")
    assert f"h0.{ZONE}." in policy and f"h499.{ZONE}." in policy
    assert (own.state / "ddnsgate.db").stat().st_mtime_ns == before


def test_rights_that_users_of_the_store_lack_are_told(primary, tmp_path):
    key = primary.key()
    rows = [("a", f"a.shut.{POLICED_ZONE}", "true", "false"), ("b", f"*.open.{POLICED_ZONE}", "true", "false")]
    own = StoreUsers(tmp_path, [zone_setting(POLICED_ZONE, primary, key)], [key], rows)
    status, lines = own.check()
    assert status == 1
    assert len([line for line in lines if f"may not change A and AAAA of a.shut.{POLICED_ZONE}" in line]) == 1


def test_users_who_may_not_update_need_no_rights(primary, tmp_path):
    key = primary.key()
    own = StoreUsers(tmp_path, [zone_setting(ZONE, primary, key)], [key], [("a", f"a.{ZONE}", "true", "false")])
    assert run("user", "disable", "a", "-c", str(own.path))[0] == 0
    assert f"a.{ZONE}" not in own.policy()[0]


def test_more_users_than_a_list_can_hold_are_never_locked_out(primary, tmp_path):
    """A sample is tried, and says so; the policy is for all names then, with TXT if anybody may set that."""
    key = primary.key()
    rows = [(f"u{number}", f"h{number}.{ZONE}", "true", "true" if number == 4999 else "false")
            for number in range(5000)]
    own = StoreUsers(tmp_path, [zone_setting(ZONE, primary, key), zone_setting(SECOND, primary, key)], [key], rows)
    _, lines = own.check()
    [tried] = re.findall(r"may change A, AAAA and TXT of the names that were tried \((\d+)\), a sample: users of the "
                         "state store have more", "\n".join(lines))
    assert 100 < int(tried) < 3000
    policy, _ = own.policy()
    assert re.findall("grant.*", policy) == ['grant "hmac-sha256" zonesub A AAAA TXT;']


@pytest.mark.parametrize("spoil", ["octets", "folder"])
def test_a_store_that_cannot_be_read_is_told(primary, tmp_path, spoil):
    key = primary.key()
    own = StoreUsers(tmp_path, [zone_setting(ZONE, primary, key)], [key], [("a", f"a.{ZONE}", "true", "false")])
    if spoil == "octets":
        (own.state / "ddnsgate.db").write_bytes(b"spoiled " * 1000)
    else:
        (own.state / "ddnsgate.db").unlink()
        (own.state / "ddnsgate.db").mkdir()
    status, lines = own.check()
    assert status == 0
    assert lines[0].startswith("WARN - -: the users of the state store were not looked at (")
    assert any("no user of the configuration may update a host of this zone" in line for line in lines), lines
    policy, complaints = own.policy()
    assert 'grant "hmac-sha256" zonesub A AAAA TXT;' in policy
    assert "could not be read" in complaints


def test_a_store_that_is_not_there_yet_has_no_users_and_is_not_made(primary, tmp_path):
    key = primary.key()
    own = StoreUsers(tmp_path, [zone_setting(ZONE, primary, key)], [key], [], users_of(f"www.{ZONE}"))
    status, lines = own.check()
    assert status == 0 and lines[-1].endswith("all names that are configured (1)")
    assert f"name www.{ZONE}. A AAAA;" in own.policy()[0]
    assert not list(own.state.iterdir())


# Servers that are not the primary, or not of the same zone


def test_primaries_that_do_not_share_a_zone_are_told_of(check):
    key = Key("gw")
    zones = [Zone(ZONE, (key.name,))]
    with contextlib.closing(Bind(zones, [key])) as one, contextlib.closing(Knot(zones, [key])) as other:
        one.start().nsupdate(f"zone {ZONE}", f"update add new.{ZONE} 60 A 192.0.2.1")
        older, newer = sorted([one, other.start()], key=lambda server: server.serial())
        if older.serial() == newer.serial():
            newer.nsupdate(f"zone {ZONE}", f"update add newer.{ZONE} 60 A 192.0.2.1")
        checked = check([zone_setting(ZONE, [one, other], key)], [key], users_of(f"www.{ZONE}"))
        assert checked.status == 0, checked.output
        [line] = checked.of("WARN")
        assert line.startswith(f"WARN {ZONE} {LOOPBACK}:{older.port}: has serial {older.serial()} of the zone when "
                               f"{LOOPBACK}:{newer.port} has {newer.serial()} already: ")


def test_a_busy_zone_does_not_lag_behind_itself(own_primary, check):
    """The two addresses are those of one server, which has another serial at each moment; the one is asked about
    another zone first."""
    key, over, other = own_primary.key(), threading.Event(), f"localhost:{own_primary.port}"
    seen = set()

    def change():
        for number in itertools.count():
            if over.is_set():
                return
            update = dns.update.UpdateMessage(ZONE, keyring=own_primary.admin.dnspython)
            update.add(f"busy{number}.{ZONE}.", 60, "A", "192.0.2.1")
            dns.query.tcp(update, LOOPBACK, port=own_primary.port, timeout=PATIENCE_S)
    thread = threading.Thread(target=change)
    thread.start()
    try:
        zones = [zone_setting(SECOND_ZONE, other, key), zone_setting(ZONE, [own_primary, other], key)]
        for _ in range(5):
            checked = check(zones, [key], users_of(*(f"h{number}.{SECOND_ZONE}" for number in range(300)), f"www.{ZONE}"))
            assert "lags behind" not in checked.output
            seen.add(len(set(re.findall(f"{ZONE} .* serial (\\d+)", checked.output))))
        assert 2 in seen, "no serials differed, so nothing was shown"
    finally:
        over.set()
        thread.join()


class Resolver(Bind):
    """It forwards queries to a primary, and answers from its cache."""

    def __init__(self, primary):
        super().__init__(primary.zones, primary.keys)
        self.primary = primary

    def _config(self):
        return super()._config().replace("recursion no;", "recursion yes;")

    def _key_statements(self):
        return "".join(key.bind_file for key in self.primary.keys)

    def _zone(self, zone):
        return f'zone "{zone.name}" {{ type forward; forward only; forwarders {{ {LOOPBACK} port {self.primary.port}; }}; }};\n'


def test_a_resolver_is_no_primary(primary, check):
    """What it has of the zone it has from the primary, and says so."""
    with contextlib.closing(Resolver(primary)) as resolver:
        resolver.start()
        key = resolver.key()
        checked = check([zone_setting(ZONE, resolver, key)], [key], users_of(f"www.{ZONE}"))
        assert checked.status == 1, checked.output
        [line] = checked.of("WARN")
        assert line.startswith(f"WARN {ZONE} {LOOPBACK}:{resolver.port}: answers for the zone without authority (no AA)")
        assert len(checked.of("FAIL")) == 1, checked.output


# Hosts that nobody finds, or that are not there


@pytest.mark.parametrize("hides", ["NS ns.example.net.", "DNAME elsewhere.example.net."], ids=["NS", "DNAME"])
def test_hosts_behind_a_delegation(primary, check, hides):
    key, [cut] = primary.key(), primary.new_hosts(1)
    primary.nsupdate(f"zone {ZONE}", f"update add {cut} 300 {hides}")
    checked = check([zone_setting(ZONE, primary, key)], [key], users_of(f"nas.{cut}", f"*.{cut}", f"www.{ZONE}"))
    assert checked.status == 0
    behind = "lies behind a delegation or a DNAME in this zone, so nobody finds what is set there"
    assert sorted(line.split()[3] for line in checked.of("WARN") if behind in line) == sorted([f"nas.{cut}", f"*.{cut}"])


def test_an_update_of_a_host_behind_a_delegation_is_hinted_at_in_the_log(primary, gateway):
    key, [cut] = primary.key(), primary.new_hosts(1)
    primary.nsupdate(f"zone {ZONE}", f"update add {cut} 300 NS ns.{cut}", f"update add ns.{cut} 300 A 192.0.2.1")
    running = gateway(config_text([zone_setting(ZONE, primary, key)], [key]))
    assert running.update(f"ns.{cut}", "198.51.100.7").code == "OK"
    assert f"event=host-hidden zone={ZONE} owner=ns.{cut} " in running.log
    assert running.update(f"www.{ZONE}", "198.51.100.7").code == "OK"
    assert running.log.count("event=host-hidden") == 1


def test_a_host_whose_user_may_create_it_need_not_be_there(primary, check):
    key = primary.key()
    users = [user_setting(hosts=[f"maker.{ZONE}"], may_create=True), user_setting("bob", hosts=[f"*.below.{ZONE}"])]
    checked = check([zone_setting(ZONE, primary, key)], [key], users)
    assert checked.status == 0 and not checked.of("WARN"), checked.output


@pytest.mark.parametrize("record", [("A", "192.0.2.1"), ("AAAA", "2001:db8::1")], ids=["A", "AAAA"])
def test_one_record_is_enough(primary, check, record):
    key, host = primary.key(), primary.new_host(record)
    checked = check([zone_setting(ZONE, primary, key)], [key], users_of(host))
    assert not checked.of("WARN"), checked.output
