"""Whether the answers that wrk counted were true: whether the zone holds what was acknowledged, and nothing else."""

from collections import defaultdict


def read_sent(path):
    """(time, host, address) of each request, as update.lua wrote them."""
    with open(path, encoding="ascii") as lines:
        return [(float(time_s), int(host), address) for time_s, host, address in map(str.split, lines)]


def faults(kind, connections, answers, sent, before, after):
    """What is wrong. `before` and `after` are the zone's addresses by host, `kind` is as in update.lua."""
    if answers.broken:
        yield f"{answers.broken} requests were not answered"
    refused_min, refused_max = _refusals(kind, connections, answers, sum(host not in before for _, host, _ in sent))
    if not refused_min <= answers.refused <= refused_max:
        yield f"{answers.refused} of {answers.answers} answers were refusals, not {refused_min} to {refused_max}"
    if before.keys() != after.keys():
        yield f"there were {len(before)} hosts, and now there are {len(after)}"
        return
    lost = _lost([] if kind == "wrong-key" else sent, answers.max_ms / 1000, before, after)
    if lost:
        yield f"{len(lost)} hosts do not have the address that was acknowledged, host{lost[0]} among them"


def _refusals(kind, connections, answers, missing):
    """How many there have to be, at least and at most, if `missing` requests were for hosts that do not exist. wrk does
    not wait for its last ones."""
    if kind == "wrong-key":
        return answers.answers, answers.answers
    return max(missing - connections, 0), missing


def _lost(sent, latency_max_s, before, after):
    """The hosts whose address in the zone is none that they may have.

    wrk does not tell which answer belongs to which request, but every answer came within `latency_max_s`. So a request
    that is at least that much older than the last one has been acknowledged; and of two requests for a host, that far
    apart, the later one was sent after the earlier one had been acknowledged, and must have replaced it."""
    updates = defaultdict(list)
    for time_s, host, address in sent:
        updates[host].append((time_s, address))
    end_s = max((time_s for time_s, _, _ in sent), default=0)
    return [host for host, address in after.items()
            if address not in _allowed(updates[host], end_s, latency_max_s, before[host])]


def _allowed(updates, end_s, latency_max_s, before):
    """The addresses of the last update that was acknowledged, of those sent at its time, and of all later ones."""
    acknowledged_s = [time_s for time_s, _ in updates if time_s + latency_max_s < end_s]
    if not acknowledged_s:
        return {before, *(address for _, address in updates)}
    return {address for time_s, address in updates if time_s + latency_max_s >= acknowledged_s[-1]}
