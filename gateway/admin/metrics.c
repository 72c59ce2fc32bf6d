/*
 * Label values are names of zones, peers, listeners and constants, so that none needs escaping.
 */
#include "admin/metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/peer.h"
#include "base/process.h"

static void head(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(FILE *to, const char *name, const char *type, const char *help, uint64_t value)
{
	head(to, name, type, help);
	fprintf(to, "%s %" PRIu64 "\n", name, value);
}

/* What values are counted in; metrics have seconds, and things. */
enum unit { THINGS, MILLISECONDS, MICROSECONDS };

/* A point is a point in every locale. */
static void put_scaled(FILE *to, uint64_t value, enum unit unit)
{
	static const unsigned parts[] = {[THINGS] = 1, [MILLISECONDS] = 1000, [MICROSECONDS] = 1000000};
	static const int digits[] = {[MILLISECONDS] = 3, [MICROSECONDS] = 6};

	fprintf(to, "%" PRIu64, value / parts[unit]);
	if (unit != THINGS)
		fprintf(to, ".%0*u", digits[unit], (unsigned)(value % parts[unit]));
}

/* The lines of one histogram. `label` is `name="value"` or empty. */
static void put_histogram(FILE *to, const char *name, const char *label, const struct histogram *histogram,
			  enum unit unit)
{
	const char *comma = *label ? "," : "", *open = *label ? "{" : "", *close = *label ? "}" : "";
	uint64_t total = 0;

	for (size_t i = 0; i < histogram->bound_count; i++) {
		total += histogram->counts[i];
		fprintf(to, "%s_bucket{%s%sle=\"", name, label, comma);
		put_scaled(to, histogram->bounds[i], unit);
		fprintf(to, "\"} %" PRIu64 "\n", total);
	}
	total += histogram->counts[histogram->bound_count];
	fprintf(to, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, label, comma, total);
	fprintf(to, "%s_sum%s%s%s ", name, open, label, close);
	put_scaled(to, histogram->sum, unit);
	fprintf(to, "\n%s_count%s%s%s %" PRIu64 "\n", name, open, label, close, total);
}

/* ---- Requests ---- */

static void put_outcomes(FILE *to, const struct dialect_counts *counts)
{
	/*
	 * Only outcomes that can be the end of a request; also those that have not happened yet, so that rates can be
	 * computed from their first occurrence on.
	 */
	for (size_t code = OUTCOME_GRANTED + 1; code < OUTCOME_COUNT; code++)
		fprintf(to, "ddnsgate_outcomes_total{dialect=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
			counts->dialect->name, outcome_text((enum outcome_code)code), counts->outcomes[code]);
}

static void put_requests(FILE *to, const struct requests *requests)
{
	head(to, "ddnsgate_requests_total", "counter", "Requests that a dialect has answered.");
	for (size_t i = 0; i < requests->dialect_count; i++)
		fprintf(to, "ddnsgate_requests_total{dialect=\"%s\"} %" PRIu64 "\n",
			requests->dialects[i].dialect->name, requests->dialects[i].requests);
	head(to, "ddnsgate_outcomes_total", "counter",
	     "How they ended: one for each host of a request, or one for a request that failed as a whole.");
	for (size_t i = 0; i < requests->dialect_count; i++)
		put_outcomes(to, &requests->dialects[i]);
	single(to, "ddnsgate_unrouted_requests_total", "counter", "Requests with a path or method that no dialect has.",
	       requests->unrouted);
	head(to, "ddnsgate_request_seconds", "histogram", "Time from a whole request to its answer.");
	put_histogram(to, "ddnsgate_request_seconds", "", &requests->took_ms, MILLISECONDS);
}

/* ---- History ---- */

static void put_history(FILE *to, const struct record_stats *stats)
{
	static const char name[] = "ddnsgate_history_records_total";

	head(to, name, "counter",
	     "Records for the history of hosts: written, dropped for want of room, or failed by themselves.");
	fprintf(to, "%s{result=\"written\"} %" PRIu64 "\n", name, stats->written);
	fprintf(to, "%s{result=\"dropped\"} %" PRIu64 "\n", name, stats->dropped);
	fprintf(to, "%s{result=\"failed\"} %" PRIu64 "\n", name, stats->failed);
	single(to, "ddnsgate_history_waiting", "gauge", "Records that wait to be written.", stats->waiting);
}

/* ---- What never became a request ---- */

static void put_listeners(FILE *to, const struct http_stats *stats)
{
	static const char name[] = "ddnsgate_http_listener_connections";

	head(to, name, "gauge", "Connections that have come in by a listener.");
	for (const struct http_listener_stats *listener = stats->listeners; listener; listener = listener->next)
		fprintf(to, "%s{listener=\"%s\"} %u\n", name, listener->address, listener->open);
	single(to, "ddnsgate_http_listener_connections_max", "gauge", "How many each listener may have.",
	       stats->listener_max);
	if (stats->all_max)
		single(to, "ddnsgate_http_connections_max", "gauge", "How many all may have together.", stats->all_max);
}

static void put_http(FILE *to, const struct http_stats *stats)
{
	static const char refused[] = "ddnsgate_http_refused_total";
	static const char handshakes[] = "ddnsgate_http_handshakes_failed_total";
	static const char connections[] = "ddnsgate_http_connections_refused_total";

	head(to, refused, "counter", "Requests that were answered with an error before a dialect saw them.");
#define X(name, status) fprintf(to, "%s{status=\"%d\"} %" PRIu64 "\n", refused, status, stats->refused[name]);
	HTTP_REFUSED_LIST(X)
#undef X
	fprintf(to, "%s{status=\"other\"} %" PRIu64 "\n", refused, stats->refused[HTTP_REFUSED_OTHER]);
#define X(name, reason) fprintf(to, "%s{reason=\"%s\"} %" PRIu64 "\n", handshakes, reason, stats->handshakes[name]);
	head(to, handshakes, "counter", "TLS handshakes of clients that came to nothing.");
	HTTP_HANDSHAKE_LIST(X)
#undef X
#define X(name, reason) fprintf(to, "%s{reason=\"%s\"} %" PRIu64 "\n", connections, reason, stats->connections[name]);
	head(to, connections, "counter", "Connections that were closed before HTTP or TLS began.");
	HTTP_CONNECTION_LIST(X)
#undef X
	put_listeners(to, stats);
}

/* ---- Zones ---- */

static uint64_t waiting(const struct zone_stats *stats)
{
	return stats->waiting;
}

static uint64_t in_flight(const struct zone_stats *stats)
{
	return stats->in_flight;
}

static uint64_t queries(const struct zone_stats *stats)
{
	return stats->queries;
}

static uint64_t confirms(const struct zone_stats *stats)
{
	return stats->confirms;
}

/* A zone that is shown, and why. */
struct shown_zone {
	size_t zone;
	uint64_t weight;
};

/* What all zones come to, and those of them that are shown. */
struct zones_seen {
	struct zone_stats all;
	size_t active, down;
	size_t count, max;
	struct shown_zone *shown; /* a heap, the lightest first, once there are more than `max` */
};

static uint64_t zone_weight(const struct zone_stats *stats, bool is_well)
{
	static const uint64_t trouble = (uint64_t)1 << 63;
	uint64_t work = stats->queries + stats->confirms + stats->batch.sum;

	if (!is_well && (work || stats->waiting))
		return trouble | (work & ~trouble);
	return (uint64_t)stats->waiting << 40 | (work & (((uint64_t)1 << 40) - 1));
}

/* The first one was replaced: lets the lightest of them be the first again. */
static void sift_down(struct zones_seen *seen)
{
	for (size_t at = 0, next; (next = 2 * at + 1) < seen->count; at = next) {
		struct shown_zone zone = seen->shown[at];

		next += next + 1 < seen->count && seen->shown[next + 1].weight < seen->shown[next].weight;
		if (zone.weight <= seen->shown[next].weight)
			return;
		seen->shown[at] = seen->shown[next];
		seen->shown[next] = zone;
	}
}

/* The first `max` are taken as they come; of weight 0 all, so that they are a heap as it is. */
static void show_zone(struct zones_seen *seen, struct shown_zone zone)
{
	if (seen->count < seen->max) {
		size_t at = seen->count++;

		for (size_t above; at && seen->shown[above = (at - 1) / 2].weight > zone.weight; at = above)
			seen->shown[at] = seen->shown[above];
		seen->shown[at] = zone;
	} else if (seen->max && zone.weight > seen->shown[0].weight) {
		seen->shown[0] = zone;
		sift_down(seen);
	}
}

static void add_stats(struct zone_stats *all, const struct zone_stats *stats)
{
	all->waiting += stats->waiting;
	all->in_flight += stats->in_flight;
	all->queries += stats->queries;
	all->confirms += stats->confirms;
	for (size_t k = 0; k <= all->batch.bound_count; k++)
		all->batch.counts[k] += stats->batch.counts[k];
	all->batch.sum += stats->batch.sum;
}

static int by_number(const void *a, const void *b)
{
	const struct shown_zone *first = a, *second = b;

	return (first->zone > second->zone) - (first->zone < second->zone);
}

/* Without memory none is shown, but all are summed up. */
static void see_zones(const struct metrics_sources *sources, struct zones_seen *seen)
{
	size_t max = sources->zones_max < sources->zone_count ? sources->zones_max : sources->zone_count;

	*seen = (struct zones_seen){.shown = calloc(max + 1, sizeof *seen->shown)};
	seen->max = seen->shown ? max : 0;
	histogram_init_size(&seen->all.batch);
	for (size_t i = 0; i < sources->zone_count; i++) {
		bool is_well = zones_is_well(sources->zones, i);
		struct zone_stats stats;

		seen->down += !is_well;
		if (!zones_is_active(sources->zones, i)) {
			show_zone(seen, (struct shown_zone){i, 0});
			continue;
		}
		zones_stats(sources->zones, i, &stats);
		add_stats(&seen->all, &stats);
		seen->active++;
		show_zone(seen, (struct shown_zone){i, zone_weight(&stats, is_well)});
	}
	if (seen->count)
		qsort(seen->shown, seen->count, sizeof *seen->shown, by_number);
}

static void put_of_zones(FILE *to, const struct metrics_sources *sources, const struct zones_seen *seen,
			 const char *name, const char *type, const char *help,
			 uint64_t (*value)(const struct zone_stats *stats))
{
	struct zone_stats stats;

	head(to, name, type, help);
	for (size_t i = 0; i < seen->count; i++) {
		zones_stats(sources->zones, seen->shown[i].zone, &stats);
		fprintf(to, "%s{zone=\"%s\"} %" PRIu64 "\n", name,
			zones_name(sources->zones, seen->shown[i].zone)->text, value(&stats));
	}
}

/* The histogram is for all zones together: one for each zone would be too much to read. */
static void put_sums(FILE *to, const struct metrics_sources *sources, const struct zones_seen *seen)
{
	single(to, "ddnsgate_zones", "gauge", "Zones that are configured.", sources->zone_count);
	single(to, "ddnsgate_zones_active", "gauge", "Zones that have had an update.", seen->active);
	single(to, "ddnsgate_zones_down", "gauge", "Zones of which no primary is well.", seen->down);
	single(to, "ddnsgate_zones_waiting", "gauge", "Updates of all zones that wait for their answer.",
	       seen->all.waiting);
	single(to, "ddnsgate_zones_messages_in_flight", "gauge", "Messages of all zones that are with a primary.",
	       seen->all.in_flight);
	single(to, "ddnsgate_zones_queries_total", "counter",
	       "Queries in all zones for what a host has, of which nothing was known.", seen->all.queries);
	single(to, "ddnsgate_zones_confirms_total", "counter",
	       "Messages in all zones that confirmed unchanged hosts without a transaction.", seen->all.confirms);
	head(to, "ddnsgate_batch_hosts", "histogram", "Hosts in each UPDATE message that was sent.");
	put_histogram(to, "ddnsgate_batch_hosts", "", &seen->all.batch, THINGS);
}

static void put_zones(FILE *to, const struct metrics_sources *sources)
{
	struct zones_seen seen;

	see_zones(sources, &seen);
	put_of_zones(to, sources, &seen, "ddnsgate_zone_waiting", "gauge", "Updates that wait for their answer.",
		     waiting);
	put_of_zones(to, sources, &seen, "ddnsgate_zone_messages_in_flight", "gauge",
		     "Messages that are with a primary.", in_flight);
	put_of_zones(to, sources, &seen, "ddnsgate_zone_queries_total", "counter",
		     "Queries for what a host has, of which nothing was known.", queries);
	put_of_zones(to, sources, &seen, "ddnsgate_zone_confirms_total", "counter",
		     "Messages that confirmed unchanged hosts without a transaction.", confirms);
	head(to, "ddnsgate_zone_up", "gauge", "Whether one of the zone's primaries is well.");
	for (size_t i = 0; i < seen.count; i++)
		fprintf(to, "ddnsgate_zone_up{zone=\"%s\"} %d\n", zones_name(sources->zones, seen.shown[i].zone)->text,
			zones_is_well(sources->zones, seen.shown[i].zone));
	put_sums(to, sources, &seen);
	free(seen.shown);
}

/* ---- Primaries ---- */

/* Calls `put` for each primary with its label and counters. */
static void for_primaries(FILE *to, const struct zones *zones,
			  void (*put)(FILE *to, const char *label, const struct primary *primary,
				      const struct dns_client_stats *stats))
{
	const struct primary *primary;
	char label[PEER_TEXT_MAX + sizeof "primary=\"\""], text[PEER_TEXT_MAX];

	for (size_t i = 0; (primary = zones_primary(zones, i)); i++) {
		const struct dns_client *client = primary_client(primary);

		snprintf(label, sizeof label, "primary=\"%s\"", peer_format(dns_client_primary(client), text));
		put(to, label, primary, dns_client_stats(client));
	}
}

static void put_up(FILE *to, const char *label, const struct primary *primary, const struct dns_client_stats *stats)
{
	(void)stats;
	fprintf(to, "ddnsgate_primary_up{%s} %d\n", label, primary_is_well(primary));
}

static void put_connections(FILE *to, const char *label, const struct primary *primary,
			    const struct dns_client_stats *stats)
{
	(void)primary;
	fprintf(to, "ddnsgate_primary_connections_total{%s} %" PRIu64 "\n", label, stats->connections);
}

static void put_connections_open(FILE *to, const char *label, const struct primary *primary,
				 const struct dns_client_stats *stats)
{
	(void)stats;
	fprintf(to, "ddnsgate_primary_connections_open{%s} %zu\n", label,
		dns_client_connections(primary_client(primary)));
}

static void put_messages(FILE *to, const char *label, const struct primary *primary,
			 const struct dns_client_stats *stats)
{
	(void)primary;
	fprintf(to, "ddnsgate_primary_messages_total{%s} %" PRIu64 "\n", label, stats->sent);
}

static void put_failures(FILE *to, const char *label, const struct primary *primary,
			 const struct dns_client_stats *stats)
{
	(void)primary;
	fprintf(to, "ddnsgate_primary_failures_total{%s,kind=\"unreachable\"} %" PRIu64 "\n", label,
		stats->unreachable);
	fprintf(to, "ddnsgate_primary_failures_total{%s,kind=\"unknown\"} %" PRIu64 "\n", label, stats->unknown);
}

static void put_tsig_errors(FILE *to, const char *label, const struct primary *primary,
			    const struct dns_client_stats *stats)
{
	static const char name[] = "ddnsgate_primary_tsig_errors_total";

	(void)primary;
	fprintf(to, "%s{%s,error=\"BADKEY\"} %" PRIu64 "\n", name, label, stats->tsig_badkey);
	fprintf(to, "%s{%s,error=\"BADSIG\"} %" PRIu64 "\n", name, label, stats->tsig_badsig);
	fprintf(to, "%s{%s,error=\"BADTIME\"} %" PRIu64 "\n", name, label, stats->tsig_badtime);
	fprintf(to, "%s{%s,error=\"other\"} %" PRIu64 "\n", name, label, stats->tsig_other);
}

static void put_round_trips(FILE *to, const char *label, const struct primary *primary,
			    const struct dns_client_stats *stats)
{
	(void)primary;
	put_histogram(to, "ddnsgate_primary_round_trip_seconds", label, &stats->round_trip_ms, MILLISECONDS);
}

static void put_primaries(FILE *to, const struct zones *zones)
{
	head(to, "ddnsgate_primary_up", "gauge", "Whether the primary is well, as far as is known.");
	for_primaries(to, zones, put_up);
	head(to, "ddnsgate_primary_connections_total", "counter", "Connections that were begun.");
	for_primaries(to, zones, put_connections);
	head(to, "ddnsgate_primary_connections_open", "gauge", "Connections that stand.");
	for_primaries(to, zones, put_connections_open);
	head(to, "ddnsgate_primary_messages_total", "counter", "Messages that were sent.");
	for_primaries(to, zones, put_messages);
	head(to, "ddnsgate_primary_failures_total", "counter",
	     "Messages that could not be sent (unreachable), or that got no believable reply (unknown).");
	for_primaries(to, zones, put_failures);
	head(to, "ddnsgate_primary_tsig_errors_total", "counter",
	     "Replies with a TSIG error; Knot says BADKEY, too, when its acl does not allow a change.");
	for_primaries(to, zones, put_tsig_errors);
	head(to, "ddnsgate_primary_round_trip_seconds", "histogram",
	     "Time from sending a message to its reply, if that can be believed.");
	for_primaries(to, zones, put_round_trips);
}

/* The process' own figures, under the names that every exporter uses. */
static void put_process(FILE *to)
{
	struct process_usage usage;

	process_measure(&usage);
	if (usage.open_files)
		single(to, "process_open_fds", "gauge", "Open file descriptors.", usage.open_files);
	single(to, "process_max_fds", "gauge", "How many may be open.", usage.files_allowed);
	if (usage.resident_octets)
		single(to, "process_resident_memory_bytes", "gauge", "Resident memory.", usage.resident_octets);
	head(to, "process_cpu_seconds_total", "counter", "User and system time since the start.");
	fputs("process_cpu_seconds_total ", to);
	put_scaled(to, usage.cpu_ms, MILLISECONDS);
	fputc('\n', to);
}

static void put_turns(FILE *to, const struct turns *turns, const struct env *env)
{
	head(to, "ddnsgate_loop_turn_seconds", "histogram",
	     "Turns of the event loop: time in which it hears of nothing new.");
	put_histogram(to, "ddnsgate_loop_turn_seconds", "", &turns->took_us, MICROSECONDS);
	head(to, "ddnsgate_loop_turn_max_seconds", "gauge", "The longest of them in the last minute or two.");
	fputs("ddnsgate_loop_turn_max_seconds ", to);
	put_scaled(to, turns_longest_us(turns, env_now_ms(env)), MICROSECONDS);
	fputc('\n', to);
}

void metrics_write(FILE *to, const struct metrics_sources *sources)
{
	static const struct http_stats nothing;

	head(to, "ddnsgate_build_info", "gauge", "The version that runs.");
	fprintf(to, "ddnsgate_build_info{version=\"%s\"} 1\n", sources->version);
	single(to, "ddnsgate_start_time_seconds", "gauge", "When it was started, since 1970 UTC.", sources->started_s);
	put_process(to);
	if (sources->turns)
		put_turns(to, sources->turns, sources->env);
	put_requests(to, sources->requests);
	if (sources->history)
		put_history(to, sources->history);
	put_http(to, sources->http ? sources->http : &nothing);
	put_zones(to, sources);
	put_primaries(to, sources->zones);
	single(to, "ddnsgate_log_dropped_total", "counter", "Lines of the log that could not be written at once.",
	       log_dropped());
}
