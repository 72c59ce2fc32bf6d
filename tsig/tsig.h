/*
 * tsig: transaction signatures for DNS messages, RFC 8945, on wire bytes.
 *
 * An independent library: it needs libc and libcrypto only, knows no sockets, no clock and no DNS library. The caller
 * passes the message, the key and the time; the library appends or checks the TSIG record that ends the additional
 * section.
 *
 * A client does:
 *      tsig_sign(message, &len, cap, key, &(struct tsig_signing){ .time_s = now }, &request_mac);
 *      ... send, receive ...
 *      how = (struct tsig_checking){ .now_s = now, .request_mac = &request_mac };
 *      status = tsig_verify(reply, &reply_len, key, &how, &report);
 * and believes the reply if and only if the status is TSIG_OK.
 *
 * Ownership: keys belong to the caller from tsig_key_new() and tsig_keys_read() until tsig_key_free(), which zeroes
 * the secret. A key is immutable and may be shared by threads. No function keeps a pointer to what it is given.
 */
#ifndef TSIG_H
#define TSIG_H

#include <stddef.h>
#include <stdint.h>

/* A result that the caller must look at. */
#define TSIG_MUST_USE __attribute__((warn_unused_result))

/* What every function here returns. TSIG_OK is 0; texts by tsig_status_text(). */
#define TSIG_STATUS_LIST(X)                                                                                            \
	X(TSIG_OK, "no error")                                                                                         \
	X(TSIG_NO_MEMORY, "out of memory")                                                                             \
	X(TSIG_CRYPTO, "the cryptographic library failed")                                                             \
	X(TSIG_NO_SPACE, "no room in the buffer for the TSIG record")                                                  \
	X(TSIG_MALFORMED, "malformed message or TSIG record (FORMERR)")                                                \
	X(TSIG_UNSIGNED, "the message carries no TSIG record")                                                         \
	X(TSIG_UNSIGNED_ERROR, "the TSIG record reports an error and carries no MAC")                                  \
	X(TSIG_BADKEY, "key name or algorithm is not the expected one (BADKEY)")                                       \
	X(TSIG_BADSIG, "the MAC does not match (BADSIG)")                                                              \
	X(TSIG_BADTIME, "the time signed lies outside the fudge (BADTIME)")                                            \
	X(TSIG_BADTRUNC, "the MAC is shorter than policy allows (BADTRUNC)")                                           \
	X(TSIG_BAD_NAME, "not a domain name")                                                                          \
	X(TSIG_BAD_ALGORITHM,                                                                                          \
	  "unknown TSIG algorithm: not hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384 or "                 \
	  "hmac-sha512")                                                                                               \
	X(TSIG_BAD_SECRET, "the secret is not base64, or is empty or too long")                                        \
	X(TSIG_BAD_FILE, "the key file has a syntax error or holds no key")                                            \
	X(TSIG_IO, "the key file cannot be read")

enum tsig_status {
#define X(name, text) name,
	TSIG_STATUS_LIST(X)
#undef X
};

const char *tsig_status_text(enum tsig_status status);

/* The TSIG RCODEs of RFC 8945 section 3, as they travel in the record's error field. */
enum tsig_rcode {
	TSIG_RCODE_NOERROR = 0,
	TSIG_RCODE_BADSIG = 16,
	TSIG_RCODE_BADKEY = 17,
	TSIG_RCODE_BADTIME = 18,
	TSIG_RCODE_BADTRUNC = 22,
};

/* "BADKEY" and so on; "TSIG error N" is not built here: an unknown code gives "unknown". */
const char *tsig_rcode_text(uint16_t rcode);

enum {
	TSIG_MAC_MAX = 64,          /* octets of the longest MAC, HMAC-SHA-512 */
	TSIG_NAME_MAX = 255,        /* octets of a domain name on the wire, RFC 1035 section 3.1 */
	TSIG_SECRET_MAX = 512,      /* octets of the longest secret that a key may hold */
	TSIG_KEY_FILE_MAX = 65536,  /* octets of the longest key file */
	TSIG_FUDGE_DEFAULT_S = 300, /* RFC 8945 section 10 */
	TSIG_RECORD_MAX =
		TSIG_NAME_MAX + 10 + TSIG_NAME_MAX + 6 + 2 + 2 + TSIG_MAC_MAX + 2 + 2 + 2 + 6, /* longest TSIG record */
};

/* ---- Keys ---- */

struct tsig_key;

/*
 * Makes a key. `name` is the key's domain name in presentation form (trailing dot optional, case ignored, escapes of
 * RFC 1035 section 5.1 understood), `algorithm` one of hmac-md5, hmac-md5.sig-alg.reg.int, hmac-sha1, hmac-sha224,
 * hmac-sha256, hmac-sha384, hmac-sha512 (case ignored, trailing dot optional), `secret` `secret_len` raw octets,
 * which are copied. On success *out owns the key. Errors: TSIG_BAD_NAME, TSIG_BAD_ALGORITHM, TSIG_BAD_SECRET,
 * TSIG_NO_MEMORY.
 */
TSIG_MUST_USE enum tsig_status tsig_key_new(const char *name, const char *algorithm, const uint8_t *secret,
					    size_t secret_len, struct tsig_key **out);

/* The same with the secret in base64 (RFC 4648 section 4, padding required; white space is skipped). */
TSIG_MUST_USE enum tsig_status tsig_key_new_base64(const char *name, const char *algorithm, const char *secret,
						   struct tsig_key **out);

/* Another key that is the same, for a user who cannot be sure of the first one's life. TSIG_NO_MEMORY. */
TSIG_MUST_USE enum tsig_status tsig_key_copy(const struct tsig_key *key, struct tsig_key **out);

/* Zeroes the secret, frees the key and sets *key to NULL. NULL and *key == NULL are allowed. */
void tsig_key_free(struct tsig_key **key);

enum { TSIG_NAME_TEXT_SIZE = TSIG_NAME_MAX * 4 + 1 }; /* room for a name with every octet as \DDD, and the NUL */

/* Lower-case presentation form without the trailing dot ("." for the root); belongs to the key. */
const char *tsig_key_name(const struct tsig_key *key);

/* "hmac-sha256" and so on (hmac-md5 without its long suffix); a constant. */
const char *tsig_key_algorithm(const struct tsig_key *key);

/* Length in octets of a full MAC of this key's algorithm. */
size_t tsig_key_mac_len(const struct tsig_key *key);

enum { TSIG_SECRET_TEXT_SIZE = (TSIG_SECRET_MAX + 2) / 3 * 4 + 1 }; /* room for tsig_key_secret(), with the NUL */

/*
 * Writes the secret in base64, as key files have it, into `buffer`, which is returned and which the caller should zero
 * afterwards.
 */
const char *tsig_key_secret(const struct tsig_key *key, char buffer[TSIG_SECRET_TEXT_SIZE]);

/*
 * Where and why a key file was refused. `line` counts from 1, 0 if no line is to blame; `text` is one sentence
 * without a secret in it.
 */
struct tsig_file_error {
	unsigned line;
	char text[160];
};

/*
 * Reads all `key "name" { algorithm ...; secret "..."; };` statements of a BIND key file as tsig-keygen writes it, by
 * the lexical rules of named.conf (comments: #, //, C style). Other statements are an error, and so are a second key
 * of the same name and no key at all. Or reads the `key:` section of knot.conf, as `keymgr -t` writes it. A mark of
 * UTF-8 at the beginning is skipped. `text` holds `len` octets, at most TSIG_KEY_FILE_MAX, which the caller should
 * zero afterwards. On success *out is an array of *count keys that the caller releases with tsig_keys_free(). Errors:
 * TSIG_BAD_FILE and the errors of tsig_key_new(), with *error filled in; *out and *count are then untouched.
 */
TSIG_MUST_USE enum tsig_status tsig_keys_parse(const char *text, size_t len, struct tsig_key ***out, size_t *count,
					       struct tsig_file_error *error);

/*
 * Opens and reads a key file, which must be a regular file, and parses it. Additional errors: TSIG_IO with errno's
 * text in *error. Who else may read the file is the caller's matter.
 */
TSIG_MUST_USE enum tsig_status tsig_keys_read(const char *path, struct tsig_key ***out, size_t *count,
					      struct tsig_file_error *error);

/* Frees the keys as tsig_key_free() does and their array, and sets *keys to NULL. */
void tsig_keys_free(struct tsig_key ***keys, size_t count);

/* ---- Signing and checking ---- */

/* A MAC as it travelled, possibly truncated. len 0 means none. */
struct tsig_mac {
	size_t len;
	uint8_t octets[TSIG_MAC_MAX];
};

/* How to sign. All zero but time_s is a plain request. For a response with error BADTIME, time_s and fudge_s are those
 * of the request (RFC 8945 section 5.2.3). */
struct tsig_signing {
	uint64_t time_s;                    /* time signed, seconds since 1970 UTC; 48 bits travel */
	uint16_t fudge_s;                   /* 0 means TSIG_FUDGE_DEFAULT_S */
	size_t mac_len;                     /* truncate the MAC to this many octets; 0 means full length */
	const struct tsig_mac *request_mac; /* when signing a response: the request's MAC, else NULL */
	uint16_t error;                     /* when signing a response: the TSIG RCODE */
	uint64_t server_time_s;             /* goes into Other Data when error is TSIG_RCODE_BADTIME */
};

/*
 * Appends a TSIG record to the message of *len octets in `wire`, which has room for `cap`, increments ARCOUNT and
 * *len, and leaves the MAC in *mac (for the check of the reply; NULL if nobody wants it). RFC 8945 sections 4.3 and
 * 5.1. The original ID is the message's ID. A response with error BADKEY or BADSIG gets no MAC, as section 5.3.2
 * demands. Errors, upon which the message is unchanged:
 *      TSIG_MALFORMED  not a whole DNS message (its sections are walked), or already signed
 *      TSIG_NO_SPACE   beyond `cap`, or beyond the 65,535 octets of a DNS message
 *      TSIG_BADTRUNC   mac_len below the RFC's minimum (see mac_len_min), or above the full length
 *      TSIG_CRYPTO
 */
TSIG_MUST_USE enum tsig_status tsig_sign(uint8_t *wire, size_t *len, size_t cap, const struct tsig_key *key,
					 const struct tsig_signing *how, struct tsig_mac *mac);

/* How to check. */
struct tsig_checking {
	uint64_t now_s;                     /* our time, seconds since 1970 UTC */
	const struct tsig_mac *request_mac; /* checking a response: the MAC of our request; NULL for a request */
	/* Shortest MAC accepted, in octets; 0 means full length only. Never below the RFC's minimum, max(10, half the
	 * hash), whatever is asked for. */
	size_t mac_len_min;
};

/* What the TSIG record of a checked message said. Only believable when tsig_verify() returned TSIG_OK or TSIG_BADTIME,
 * else a hint for a log line. */
struct tsig_report {
	uint16_t error; /* TSIG RCODE */
	uint16_t original_id;
	uint64_t time_s; /* time signed */
	uint16_t fudge_s;
	int has_server_time; /* error is BADTIME and Other Data holds the server's time */
	uint64_t server_time_s;
	char key_name[TSIG_NAME_TEXT_SIZE]; /* presentation form, escaped as RFC 1035 section 5.1 */
	struct tsig_mac mac;
};

/*
 * Checks the TSIG record that must be the last record of the message, in the order of RFC 8945 section 5.2: key, MAC,
 * time, truncation; for a response the request's MAC is part of the digest (section 5.3). On TSIG_OK, and on
 * TSIG_BADTIME, the record is removed: *len shrinks, ARCOUNT is decremented and the ID restored to the original ID (a
 * forwarder may have changed it on the way). That the ID in the header, before this call, is that of a request is for
 * the caller to check; the original ID of a response is the one by which its signer knew the request, section 4.2. The
 * message is otherwise unchanged. `report` may be NULL. Results:
 *      TSIG_OK              the MAC is right and in time; report->error may still name an error that the peer signed
 *                           (BADTIME, BADTRUNC)
 *      TSIG_UNSIGNED        no TSIG record at all
 *      TSIG_UNSIGNED_ERROR  a TSIG record with error BADKEY or BADSIG and an empty MAC (section 5.3.2), whatever key
 *                           it names: a hint, proof of nothing
 *      TSIG_BADKEY          another key's name or algorithm
 *      TSIG_BADSIG          wrong MAC: forged, or altered, or another secret
 *      TSIG_BADTIME         right MAC, but now_s and time signed differ by more than the fudge
 *      TSIG_BADTRUNC        right MAC in time, but shorter than policy (mac_len_min)
 *      TSIG_MALFORMED       cannot be parsed; or a TSIG record that is not the last one or not the only one; or a MAC
 *                           longer than the hash or shorter than the RFC's minimum (section 5.2.2.1)
 *      TSIG_CRYPTO
 */
TSIG_MUST_USE enum tsig_status tsig_verify(uint8_t *wire, size_t *len, const struct tsig_key *key,
					   const struct tsig_checking *how, struct tsig_report *report);

#endif
