/*
 * scripted_primary: a network of primaries on the fake clock, as misbehaved as a test wants them, behind a `struct
 * transport_ops`.
 *
 * Each primary parses and carries out by itself the UPDATEs that it gets (RFC 2136 section 3) and answers queries, on
 * a model of its zone which several primaries may share. So a test can compare what the gateway said with what is in
 * the zone. All events come from the fake env's loop. A primary acts on a message when it arrives, or not at all;
 * only its replies may be late, unless primary_set_lag_ms() says otherwise.
 */
#ifndef TESTS_SCRIPTED_PRIMARY_H
#define TESTS_SCRIPTED_PRIMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/peer.h"
#include "dns/message.h"
#include "dns/transport.h"
#include "fake_env.h"
#include "records.h"
#include "tsig.h"

/* ---- The zone ---- */

struct zone_model;

/*
 * An UPDATE was carried out that was for the RRset of that owner and family, which now has those addresses; none: it
 * is gone. Told for every one, in the order in which the zone changes; zone_model_commits() tells which of them are of
 * one UPDATE.
 */
typedef void zone_model_commit_fn(void *ctx, const char *owner, enum addr_family family, const struct addr *addrs,
				  size_t count);

struct zone_model *zone_model_new(const char *zone);
void zone_model_free(struct zone_model **model);

/* `commit` may be NULL. */
void zone_model_watch(struct zone_model *model, zone_model_commit_fn *commit, void *ctx);

/*
 * What others do to the zone, without telling the watcher: set the RRset of the address's type to that address alone,
 * with a TTL of MODEL_TTL_S; give it one more; change its TTL; remove it.
 */
void zone_model_put(struct zone_model *model, const char *owner, const char *addr);
void zone_model_add(struct zone_model *model, const char *owner, const char *addr);
void zone_model_set_ttl(struct zone_model *model, const char *owner, enum addr_family family, uint32_t ttl_s);
void zone_model_remove(struct zone_model *model, const char *owner, enum addr_family family);

enum { MODEL_TTL_S = 180 };

/* What an UPDATE did to the TXT record of an owner. */
struct text_commit {
	bool cleared;       /* all strings went that were there */
	struct texts taken; /* these went, wherever they were there */
	struct texts put;   /* and these came */
};

/* As `zone_model_commit_fn`, of TXT records. Each has one string. */
typedef void zone_model_texts_fn(void *ctx, const char *owner, const struct text_commit *commit);

void zone_model_watch_texts(struct zone_model *model, zone_model_texts_fn *commit, void *ctx);

/* What others do to TXT records, without telling the watcher: put a string there, or take it out. */
void zone_model_put_text(struct zone_model *model, const char *owner, const char *text);
void zone_model_take_text(struct zone_model *model, const char *owner, const char *text);
bool zone_model_has_text(const struct zone_model *model, const char *owner, const char *text);

/*
 * From now on, or no longer, queries for TXT records find what is there now: a copy that lags behind, as a secondary
 * has one, or BIND with inline-signing. Prerequisites are about the zone itself.
 */
void zone_model_show_old_texts(struct zone_model *model, bool old);

/*
 * Queries for names that do not exist find this address; no prerequisite does (RFC 2136 section 2.4 is about names).
 */
void zone_model_set_wildcard(struct zone_model *model, const char *addr);

/* By policy: an UPDATE that would change this owner gets this rcode; DNS_NOERROR: it may be changed again. */
void zone_model_reject(struct zone_model *model, const char *owner, unsigned rcode);

/* By policy: queries are REFUSED. */
void zone_model_refuse_queries(struct zone_model *model, bool refuse);

/* What the RRset holds, as text in a buffer that the next call overwrites; "" if there is none. */
const char *zone_model_get(const struct zone_model *model, const char *owner, enum addr_family family);

/* How many UPDATEs with an update section were carried out: transactions. */
unsigned zone_model_commits(const struct zone_model *model);

/* Moves with each transaction that made a difference. */
uint32_t zone_model_serial(const struct zone_model *model);

/* ---- The network ---- */

struct network;
struct primary;

struct network *network_new(struct fake_env *fake);

/*
 * Fails the test if the code under test left a connection unclosed. Frees the primaries too. Sets *network to NULL.
 */
void network_free(struct network **network);

struct transport_maker network_maker(struct network *network);

/* Connections that the code under test has not closed. */
size_t network_connections(const struct network *network);

/* ---- A primary ---- */

/* What becomes of attempts to connect. */
enum door {
	DOOR_OPEN,
	DOOR_REFUSES,    /* "connection refused", from the loop */
	DOOR_BLACK_HOLE, /* no word, ever */
	DOOR_SILENT,     /* accepted, and nothing read, as with a connection that stays in a backlog */
	DOOR_FAILS,      /* open() itself fails */
};

/* What kind of reply a message gets. Only the first two are such as a client may believe. */
enum reply_kind {
	REPLY_SIGNED, /* as a primary should: the TSIG errors of RFC 8945 section 5.2 included */
	/* Signed with an ID that is not the request's, then given the request's: by way of a forwarder. */
	REPLY_OTHER_ORIGINAL_ID,
	REPLY_NONE,
	/* Signed, but not rightly: */
	REPLY_WRONG_SECRET,
	REPLY_OTHER_KEY_NAME,
	REPLY_OTHER_ALGORITHM,
	REPLY_WITHOUT_REQUEST_MAC, /* as if it were a request */
	REPLY_TO_ANOTHER_REQUEST,  /* the MAC of a request that was not made */
	REPLY_ALTERED,             /* after signing */
	REPLY_SHORT_MAC,           /* 16 octets, more than the client's policy allows */
	REPLY_STALE,               /* signed longer ago than the fudge */
	REPLY_FROM_THE_FUTURE,
	REPLY_SIGNED_TWICE,
	REPLY_TSIG_NOT_LAST,
	REPLY_ERROR_WITHOUT_NOTAUTH, /* TSIG error BADTIME in a reply with another rcode */
	/* Signed rightly, but not an answer to the question: */
	REPLY_TRUNCATED, /* TC */
	REPLY_OTHER_OPCODE,
	REPLY_IS_A_REQUEST, /* QR clear */
	REPLY_OTHER_ZONE,
	/* Not signed: */
	REPLY_UNSIGNED,
	REPLY_UNSIGNED_BADKEY, /* a TSIG record with the error and no MAC */
	REPLY_UNSIGNED_BADSIG,
	REPLY_CUT, /* ends in the middle, in a frame that says so */
	REPLY_GARBAGE,
	/* Answers nothing that was asked: */
	REPLY_OTHER_ID,
	REPLY_EMPTY,   /* a message of length 0 */
	REPLY_SHORT,   /* of 11 octets */
	REPLY_LONGEST, /* of 65,535 octets, with another ID */
	REPLY_KIND_COUNT,
};

enum { PRIMARY_DECIDES = 16 }; /* as rcode: do what was asked, and answer what comes of it */

/* What a primary does with a message. All zero but `rcode` is an honest primary. */
struct primary_script {
	enum reply_kind reply;
	unsigned rcode;      /* PRIMARY_DECIDES, or an rcode that is given without a look at the request */
	uint16_t tsig_error; /* REPLY_SIGNED: signs this TSIG error, BADTIME with the primary's time */
	uint64_t delay_ms;   /* until the reply leaves */
	size_t piece_len;    /* the reply arrives in pieces of this many octets; 0: in one */
	size_t close_after;  /* octets of the reply with its frame until the connection is closed; 0: it is not */
	bool close_instead;  /* close the connection, after the UPDATE was carried out and without a word */
	bool hold;           /* keep the reply until scripted_release() */
	bool lame;           /* answers queries without authority */
};

/* What a primary knows of a message that it got. */
struct primary_request {
	uint16_t id;
	uint64_t at_ms;
	unsigned connection; /* counted from 1 */
	enum tsig_status verified;
	uint64_t time_s; /* as signed */
	struct tsig_mac mac;
	enum dns_request_kind kind;
	char owner[256];         /* of the question, or of the first record of prerequisite or update section */
	enum addr_family family; /* of that record */
	size_t changes;          /* RRsets that an UPDATE is to replace or remove */
	unsigned rcode;          /* of its reply */
};

typedef void primary_decide_fn(void *ctx, const struct primary_request *request, struct primary_script *script);

/*
 * A primary at `peer`, as peer_parse() reads it, that serves `model` with that key, both borrowed. It is honest until
 * told otherwise.
 */
struct primary *scripted_new(struct network *network, const char *peer, struct zone_model *model,
			     const struct tsig_key *key);

/* One more zone that it serves with the same key. */
void primary_serve(struct primary *primary, struct zone_model *model);

const struct peer *primary_peer(const struct primary *primary);
void primary_set_door(struct primary *primary, enum door door);

/* How the messages from now on are treated. */
void primary_set_script(struct primary *primary, struct primary_script script);

/* Lets a function change the script of each message. */
void primary_set_decide(struct primary *primary, primary_decide_fn *decide, void *ctx);

/* The primary's clock minus the gateway's. */
void primary_set_clock_offset_s(struct primary *primary, int64_t offset_s);

/*
 * From now on UPDATEs lie in a buffer of the primary that long before they are carried out, whatever becomes of the
 * connection meanwhile.
 */
void primary_set_lag_ms(struct primary *primary, uint64_t lag_ms);

/*
 * While it has so many connections, the next one meets that door.
 */
void primary_set_connections_max(struct primary *primary, size_t max, enum door door);

/*
 * How many messages of one connection it works on at a time, which is until their replies leave: 23 as BIND, 1 as
 * PowerDNS. 0: any number.
 */
void primary_set_at_a_time(struct primary *primary, unsigned messages);

/* Connections that stand. */
size_t primary_open_connections(const struct primary *primary);

/* send() fails from now on. */
void primary_set_sends_fail(struct primary *primary, bool fail);

/* Sends the replies that are held, all in one piece, the last first if `reversed`. */
void scripted_release(struct primary *primary, bool reversed);

/* Sends octets of the test's own on the newest connection. */
void primary_say(struct primary *primary, const uint8_t *octets, size_t len);

/* Closes all its connections, as a restart does. What it has not answered yet it never will. */
void primary_drop_connections(struct primary *primary);

/* How many of its addresses the last one was to leave for the end. */
unsigned primary_turn(const struct primary *primary);

/* Connections that were opened or tried, and messages that arrived. */
unsigned primary_connections(const struct primary *primary);
size_t primary_requests(const struct primary *primary);
const struct primary_request *primary_request(const struct primary *primary, size_t n);

#endif
