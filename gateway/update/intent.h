/*
 * intent: what a client asked for, as its dialect understood it and before anything is checked. Everything in it is
 * borrowed from the request, or from itself, so that it cannot be copied.
 */
#ifndef UPDATE_INTENT_H
#define UPDATE_INTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/name.h"
#include "base/rr.h"
#include "base/text.h"

enum {
	INTENT_HOSTS_MAX = 20,
	INTENT_READINGS_MAX = 2,
	INTENT_ADDRESSES_MAX = 8,
	INTENT_STRANGERS_MAX = 8,
	INTENT_DATA_ROOM = 45, /* a SHA-256 in base64, with the NUL */
};

/* An operand as it was sent. */
struct intent_operand {
	struct text name;
	struct text value;
};

struct credentials {
	struct text login; /* empty if the intent is by token */
	struct text key;
};

struct intent {
	enum intent_kind {
		INTENT_UPDATE,
		INTENT_OFFLINE, /* the addresses of the hosts are to go */
		/* Of the hosts' records of `type`, which is not one of addresses: */
		INTENT_SET,          /* they are to be the one that `data` stands for, or to go if that is empty */
		INTENT_ADD,          /* that one is to be added to them */
		INTENT_DROP,         /* it is to be taken out of them */
		INTENT_ROTATE,       /* it is to be added to them; older ones go, but for the last one */
		INTENT_SHOW_ADDRESS, /* the client wants to know the address it comes from */
	} kind;
	/*
	 * How the credentials may be read (see http_param); they are tried in this order until one is granted. At
	 * least one; the last one is decoded.
	 */
	struct credentials readings[INTENT_READINGS_MAX];
	size_t reading_count;
	bool by_token;          /* the key says whose it is */
	struct name login_name; /* room for a login that is a host name, normalised */
	/* Hosts as they were written. */
	struct text hosts[INTENT_HOSTS_MAX];
	size_t host_count;
	enum intent_hosts {
		HOSTS_FULL,   /* each is a full name */
		HOSTS_OWN,    /* no host was named: the login, if that is a host name, else the account's only host */
		HOSTS_LABELS, /* those without a dot are labels, which the account's patterns complete */
	} host_form;
	/* DuckDNS: a text is for `_acme-challenge` below the host, unless that begins with an underscore. */
	bool challenge;
	/*
	 * Addresses as they were written, each a list with commas in between; none of the operands is empty. One of
	 * each family; none means the source address. An item may also be `preserve` or `no`, for what is to stay as it
	 * is, and an IPv6 address with a length, which stands for a prefix.
	 */
	struct text addresses[INTENT_ADDRESSES_MAX];
	bool says_no_ipv4[INTENT_ADDRESSES_MAX]; /* an empty item at its begin says that there is no IPv4 address */
	size_t address_count;
	bool lenient; /* address lists may have empty items */
	/*
	 * Prefixes of IPv6, `2001:db8::/64`, which go before the host's own bits, written like addresses; none of them
	 * is empty. Where the operand was there, but held nothing, IPv6 is to stay as it is.
	 */
	struct text prefixes[INTENT_ADDRESSES_MAX];
	size_t prefix_count;
	bool prefix_is_given;
	bool keeps_ipv4, keeps_ipv6; /* an operand of that family alone says `preserve` */
	bool ipv4_is_gone;           /* the client has said that it has no IPv4 address */
	/*
	 * What forbids that the source address, or the account's only host, stand in for what was not said: an unknown
	 * operand that hints at an address (its name; empty if there is none); unknown operands that may name hosts;
	 * and parts of the request that nobody could read, or more of such operands than have room.
	 */
	struct text hint;
	struct intent_operand strangers[INTENT_STRANGERS_MAX];
	size_t stranger_count;
	bool is_unread;
	enum rr_type type;                /* of INTENT_SET, _ADD, _DROP, _ROTATE; and of these: */
	struct text data;                 /* the record as it was written, see rr_rdata_read() */
	char data_room[INTENT_DATA_ROOM]; /* for one that was computed */
};

/* Whether records that were given in the request are to be changed, and not the hosts' addresses. */
static inline bool intent_is_about_data(const struct intent *intent)
{
	switch (intent->kind) {
	case INTENT_SET:
	case INTENT_ADD:
	case INTENT_DROP:
	case INTENT_ROTATE:
		return true;
	case INTENT_UPDATE:
	case INTENT_OFFLINE:
	case INTENT_SHOW_ADDRESS:
		break;
	}
	return false;
}

#endif
