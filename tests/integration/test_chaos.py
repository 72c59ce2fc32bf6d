"""Two gateways behind HAProxy, many clients that change A, AAAA and TXT records, and a primary and gateways that are
killed again and again, or hang for a while: no answer is false. What was answered as done is in the zone, what was said
to have changed nothing has not, and no host that is there is said to be missing.

DDNSGATE_CHAOS=full in the environment makes it as large as .ci/nightly has it."""

import collections
import contextlib
import ipaddress
import itertools
import json
import os
import random
import socket
import threading
import time
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from balancer import OWN_WORDS, Balancer
from gateway import (API_KEY, LOGIN, SHORT_TIMEOUTS, ZONE, Connection, basic, hashed, nic, secret, target,
                     user_setting)
from history import DONE, UNDONE, UNKNOWN, History, Rotation
from process import LOOPBACK


@dataclass(frozen=True)
class Size:
    hosts: int
    clients: int
    primary_kills: int
    gateway_kills: int  # of each
    freezes: int        # of each of them
    life_s: float       # of the primary, on average; gateways live longer, so that all ends at the same time


FULL = Size(hosts=2000, clients=64, primary_kills=20, gateway_kills=10, freezes=20, life_s=5)
SHORT = Size(hosts=160, clients=16, primary_kills=4, gateway_kills=2, freezes=2, life_s=3)
SIZE = FULL if os.environ.get("DDNSGATE_CHAOS") == "full" else SHORT

SHARED_HOSTS = 10  # one of so many is shared by two clients
LOOKS = 0.1        # after so many answers it is looked at once whether they are so
STRINGS_KEPT = 4   # of a name, until one is cleaned up
LONGEST_PAUSE_S = 0.02
LONGEST_FREEZE_S = 3
FALSE_SHOWN = 20
JSON = "Content-Type: application/json"
NETWORK = int(ipaddress.IPv6Address("2001:db8::"))

numbers = itertools.count(1)


def new_v4():
    return str(ipaddress.IPv4Address((20 << 24) + next(numbers)))


def new_prefix():
    return ipaddress.IPv6Network((NETWORK + (next(numbers) << 64), 64))


class Host(History):
    """A host with both addresses. It keeps its half of the IPv6 address, so what a prefix makes of that is known."""

    def __init__(self, number):
        self._half = 0x0211_22ff_fe00_0000 + number
        super().__init__(f"c{number}.{ZONE}", A="192.0.2.1", AAAA=self.v6(ipaddress.IPv6Network("2001:db8::/64")))
        self.wanted = {name: register.steps[0][1] for name, register in self.registers.items()}
        self.had = dict(self.wanted)  # for certain
        self.is_shared = False

    def v6(self, prefix):
        return str(prefix[self._half])


class Client(threading.Thread):
    """One after the other it asks for changes of its hosts and texts, and keeps the history of all."""

    def __init__(self, estate, hosts, rotations, cleaned):
        super().__init__()
        self.estate, self.hosts, self.rotations, self.cleaned = estate, hosts, rotations, cleaned
        self.answers = collections.Counter()
        self.left = {history: [] for history in cleaned}  # strings that are to be cleaned up
        self.chance = random.Random()
        self.connection = None
        self.error = None

    def run(self):
        kinds = [self.change, self.both, self.again, self.back, self.prefix, self.several, self.rotate, self.present]
        try:
            while not self.estate.over.is_set():
                self.chance.choice(kinds)()
                time.sleep(self.chance.uniform(0, LONGEST_PAUSE_S))
        except Exception as error:
            self.error = error
        finally:
            self.hang_up()

    # What it asks for

    def change(self):
        host = self.chance.choice(self.hosts)
        self.update(host, **self.chance.choice([{"A": new_v4()}, {"AAAA": host.v6(new_prefix())}]))

    def both(self):
        host = self.chance.choice(self.hosts)
        self.update(host, A=new_v4(), AAAA=host.v6(new_prefix()))

    def again(self):
        """What it has asked for last, whatever became of that."""
        self.repeat("wanted")

    def back(self):
        """What it had for certain, which may be something else."""
        self.repeat("had")

    def repeat(self, what):
        host = self.chance.choice(self.hosts)
        names = self.chance.choice([["A"], ["AAAA"], ["A", "AAAA"]])
        self.update(host, **{name: getattr(host, what)[name] for name in names})

    def prefix(self):
        host, prefix = self.chance.choice(self.hosts), new_prefix()
        if self.chance.random() < 0.5:
            self.dyndns2([host], "prefix", {"AAAA": host.v6(prefix)}, myipv6=prefix)
        else:
            ip = new_v4()
            self.dyndns2([host], "prefix", {"A": ip, "AAAA": host.v6(prefix)}, myip=ip, ip6lanprefix=prefix)

    def several(self):
        self.dyndns2(self.chance.sample(self.hosts, 3), "several", {"A": (ip := new_v4())}, myip=ip)

    def update(self, host, **values):
        addresses = ",".join(values.values())
        if self.chance.random() < 0.5:
            self.dyndns2([host], "dyndns2", values, myip=addresses)
        else:
            operation = host.begin("rexx", **values)
            answer = self.ask("GET", target(host.owner, addresses))
            self.take(host, operation, values, *self.rexx_fate(answer))

    def dyndns2(self, hosts, what, values, **operands):
        operations = [host.begin(what, **values) for host in hosts]
        answer = self.ask("GET", nic([host.owner for host in hosts], **operands), [basic(LOGIN, API_KEY)])
        lines = answer.text.splitlines() if answer else [""] * len(hosts)
        if len(lines) != len(hosts):
            self.estate.note_false(f"{len(hosts)} hosts in one request were answered {answer}")
        for host, operation, line in zip(hosts, operations, lines):
            self.take(host, operation, values, *self.dyndns2_fate(line))
            if operation.fate == DONE:
                self.check_shown(host, operation, values, line)

    def take(self, host, operation, values, fate, words):
        """The end of an operation on a host."""
        host.finish(operation, fate, words)
        host.wanted.update(values)
        if fate == DONE:
            host.had.update(values)
        # What a gateway that is dead by now has sent may be carried out between two queries.
        self.look(host, self.estate.addresses, together=fate == DONE and not host.is_shared)

    def look(self, history, read, together):
        """Now and then: whether the zone has what it may have right now."""
        if self.chance.random() > LOOKS:
            return
        begin = time.monotonic()
        with contextlib.suppress(dns.exception.DNSException, OSError, EOFError):
            self.estate.note_false(*history.faults(read(history), begin, together))
            self.answers["looked at once"] += 1

    def check_shown(self, host, operation, values, line):
        """The addresses that the host has: those asked for, unless another client has asked for others meanwhile."""
        shown = line.partition(" ")[2].split(",")
        if shown != list(values.values()) and not (host.is_shared and len(shown) == len(values) and all(
                host.registers[name].causes(value, operation.begin) for name, value in zip(values, shown))):
            self.estate.note_false(f"{operation} was answered {line}")

    def rotate(self):
        history = self.chance.choice(self.rotations)
        text = f"rotated{next(numbers)}"
        operation = history.begin("rotate", **{text: True})
        headers = [f"X-Api-User: {LOGIN}", f"X-Api-Key: {secret(API_KEY)}", JSON]
        answer = self.ask("POST", "/update", headers, {"subdomain": history.owner, "txt": text})
        self.take_text(history, operation, answer, "txt", text)

    def present(self):
        """Or, if there are enough strings, the oldest one goes; until that is done."""
        history = self.chance.choice(self.cleaned)
        left = self.left[history]
        if len(left) < STRINGS_KEPT:
            left.append(f"presented{next(numbers)}")
            self.httpreq(history, "present", left[-1])
        elif self.httpreq(history, "cleanup", left[0]) == DONE:
            left.pop(0)

    def httpreq(self, history, verb, text):
        operation = history.begin(verb, **{text: True if verb == "present" else None})
        answer = self.ask("POST", f"/{verb}", [basic(LOGIN, API_KEY), JSON], {"fqdn": history.owner, "value": text})
        return self.take_text(history, operation, answer, "value", text)

    def take_text(self, history, operation, answer, member, text):
        fate, words = self.json_fate(operation.what, answer, {member: text})
        history.finish(operation, fate, words)
        self.look(history, self.estate.texts, together=False)
        return fate

    # What it is answered

    def ask(self, method, path, headers=(), members=None):
        """None if there was no answer, or none by a gateway."""
        try:
            if self.connection is None:
                self.connection = Connection(self.estate.balancer.port)
            self.connection.request(method, path, headers, json.dumps(members).encode() if members else b"")
            answer = self.connection.answer()
        except OSError:
            answer = None
        if answer is None or answer.closes:
            self.hang_up()
        if answer is None or answer.text == OWN_WORDS:
            self.answers["the balancer's " + str(answer.status) if answer else "connection broken"] += 1
            return None
        return answer

    def hang_up(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def dyndns2_fate(self, line):
        word = line.partition(" ")[0]
        if word:
            self.answers[f"dyndns2 {word}"] += 1
        if word in ("good", "nochg"):
            return DONE, line
        if word not in ("", "911", "dnserr"):
            self.estate.note_false(f"dyndns2 was answered {line}")
        return UNKNOWN, line

    def rexx_fate(self, answer):
        if answer is None:
            return UNKNOWN, ""
        words = answer.text.strip()
        self.answers[f"rexx {words}"] += 1
        if words == "OK":
            return DONE, words
        if answer.code not in ("SF_DNS", "UA_DNS"):
            self.estate.note_false(f"rexx was answered {words}")
        return UNDONE if "changed nothing" in words or "nothing was changed" in words else UNKNOWN, words

    def json_fate(self, what, answer, done):
        if answer is None:
            return UNKNOWN, ""
        words = answer.text.strip()
        self.answers[f"{what} {answer.status} {json.loads(words).get('error', '')}".strip()] += 1
        if answer.status == 200 and json.loads(words) == done:
            return DONE, words
        if answer.status != 503:
            self.estate.note_false(f"{what} was answered {answer.status} {words}")
        return UNKNOWN, words


class Estate:
    """The primary, the gateways, the balancer, and who asks for what."""

    def __init__(self, primary, gateways, haproxy, size):
        self.primary, self.gateways, self.balancer, self.size = primary, gateways, haproxy, size
        self.over = threading.Event()
        self.false, self.events = [], []
        self.hosts = [Host(number) for number in range(size.hosts)]
        self._make(self.hosts)
        names = [f"_acme-challenge.{host.owner}" for host in self.hosts]
        # Of texts, too, some are shared: the first ones of each kind.
        count = size.clients
        self.rotations = [Rotation(name) for name in names[:2 * count]]
        self.cleaned = [History(name) for name in names[2 * count:4 * count]]
        self.clients = [Client(self, self._share(self.hosts, number), self._share(self.rotations, number),
                               self._share(self.cleaned, number)) for number in range(count)]

    def _make(self, hosts):
        for some in (hosts[begin:begin + 400] for begin in range(0, len(hosts), 400)):
            self.primary.nsupdate(f"zone {ZONE}", *(f"update add {host.owner} 3600 {rdtype} {value}" for host in some
                                                    for rdtype, value in host.wanted.items()))

    def _share(self, all_of_them, number):
        """Its own ones, and some that it has with the next client, which are the last ones of those."""
        own = all_of_them[number::self.size.clients]
        next_one = all_of_them[(number + 1) % self.size.clients::self.size.clients]
        shared = next_one[-max(1, len(next_one) // SHARED_HOSTS):]
        for each in shared:
            each.is_shared = True
        return own + shared

    def note_false(self, *faults):
        self.false.extend(faults)

    def run(self):
        for client in self.clients:
            client.start()
        try:
            self._kill_all_the_time()
        finally:
            self.over.set()
            for client in self.clients:
                client.join()
        errors = [client.error for client in self.clients if client.error]
        if errors:
            raise errors[0]
        return sum((client.answers for client in self.clients), collections.Counter())

    def _kill_all_the_time(self):
        """What is down of them may be down at the same time. All by this thread, for its children end with it."""
        span_s = self.size.primary_kills * self.size.life_s
        due = []
        for name, server, kills in (("primary", self.primary, self.size.primary_kills),
                                    *((f"gateway {number}", gateway, self.size.gateway_kills)
                                      for number, gateway in enumerate(self.gateways))):
            due += self._deaths_of(name, server, kills, span_s)
            due += self._freezes_of(name, server, self.size.freezes, span_s)
        begin = time.monotonic()
        for at_s, name, act in sorted(due, key=lambda each: each[0]):
            time.sleep(max(0, begin + at_s - time.monotonic()))
            self.events.append(f"{time.monotonic():.4f} {name} is to {act.__name__}")
            act()
            self.events.append(f"{time.monotonic():.4f} {name} did")
        time.sleep(self.size.life_s)

    @staticmethod
    def _deaths_of(name, server, count, span_s):
        """What is to be done and when, each death within a part of the time of its own."""
        part_s = span_s / count
        for number in range(count):
            death_s = (number + random.uniform(0.1, 0.5)) * part_s
            yield death_s, name, server.kill
            yield death_s + random.uniform(0, 0.4) * part_s, name, server.resume

    @staticmethod
    def _freezes_of(name, server, count, span_s):
        """It also hangs now and then, and goes on with what it has been sent meanwhile, unless it is killed before."""
        part_s = span_s / count
        for number in range(count):
            freeze_s = (number + random.uniform(0, 0.5)) * part_s
            yield freeze_s, name, server.freeze
            yield freeze_s + random.uniform(0, LONGEST_FREEZE_S), name, server.thaw

    # What the zone holds

    def query(self, name, rdtype, stream=None):
        query = dns.message.make_query(name, rdtype)
        reply = dns.query.tcp(query, LOOPBACK, port=self.primary.port, timeout=20, sock=stream)
        if not reply.flags & dns.flags.AA:
            raise dns.exception.DNSException("no authority yet")
        return [rdata.to_text().strip('"') for rrset in reply.answer for rdata in rrset]

    def addresses(self, host, stream=None):
        """None where there is none, all where there are several."""
        held = {rdtype: self.query(host.owner, rdtype, stream) for rdtype in ("A", "AAAA")}
        return {rdtype: values[0] if len(values) == 1 else tuple(values) or None for rdtype, values in held.items()}

    def texts(self, history, stream=None):
        return dict.fromkeys(self.query(history.owner, "TXT", stream), True)

    def check_all(self):
        stream = socket.create_connection((LOOPBACK, self.primary.port), timeout=20)
        with contextlib.closing(stream):
            for host in self.hosts:
                self.note_false(*host.faults(self.addresses(host, stream)))
            for history in (*self.rotations, *self.cleaned):
                self.note_false(*history.faults(self.texts(history, stream), together=False))


def test_no_answer_is_false(own_primary, front, tmp_path):
    users = [user_setting(key=hashed(API_KEY), may_set_txt=True)]
    gateways = [front(own_primary, users=users, log_level="info", **SHORT_TIMEOUTS) for _ in range(2)]
    haproxy = Balancer(tmp_path, *(f"{LOOPBACK}:{gateway.port}" for gateway in gateways))
    try:
        estate = Estate(own_primary, gateways, haproxy, SIZE)
        answers = estate.run()
        estate.check_all()
    finally:
        haproxy.process.kill()
    print(*(f"{count:7} {answer}" for answer, count in sorted(answers.items())), sep="\n")
    assert not estate.false, "\n".join([f"{len(estate.false)} false answers", *estate.false[:FALSE_SHOWN],
                                        "Meanwhile:", *estate.events])
    assert answers["dyndns2 good"] and answers["dyndns2 nochg"] and answers["rexx OK"]
    assert answers["rotate 200"] and answers["present 200"] and answers["cleanup 200"]
