/*
 * The configuration: what a good file gives, and each thing that can be wrong with one, told with file and line.
 */
#include "hosts.h"
#include "support.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"

#define SECRET   "c2VjcmV0IG9mIHRoZSBnYXRld2F5"
#define SENTINEL "S3nt1nelThatNobodyMayRead"

enum {
	COMPLAINTS_MAX = 16,
	TEXT_MAX = 512,
};

const char *__lsan_default_suppressions(void);

/* libconfig 1.5 leaks what it was reading when it met a syntax error. */
const char *__lsan_default_suppressions(void)
{
	return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

/* ---- Files ---- */

static char folder[] = "/tmp/ddnsgate-config-test.XXXXXX";

static const char *in_folder(const char *name)
{
	static char paths[4][PATH_MAX];
	static size_t next;
	char *path = paths[next++ % LENGTH(paths)];

	snprintf(path, PATH_MAX, "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, mode_t mode, const char *text)
{
	FILE *stream = fopen(in_folder(name), "w");

	assert_non_null(stream);
	assert_int_equal(fchmod(fileno(stream), mode), 0);
	assert_true(fputs(text, stream) >= 0);
	assert_int_equal(fclose(stream), 0);
}

/* The same for a configuration, in which ' stands for a double quote so that tables can be read. */
static void write_config(const char *name, mode_t mode, const char *text)
{
	char *quoted = strdup(text);

	assert_non_null(quoted);
	for (char *at = quoted; (at = strchr(at, '\''));)
		*at = '"';
	write_file(name, mode, quoted);
	free(quoted);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static void empty_folder(void)
{
	DIR *entries = opendir(folder);

	assert_non_null(entries);
	for (struct dirent *entry; (entry = readdir(entries));) {
		if (entry->d_name[0] != '.')
			unlink(in_folder(entry->d_name));
	}
	closedir(entries);
}

static int remove_folder(void **state)
{
	(void)state;
	empty_folder();
	return rmdir(folder);
}

static int clean(void **state)
{
	(void)state;
	empty_folder();
	return 0;
}

/* ---- Loading ---- */

struct complaint {
	bool is_error;
	unsigned line;
	char file[PATH_MAX];
	char text[TEXT_MAX];
};

/* A load, what came of it and what was told. */
struct load {
	enum status status;
	struct config *config;
	size_t errors, count;
	size_t plain_keys; /* advice on keys in plain, which most of the files here hold, is counted apart */
	struct complaint complaints[COMPLAINTS_MAX];
};

static void on_complaint(void *ctx, bool is_error, const char *file, unsigned line, const char *text)
{
	struct load *load = ctx;
	struct complaint *complaint = &load->complaints[load->count];

	if (!is_error && strstr(text, "in plain")) {
		load->plain_keys++;
		return;
	}
	assert_true(load->count < COMPLAINTS_MAX);
	load->count++;
	load->errors += is_error;
	complaint->is_error = is_error;
	complaint->line = line;
	snprintf(complaint->file, sizeof complaint->file, "%s", file);
	snprintf(complaint->text, sizeof complaint->text, "%s", text);
}

/* What is told is one line and holds no secret. */
static void check_complaints(const struct load *load)
{
	for (size_t i = 0; i < load->count; i++) {
		const char *text = load->complaints[i].text;

		assert_row(text, !strstr(text, SENTINEL) && !strstr(text, SECRET));
		assert_row(text, *text && !strchr(text, '\n'));
	}
}

static void load_path(const char *path, struct load *load)
{
	memset(load, 0, sizeof *load);
	load->status = config_load(path, on_complaint, load, &load->config);
	check_complaints(load);
	if (load->status == STATUS_OK) {
		assert_non_null(load->config);
		assert_int_equal(load->errors, 0);
	} else {
		assert_int_equal(load->status, STATUS_INVALID);
		assert_null(load->config);
		assert_int_not_equal(load->errors, 0);
	}
}

/* The parts of a configuration; each stands on a line of its own, in this order, so that `extra` begins on line 5. */
struct parts {
	const char *listen, *tsig_keys, *zones, *users, *extra;
};

/* A user with two keys; the setting of the second one stands on the next line, line 5. */
#define USER_WITH_KEY(setting)                                                                                         \
	"users = ( { login = 'a'; key = '" SENTINEL "'; keys = ( { name = 'n'; key = '" SENTINEL "';\n" setting        \
	"} ); } );"

#define OR(part, usual) ((part) ? (part) : (usual))

static void write_parts(mode_t mode, const struct parts *parts)
{
	static char text[16 * 1024];

	snprintf(text, sizeof text, "%s\n%s\n%s\n%s\n%s\n", OR(parts->listen, "listen = ( { address = '::'; } );"),
		 OR(parts->tsig_keys, "tsig_keys = ( { name = 'gw'; secret = '" SECRET "'; } );"),
		 OR(parts->zones,
		    "zones = ( { name = 'dyn.example.com'; primaries = ( '192.0.2.53' ); key = 'gw'; } );"),
		 OR(parts->users,
		    "users = ( { login = 'myLogin'; key = '" SENTINEL "'; hosts = ( 'www.dyn.example.com' ); } );"),
		 OR(parts->extra, ""));
	write_config("test.cfg", mode, text);
}

static void load_parts(const struct parts *parts, struct load *load)
{
	write_parts(0600, parts);
	load_path(in_folder("test.cfg"), load);
}

static bool is_told(const struct load *load, unsigned line, const char *words)
{
	for (size_t i = 0; i < load->count; i++) {
		if (load->complaints[i].line == line && strstr(load->complaints[i].text, words))
			return true;
	}
	return false;
}

static void print_complaints(const struct load *load)
{
	for (size_t i = 0; i < load->count; i++)
		print_message("told: %s:%u: %s\n", load->complaints[i].file, load->complaints[i].line,
			      load->complaints[i].text);
}

/* Exactly one error, on that line of the file, with these words in it. */
static void assert_one_error(const struct load *load, const char *file, unsigned line, const char *words)
{
	if (load->errors == 1 && load->count == 1 && is_told(load, line, words) &&
	    strcmp(load->complaints[0].file, in_folder(file)) == 0)
		return;
	print_complaints(load);
	fail_msg("expected: %s:%u: ... %s ...", in_folder(file), line, words);
}

/* ---- Good files ---- */

static void options_that_are_left_out_have_their_defaults(void **state)
{
	struct load load;

	(void)state;
	load_parts(&(struct parts){0}, &load);
	assert_int_equal(load.status, STATUS_OK);
	assert_int_equal(load.count, 0);
	assert_int_equal(load.config->listeners[0].port, 8080);
	assert_int_equal(load.config->zones[0].ttl_s, 180);
	assert_true(load.config->zones[0].active);
	assert_int_equal(load.config->zones[0].primaries[0].endpoint.port, 53);
	assert_string_equal(tsig_key_algorithm(load.config->zones[0].key), "hmac-sha256");
	assert_true(load.config->users[0].active);
	assert_true(load.config->users[0].may_update);
	assert_int_equal(load.config->log_level, LOG_INFO);
	assert_int_equal(load.config->log_format, LOG_FORMAT_TEXT);
	assert_string_equal(load.config->log_to, "stderr");
	assert_false(load.config->has_admin);
	assert_int_equal(load.config->zones[0].tls_pin_count, 0);
	assert_null(load.config->zones[0].tls_ca);
	assert_false(load.config->uniform_auth_errors);
	assert_true(load.config->allow_private);
	assert_false(load.config->allow_loopback);
	assert_int_equal(load.config->request_timeout_ms, 10000);
	assert_int_equal(load.config->connect_timeout_ms, 2000);
	assert_int_equal(load.config->reply_timeout_ms, 4000);
	assert_int_equal(load.config->fudge_s, 300);
	assert_int_equal(load.config->connections_max, 16);
	assert_int_equal(load.config->queue_max, 10000);
	assert_int_equal(load.config->hints_max, 2097152);
	assert_int_equal(load.config->metrics_zones_max, 100);
	assert_int_equal(load.config->idle_timeout_s, 30);
	assert_int_equal(load.config->max_connections, 16000);
	assert_int_equal(load.config->max_connections_per_source, 2000);
	config_release(&load.config);
	assert_null(load.config);
}

static void options_that_are_given_are_taken(void **state)
{
	struct load load;

	(void)state;
	load_parts(
		&(struct parts){
			.extra =
				"log_level = 'debug'; log_format = 'json'; log_to = 'syslog'; admin_listen = '::1'; admin_names = ( 'gw-admin', '10.0.0.1' ); uniform_auth_errors = true; allow_private = false;"
				"allow_loopback = true; request_timeout_ms = 60000; connect_timeout_ms = 50;"
				"reply_timeout_ms = 0x64; fudge_s = 3600L; connections_max = 256; queue_max = 1; hints_max = 1024; metrics_zones_max = 0; idle_timeout_s = 3600;"
				"max_connections = 1000000; max_connections_per_source = 0;"},
		&load);
	assert_int_equal(load.status, STATUS_OK);
	assert_int_equal(load.config->log_level, LOG_DEBUG);
	assert_int_equal(load.config->log_format, LOG_FORMAT_JSON);
	assert_string_equal(load.config->log_to, "syslog");
	assert_true(load.config->has_admin);
	assert_int_equal(load.config->admin.port, 9153);
	assert_int_equal(load.config->admin_name_count, 2);
	assert_string_equal(load.config->admin_names[0].host.text, "gw-admin");
	assert_true(load.config->uniform_auth_errors);
	assert_false(load.config->allow_private);
	assert_true(load.config->allow_loopback);
	assert_int_equal(load.config->request_timeout_ms, 60000);
	assert_int_equal(load.config->connect_timeout_ms, 50);
	assert_int_equal(load.config->reply_timeout_ms, 100);
	assert_int_equal(load.config->fudge_s, 3600);
	assert_int_equal(load.config->connections_max, 256);
	assert_int_equal(load.config->queue_max, 1);
	assert_int_equal(load.config->hints_max, 1024);
	assert_int_equal(load.config->metrics_zones_max, 0);
	assert_int_equal(load.config->idle_timeout_s, 3600);
	assert_int_equal(load.config->max_connections, 1000000);
	assert_int_equal(load.config->max_connections_per_source, 0);
	config_release(&load.config);
}

static bool is_key(const struct account_key *key, const char *text)
{
	uint8_t digest[KEY_DIGEST_LEN];

	assert_int_equal(key_digest(text_of(text), digest), STATUS_OK);
	return key_matches(&key->key, digest);
}

static void reads_keys_with_names_and_limits(void **state)
{
	static const char *const rows[] = {
		"users = ( { login = 'a'; key = 'lone'; keys = ( { name = 'one'; key = 'first'; }, { name = 'two'; key = 'second';"
		" hosts = ( 'www.dyn.example.com', '*.dyn.example.com' ); from = ( '192.0.2.0/24', '::1' ); expires = '2027-01-31'; } ); } );",
		"users = ( { login = 'a'; keys = ( { name = 'one'; key = 'first'; }, { name = 'two'; key = 'second';"
		" hosts = ( 'www.dyn.example.com', '*.dyn.example.com' ); from = ( '192.0.2.0/24', '::1' ); expires = '2027-01-31'; } );"
		" key = 'lone'; } );",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct account_key *keys, *two;
		struct load load;

		load_parts(&(struct parts){.users = rows[i]}, &load);
		assert_int_equal(load.status, STATUS_OK);
		assert_int_equal(load.config->users[0].key_count, 3);
		keys = load.config->users[0].keys;
		two = &keys[i == 0 ? 2 : 1];
		assert_null(keys[i == 0 ? 0 : 2].name);
		assert_true(is_key(&keys[i == 0 ? 0 : 2], "lone"));
		assert_true(is_key(&keys[i == 0 ? 1 : 0], "first"));
		assert_true(is_key(two, "second"));
		assert_string_equal(two->name, "two");
		assert_int_equal(host_list_count(two->hosts.list), 2);
		assert_int_equal(host_of(two->hosts.list, 1).kind, HOST_BELOW);
		assert_int_equal(two->source_count, 2);
		assert_int_equal(two->sources[0].bits, 24);
		assert_int_equal(two->expires_s, 1801440000); /* date -ud '2027-02-01 00:00' +%s */
		config_release(&load.config);
	}
}

static void reads_listeners_zones_and_users(void **state)
{
	const struct parts parts = {
		.listen = "listen = ( { address = '0.0.0.0'; port = 80; }, { address = '::1'; port = 65535; } );",
		.zones = "zones = ( { name = 'Dyn.Example.com.';"
			 " primaries = ( '127.0.0.1:5353', '[::1]:5354', '2001:db8::53' ); key = 'GW.';"
			 " ttl = 60; active = false; },"
			 " { name = '0-63.2.0.192.in-addr.arpa'; primaries = [ '192.0.2.53' ]; key = 'gw'; } );",
		.users = "users = ( { login = 'myLogin'; key = 'ER2T';"
			 " hosts = ( 'WWW.dyn.example.com', '*.home.dyn.example.com', 'zone:dyn.example.com' );"
			 " active = false; may_update = false; },"
			 " { login = 'a b:\\'c\\''; hosts = 'one.dyn.example.com'; }, { login = 'MyLogin'; } );",
	};
	const struct config *config;
	struct load load;
	char buffer[PEER_TEXT_MAX];

	(void)state;
	load_parts(&parts, &load);
	print_complaints(&load);
	assert_int_equal(load.status, STATUS_OK);
	config = load.config;

	assert_int_equal(config->listener_count, 2);
	assert_int_equal(config->listeners[1].port, 65535);
	assert_int_equal(config->listeners[1].address.family, ADDR_V6);

	assert_int_equal(config->zone_count, 2);
	assert_string_equal(config->zones[0].name.text, "dyn.example.com");
	assert_int_equal(config->zones[0].primary_count, 3);
	assert_string_equal(peer_format(&config->zones[0].primaries[0], buffer), "127.0.0.1:5353");
	assert_string_equal(peer_format(&config->zones[0].primaries[1], buffer), "[::1]:5354");
	assert_string_equal(peer_format(&config->zones[0].primaries[2], buffer), "[2001:db8::53]:53");
	assert_ptr_equal(config->zones[0].key, config->tsig[0].keys[0]);
	assert_int_equal(config->zones[0].ttl_s, 60);
	assert_false(config->zones[0].active);
	assert_true(config->zones[1].active);

	assert_int_equal(config->user_count, 3);
	assert_string_equal(config->users[0].login, "myLogin");
	assert_int_equal(config->users[0].key_count, 1);
	assert_true(is_key(&config->users[0].keys[0], "ER2T"));
	assert_false(config->users[0].active);
	assert_false(config->users[0].may_update);
	assert_int_equal(host_list_count(config->users[0].hosts.list), 3);
	assert_int_equal(host_of(config->users[0].hosts.list, 0).kind, HOST_EXACT);
	assert_string_equal(host_of(config->users[0].hosts.list, 0).name.text, "www.dyn.example.com");
	assert_int_equal(host_of(config->users[0].hosts.list, 1).kind, HOST_BELOW);
	assert_int_equal(host_of(config->users[0].hosts.list, 2).kind, HOST_ZONE);
	assert_string_equal(config->users[1].login, "a b:\"c\"");
	assert_int_equal(config->users[1].key_count, 0);
	assert_int_equal(host_list_count(config->users[1].hosts.list), 1);
	assert_string_equal(config->users[2].login, "MyLogin"); /* capitals matter */
	config_release(&load.config);
}

static void tls_to_the_primaries_has_a_port_of_its_own(void **state)
{
	const struct parts parts = {
		.zones = "zones = ( { name = 'dyn.example.com'; key = 'gw';"
			 " primaries = ( 'ns1.example.com', '192.0.2.53:5353' );"
			 " tls_pins = ( 'sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f' ); },"
			 " { name = 'example.org'; key = 'gw'; primaries = ( '2001:db8::53' ); tls_ca = 'system';"
			 " tls_name = 'ns1.example.org'; } );",
		.users = "",
	};
	char text[PIN_TEXT_MAX], buffer[PEER_TEXT_MAX];
	const struct config_zone *zones;
	struct load load;

	(void)state;
	load_parts(&parts, &load);
	print_complaints(&load);
	assert_int_equal(load.status, STATUS_OK);
	zones = load.config->zones;
	assert_int_equal(zones[0].tls_pin_count, 1);
	assert_string_equal(pin_format(&zones[0].tls_pins[0], text),
			    "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	assert_string_equal(peer_format(&zones[0].primaries[0], buffer), "ns1.example.com:853");
	assert_string_equal(peer_format(&zones[0].primaries[1], buffer), "192.0.2.53:5353");
	assert_string_equal(peer_format(&zones[1].primaries[0], buffer), "[2001:db8::53]:853");
	assert_string_equal(zones[1].tls_ca, "system");
	assert_string_equal(zones[1].tls_name, "ns1.example.org");
	config_release(&load.config);
}

/* What the patterns of a user allow: `+` for each that may create and `-` for each that may not, in their order. */
static const char *rights_of(const struct account *account)
{
	static char rights[16];
	size_t count = 0;

	assert_in_range(host_list_count(account->hosts.list), 0, sizeof rights - 1);
	for (; count < host_list_count(account->hosts.list); count++)
		rights[count] = host_of(account->hosts.list, count).may_create ? '+' : '-';
	rights[count] = '\0';
	return rights;
}

static void users_may_create_where_they_are_told_to(void **state)
{
	static const struct {
		const char *user, *rights;
	} rows[] = {
		{"hosts = ( 'a.dyn.example.com', 'b.dyn.example.com' );", "--"},
		{"hosts = ( 'a.dyn.example.com' ); create_hosts = ( '*.lab.dyn.example.com', 'zone:dyn.example.com' );",
		 "-++"},
		{"create_hosts = 'a.dyn.example.com'; hosts = 'b.dyn.example.com';", "+-"},
		{"hosts = ( 'a.dyn.example.com' ); may_create = true;", "+"},
		{"may_create = true; hosts = ( 'a.dyn.example.com', '*.b.dyn.example.com' ); create_hosts = ( 'c.dyn.example.com' );",
		 "+++"},
		{"hosts = ( 'a.dyn.example.com' ); may_create = false; create_hosts = ( 'a.dyn.example.com' );", "-+"},
		{"may_create = true;", ""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char users[256];
		struct load load;

		snprintf(users, sizeof users, "users = ( { login = 'a'; %s } );", rows[i].user);
		load_parts(&(struct parts){.users = users}, &load);
		print_complaints(&load);
		assert_row(rows[i].user, load.status == STATUS_OK);
		assert_string_equal(rights_of(&load.config->users[0]), rows[i].rights);
		config_release(&load.config);
	}
}

static void errors_as_200_is_for_the_listener_that_has_it(void **state)
{
	struct load load;

	(void)state;
	load_parts(
		&(struct parts){
			.listen =
				"listen = ( { address = '::'; }, { address = '::'; port = 81; errors_as_200 = true; } );"},
		&load);
	assert_int_equal(load.status, STATUS_OK);
	assert_false(load.config->listeners[0].errors_as_200);
	assert_true(load.config->listeners[1].errors_as_200);
	config_release(&load.config);
}

static void nobody_has_to_be_a_user(void **state)
{
	struct load load;

	(void)state;
	load_parts(&(struct parts){.users = ""}, &load);
	assert_int_equal(load.status, STATUS_OK);
	assert_int_equal(load.config->user_count, 0);
	config_release(&load.config);
}

static void key_files_stand_beside_the_configuration_unless_absolute(void **state)
{
	static char tsig_keys[PATH_MAX + 100];
	struct load load;

	(void)state;
	write_file("two.key", 0640,
		   "key \"gw\" { algorithm hmac-sha512; secret \"" SECRET "\"; };\n"
		   "key \"gw2\" { algorithm hmac-sha256; secret \"" SECRET "\"; };\n");
	write_file("other.key", 0400, "key other { algorithm hmac-md5; secret " SECRET "; };\n");
	snprintf(tsig_keys, sizeof tsig_keys, "tsig_keys = ( { file = 'two.key'; }, { file = '%s'; } );",
		 in_folder("other.key"));
	load_parts(&(struct parts){.tsig_keys = tsig_keys}, &load);
	print_complaints(&load);
	assert_int_equal(load.status, STATUS_OK);
	assert_int_equal(load.config->tsig_count, 2);
	assert_int_equal(load.config->tsig[0].key_count, 2);
	assert_string_equal(tsig_key_algorithm(load.config->zones[0].key), "hmac-sha512");
	assert_string_equal(tsig_key_name(load.config->tsig[1].keys[0]), "other");
	config_release(&load.config);
}

static void secrets_do_not_stay_in_the_struct(void **state)
{
	struct load load;

	(void)state;
	load_parts(&(struct parts){0}, &load);
	assert_int_equal(load.status, STATUS_OK);
	assert_null(load.config->tsig[0].secret);
	config_release(&load.config);
}

static void releasing_nothing_does_nothing(void **state)
{
	struct config *config = NULL;

	(void)state;
	config_release(&config);
	config_release(NULL);
}

/* ---- Bad files ---- */

/* A configuration with one fault, and how it is told. */
struct fault {
	struct parts parts;
	unsigned line;
	const char *words;
};

static void assert_refused(const struct fault *faults, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct load load;

		load_parts(&faults[i].parts, &load);
		assert_one_error(&load, "test.cfg", faults[i].line, faults[i].words);
	}
}

static void refuses_an_unknown_option_and_suggests_a_near_one(void **state)
{
	static const struct fault faults[] = {
		{{.extra = "log_levle = 'info';"}, 5, "`log_levle`; did you mean `log_level`?"},
		{{.extra = "\n\nmax_conections = 5;"}, 7, "`max_conections`; did you mean `max_connections`?"},
		{{.extra = "allow_privat = true;"}, 5, "did you mean `allow_private`?"},
		{{.extra = "Fudge_s = 5;"}, 5, "did you mean `fudge_s`?"},
		{{.extra = "nothing_like_it = true;"}, 5, "unknown option `nothing_like_it`"},
		{{.extra = "ttl_of_everything_that_is_ever_written_to_any_zone = 5;"}, 5, "unknown option `ttl_of_"},
		{{.zones = "zones = ( { name = 'dyn.example.com'; primaries = '::1'; key = 'gw';\n ttll = 5; } );"},
		 4,
		 "`ttll`; did you mean `ttl`?"},
		{{.users = "users = ( {\n login = 'a';\n pasword = '" SENTINEL "'; } );"},
		 6,
		 "unknown option `pasword`"},
		{{.listen = "listen = ( { address = '::'; adress = '::'; } );"}, 1, "did you mean `address`?"},
	};

	(void)state;
	assert_refused(faults, LENGTH(faults));
}

static void refuses_a_wrong_type(void **state)
{
	static const struct fault faults[] = {
		{{.extra = "fudge_s = '300';"}, 5, "`fudge_s` must be a whole number, not a string"},
		{{.extra = "fudge_s = 300.5;"}, 5, "`fudge_s` must be a whole number"},
		{{.extra = "fudge_s = true;"}, 5, "`fudge_s` must be a whole number"},
		{{.extra = "log_level = 3;"}, 5, "`log_level` must be a string, not a number"},
		{{.extra = "allow_private = 1;"}, 5, "`allow_private` must be true or false, not a number"},
		{{.extra = "allow_private = 'yes';"}, 5, "`allow_private` must be true or false, not a string"},
		{{.listen = "listen = '::';"}, 1, "`listen` must be a list of groups"},
		{{.listen = "listen = { address = '::'; };"}, 1, "`listen` must be a list of groups"},
		{{.listen = "listen = ( '::' );"}, 1, "`listen` must be a list of groups"},
		{{.listen = "listen = ( { address = '::';\ncertificates = 'cert.pem'; } );"},
		 2,
		 "`certificates` must be a list of groups"},
		{{.users = "users = ( { login = 5; } );"}, 4, "`login` must be a string, not a number"},
		{{.users = "users = ( { login = 'a';\nkey = ( '" SENTINEL "' ); } );"}, 5, "`key` must be a string"},
		{{.users = "users = ( { login = 'a';\nkey = 12345; } );"}, 5, "`key` must be a string"},
		{{.users = "users = ( { login = 'a'; create_hosts = 5; } );"},
		 4,
		 "`create_hosts` must be a list of strings"},
		{{.users = "users = ( { login = 'a'; may_create = 'no'; } );"},
		 4,
		 "`may_create` must be true or false"},
		{{.listen = "listen = ( { address = '::'; errors_as_200 = 200; } );"},
		 1,
		 "`errors_as_200` must be true or false"},
		{{.users = "users = ( { login = 'a'; hosts = 5; } );"}, 4, "`hosts` must be a list of strings"},
		{{.users = "users = ( { login = 'a'; hosts = ( 'www.dyn.example.com',\n5 ); } );"},
		 5,
		 "`hosts` must be a string, not a number"},
		{{.listen = "listen = ( { path = 'a.sock';\nmode = 660; } );"}, 2, "`mode` must be a string"},
		{{.listen = "listen = ( { path = 'a.sock';\nmode = '0x10'; } );"}, 2, "`mode` must be octal digits"},
		{{.listen = "listen = ( { path = 'a.sock';\nmode = '01777'; } );"}, 2, "`mode` must be octal digits"},
		{{.listen = "listen = ( {\npath = ''; } );"}, 2, "`path` must have 1 to 107 octets"},
		{{.extra = "trusted_proxies = 1;"}, 5, "`trusted_proxies` must be a list of strings"},
		{{.extra = "trusted_proxies = ( '192.0.2.0/24',\n'192.0.2.1/24' );"},
		 6,
		 "\"192.0.2.1/24\" is not a network"},
		{{.listen = "listen = ( { address = '::';\ntrusted_proxies = ( 'localhost' ); } );"},
		 2,
		 "\"localhost\" is not a network"},
	};

	(void)state;
	assert_refused(faults, LENGTH(faults));
}

static void refuses_a_value_out_of_range_or_without_a_meaning(void **state)
{
	static const struct fault faults[] = {
		{{.extra = "fudge_s = 0;"}, 5, "`fudge_s` must be from 1 to 3600, not 0"},
		{{.extra = "fudge_s = 3601;"}, 5, "`fudge_s` must be from 1 to 3600, not 3601"},
		{{.extra = "fudge_s = -1;"}, 5, "`fudge_s` must be from 1 to 3600, not -1"},
		{{.extra = "fudge_s = 4294967301L;"}, 5, "`fudge_s` must be from 1 to 3600, not 4294967301"},
		{{.extra = "connections_max = 0;"}, 5, "`connections_max` must be from 1 to 256, not 0"},
		{{.extra = "connections_max = 257;"}, 5, "`connections_max` must be from 1 to 256, not 257"},
		{{.extra = "request_timeout_ms = 99;\nreply_timeout_ms = 50;"}, 5, "must be from 100 to 60000, not 99"},
		{{.extra = "log_level = 'verbose';"}, 5, "`log_level` must be"},
		{{.extra = "log_format = 'xml';"}, 5, "`log_format` must be \"text\" or \"json\""},
		{{.extra = "log_to = 'file';"}, 5, "`log_to` must be"},
		{{.extra = "admin_listen = '::1'; admin_names = ( 'a b' );"},
		 5,
		 "\"a b\" is neither a host name nor an IP address"},
		{{.extra = "admin_names = ( 'gw-admin' );"}, 5, "`admin_names` needs an `admin_listen`"},
		{{.extra = "admin_listen = 'localhost';"},
		 5,
		 "\"localhost\" is not an IP address with an optional port"},
		{{.listen = "listen = ( { address = '::';\nport = 0; } );"},
		 2,
		 "`port` must be from 1 to 65535, not 0"},
		{{.listen = "listen = ( { address = '::';\nport = 65536; } );"}, 2, "`port` must be from 1 to 65535"},
		{{.listen = "listen = ( { address = 'localhost'; } );"}, 1, "\"localhost\" is not an IP address"},
		{{.listen = "listen = ( { address = 'fe80::1'; } );"},
		 1,
		 "is a link-local address, which needs its interface: fe80::1%eth0"},
		{{.listen = "listen = ( { address = 'fe80::1%no-such-if0'; } );"},
		 1,
		 "\"fe80::1%no-such-if0\": what stands behind the % is to be an interface of this machine"},
		{{.listen = "listen = ( { address = '2001:db8::1%lo'; } );"},
		 1,
		 "\"2001:db8::1%lo\": what stands behind"},
		{{.listen = "listen = ( { address = '[fe80::1%lo]'; } );"}, 1, "\"[fe80::1%lo]\": what stands behind"},
		{{.listen = "listen = ( { address = '192.0.2.1:80'; } );"}, 1, "\"192.0.2.1:80\" is not an IP address"},
		{{.listen = "listen = ( { address = '[::]'; } );"}, 1, "\"[::]\" is not an IP address"},
		{{.zones = "zones = ( { name = 'dyn example'; primaries = '192.0.2.53'; key = 'gw'; } );"},
		 3,
		 "\"dyn example\" is not a domain name"},
		{{.zones = "zones = ( { name = 'dyn.example.com'; key = 'gw';\nprimaries = 'ns.example.com:0'; } );"},
		 4,
		 "\"ns.example.com:0\" is not an address or a host name"},
		{{.zones = "zones = ( { name = 'dyn.example.com'; primaries = '192.0.2.53:0'; key = 'gw'; } );"},
		 3,
		 "\"192.0.2.53:0\" is not an address or a host name"},
		{{.zones = "zones = ( { name = 'dyn.example.com'; primaries = 'fe80::53'; key = 'gw'; } );"},
		 3,
		 "is a link-local address, which needs its interface: fe80::53%eth0"},
		{{.zones =
			  "zones = ( { name = 'dyn.example.com'; primaries = '192.0.2.53'; key = 'gw'; ttl = -1; } );"},
		 3,
		 "`ttl` must be from 0"},
		{{.users = "users = ( { login = 'a'; create_hosts = ( 'www.*.example.com' ); } );"},
		 4,
		 "www.*.example.com"},
		{{.users = "users = ( { login = 'a'; hosts = ( 'www.*.example.com' ); } );"},
		 4,
		 "\"www.*.example.com\" is none of"},
		{{.users = "users = ( { login = ''; } );"}, 4, "`login` is empty"},
		{{.users = "users = ( { login = 'a';\nkey = ''; } );"}, 5, "`key` is empty"},
		{{.users = "users = ( { login = 'a';\nkey = 'sha256:" SENTINEL "'; } );"}, 5, "malformed hash"},
		{{.users = "users = ( { login = 'a';\nkey = '$6$" SENTINEL "'; } );"}, 5, "malformed hash"},
		{{.users = "users = ( { login = 'a'; keys = ( {\nname = 'n'; } ); } );"}, 4, "`key` is missing"},
		{{.users = "users = ( { login = 'a'; keys = (\n{ key = '" SENTINEL "'; } ); } );"},
		 5,
		 "`name` is missing"},
		{{.users = USER_WITH_KEY("from = '192.0.2.1/24';")}, 5, "is not a network"},
		{{.users = USER_WITH_KEY("from = ( 'lan' );")}, 5, "is not a network"},
		{{.users = USER_WITH_KEY("expires = '2027-02-29';")}, 5, "is not a date"},
		{{.users = USER_WITH_KEY("expires = 'never';")}, 5, "is not a date"},
		{{.users = USER_WITH_KEY("hosts = 'a b';")}, 5, "is none of"},
		{{.users = USER_WITH_KEY("hosts = 'www.example.org';")}, 5, "lies in none of the zones"},
	};

	(void)state;
	assert_refused(faults, LENGTH(faults));
}

static void refuses_a_file_without_what_is_required(void **state)
{
	static const struct fault faults[] = {
		{{.listen = ""}, 0, "`listen` is missing"},
		{{.tsig_keys = ""}, 0, "`tsig_keys` is missing"},
		{{.zones = "", .users = ""}, 0, "`zones` is missing"},
		{{.listen = "listen = ();"}, 1, "`listen` is empty"},
		{{.zones = "zones = ();", .users = ""}, 3, "`zones` is empty"},
		{{.listen = "listen = ( { address = '::'; },\n { port = 80; } );"},
		 2,
		 "has an `address` (and a `port`) or a `path`"},
		{{.listen = "listen = ( { address = '::';\npath = '/run/a.sock'; } );"},
		 1,
		 "has an `address` (and a `port`) or a `path`"},
		{{.listen = "listen = ( { path = '/run/a.sock';\nport = 80; } );"}, 2, "has no `port`"},
		{{.listen = "listen = ( { address = '::';\nmode = '0660'; } );"}, 2, "`mode` is for Unix sockets"},
		{{.listen = "listen = ( { address = '::';\nproxy_protocol = true; } );"},
		 2,
		 "`proxy_protocol` needs `trusted_proxies`"},
		{{.users = "users = ( { login = 'a'; },\n { key = '" SENTINEL "'; } );"}, 5, "`login` is missing"},
		{{.zones = "zones = ( { primaries = '192.0.2.53'; key = 'gw'; } );"}, 3, "`name` is missing"},
		{{.zones = "zones = ( { name = 'dyn.example.com'; key = 'gw'; } );"}, 3, "`primaries` is missing"},
		{{.zones = "zones = ( { name = 'dyn.example.com'; primaries = (); key = 'gw'; } );"},
		 3,
		 "`primaries` is empty"},
		{{.zones = "zones = ( { name = 'dyn.example.com'; primaries = '192.0.2.53'; } );"},
		 3,
		 "`key` is missing"},
	};

	(void)state;
	assert_refused(faults, LENGTH(faults));
}

static void refuses_a_tsig_key_that_is_not_one(void **state)
{
	static const struct fault faults[] = {
		{{.tsig_keys = "tsig_keys = ( { name = 'gw'; } );"}, 2, "needs a `file`, or a `name` and a `secret`"},
		{{.tsig_keys = "tsig_keys = ( { secret = '" SECRET "'; } );"},
		 2,
		 "needs a `file`, or a `name` and a `secret`"},
		{{.tsig_keys = "tsig_keys = ( { file = 'gw.key'; name = 'gw'; secret = '" SECRET "'; } );"},
		 2,
		 "not from both"},
		{{.tsig_keys = "tsig_keys = ( { name = 'gw'; secret = '" SENTINEL "!'; } );"}, 2, "not base64"},
		{{.tsig_keys = "tsig_keys = ( { name = 'gw'; secret = ''; } );"}, 2, "TSIG key \"gw\""},
		{{.tsig_keys = "tsig_keys = ( { name = 'g..w'; secret = '" SECRET "'; } );"}, 2, "not a domain name"},
		{{.tsig_keys = "tsig_keys = ( { name = 'gw'; algorithm = 'hmac-shac384'; secret = '" SECRET "'; } );"},
		 2,
		 "unknown TSIG algorithm: not hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384 or hmac-sha512"},
		{{.tsig_keys = "tsig_keys = ( { name = 'gw'; secret = '" SECRET
			       "'; },\n { name = 'GW.'; secret = '" SECRET "'; } );"},
		 3,
		 "TSIG key \"gw\" is there twice"},
	};

	(void)state;
	assert_refused(faults, LENGTH(faults));
}

static void refuses_options_that_contradict_each_other(void **state)
{
	static const struct fault faults[] = {
		{{.zones = "zones = ( { name = 'dyn.example.com'; primaries = '192.0.2.53';\n key = 'gw2'; } );"},
		 4,
		 "there is no TSIG key \"gw2\""},
		{{.zones = "zones = ( { name = 'dyn.example.com'; primaries = '192.0.2.53'; key = 'gw'; },\n"
			   "{ name = 'DYN.example.com.'; primaries = '192.0.2.53'; key = 'gw'; } );"},
		 4,
		 "zone dyn.example.com is there twice"},
		{{.users = "users = ( { login = 'a'; hosts = ( 'www.dyn.example.com',\n'www.example.com' ); } );"},
		 5,
		 "\"www.example.com\" lies in none of the zones"},
		{{.users = "users = ( { login = 'a'; hosts = 'www.notdyn.example.com'; } );"},
		 4,
		 "lies in none of the zones"},
		{{.users = "users = ( { login = 'a'; create_hosts = ( 'www.example.com' ); } );"},
		 4,
		 "lies in none of the zones"},
		{{.users = "users = ( { login = 'a'; hosts = ( '*.example.com' ); } );"},
		 4,
		 "lies in none of the zones"},
		{{.users = "users = ( { login = 'a'; hosts = ( 'zone:sub.dyn.example.com' ); } );"},
		 4,
		 "lies in none of the zones"},
		{{.users = "users = ( { login = 'a'; },\n { login = 'b'; },\n { login = 'a'; } );"},
		 6,
		 "login \"a\" is there twice"},
		{{.extra = "reply_timeout_ms = 5000;\nrequest_timeout_ms = 4000;"}, 6, "must not be less than"},
		{{.extra = "group = 'nogroup';"}, 5, "`group` needs a `user`"},
	};

	(void)state;
	assert_refused(faults, LENGTH(faults));
}

static void refuses_what_is_not_the_language_of_libconfig(void **state)
{
	static const struct fault faults[] = {
		{{.extra = "log_level 'info';"}, 5, "syntax error"},
		{{.extra = "fudge_s = 5;\nfudge_s = 6;"}, 6, "duplicate"},
		{{.extra = "@include 'missing.cfg'"}, 5, "include"},
	};

	(void)state;
	assert_refused(faults, LENGTH(faults));
}

static void a_deadline_that_contradicts_a_default_is_told_with_its_line(void **state)
{
	struct load load;

	(void)state;
	load_parts(&(struct parts){.extra = "\nreply_timeout_ms = 20000;"}, &load);
	assert_one_error(&load, "test.cfg", 6, "must not be less than");
}

static void a_complaint_is_one_line_whatever_the_value(void **state)
{
	struct load load;

	(void)state;
	load_parts(&(struct parts){.listen = "listen = ( { address = '::;\n} );\n# '; } );"}, &load);
	assert_int_equal(load.errors, 1);
}

static void tells_all_errors_at_once(void **state)
{
	const struct parts parts = {
		.listen = "listen = ( { address = 'nowhere'; port = 0; } );",
		.tsig_keys = "tsig_keys = ( { name = 'gw'; } );",
		.zones = "zones = ( { name = 'dyn.example.com'; primaries = 'x y'; ttl = '1h'; } );",
		.users = "users = ( { login = 'a'; hosts = '..'; } );",
		.extra = "log_level = 'loud'; fudge = 5;",
	};
	struct load load;

	(void)state;
	load_parts(&parts, &load);
	assert_true(is_told(&load, 1, "\"nowhere\""));
	assert_true(is_told(&load, 1, "`port`"));
	assert_true(is_told(&load, 2, "TSIG key"));
	assert_true(is_told(&load, 3, "\"x y\""));
	assert_true(is_told(&load, 3, "`ttl`"));
	assert_true(is_told(&load, 3, "`key` is missing"));
	assert_true(is_told(&load, 4, "\"..\""));
	assert_true(is_told(&load, 5, "`log_level`"));
	assert_true(is_told(&load, 5, "`fudge`"));
	assert_int_equal(load.count, 9);
}

static void tells_all_contradictions_at_once(void **state)
{
	const struct parts parts = {
		.zones = "zones = ( { name = 'dyn.example.com'; primaries = '192.0.2.53'; key = 'gw2'; } );",
		.users = "users = ( { login = 'a'; hosts = 'www.example.com'; }, { login = 'a'; } );",
	};
	struct load load;

	(void)state;
	load_parts(&parts, &load);
	assert_true(is_told(&load, 3, "there is no TSIG key \"gw2\""));
	assert_true(is_told(&load, 4, "lies in none of the zones"));
	assert_true(is_told(&load, 4, "is there twice"));
	assert_int_equal(load.count, 3);
}

static void a_misspelt_option_does_not_hide_a_contradiction(void **state)
{
	const struct parts parts = {
		.users = "users = ( { login = 'a'; hosts = 'www.example.com'; }, { login = 'a'; } );",
		.extra = "log_levle = 'info';",
	};
	struct load load;

	(void)state;
	load_parts(&parts, &load);
	assert_true(is_told(&load, 5, "`log_levle`"));
	assert_true(is_told(&load, 4, "lies in none of the zones"));
	assert_true(is_told(&load, 4, "is there twice"));
}

/* ---- Several files ---- */

static void includes_stand_beside_the_configuration(void **state)
{
	struct load load;

	(void)state;
	write_config("users.cfg", 0600, "users = ( { login = 'included'; hosts = ( 'www.dyn.example.com' ); } );\n");
	load_parts(&(struct parts){.users = "@include 'users.cfg'"}, &load);
	print_complaints(&load);
	assert_int_equal(load.status, STATUS_OK);
	assert_int_equal(load.config->user_count, 1);
	assert_string_equal(load.config->users[0].login, "included");
	config_release(&load.config);
}

static void an_error_in_an_included_file_names_that_file(void **state)
{
	struct load load;

	(void)state;
	write_config("users.cfg", 0600, "# people\nusers = (\n{ login = 'a'; hosts = ( 'www.example.com' ); } );\n");
	load_parts(&(struct parts){.users = "@include 'users.cfg'"}, &load);
	assert_one_error(&load, "users.cfg", 3, "lies in none of the zones");

	write_config("users.cfg", 0600, "# people\nusers = (\n{ login 'a'; } );\n");
	load_parts(&(struct parts){.users = "@include 'users.cfg'"}, &load);
	assert_one_error(&load, "users.cfg", 3, "syntax error");
}

static void an_error_behind_an_include_has_its_own_line(void **state)
{
	struct load load;

	(void)state;
	write_config("users.cfg", 0600, "\n\n\nusers = ( { login = 'a'; } );\n\n\n");
	load_parts(&(struct parts){.users = "@include 'users.cfg'", .extra = "\nfudge_s = 0;"}, &load);
	assert_one_error(&load, "test.cfg", 6, "`fudge_s`");
}

/* libconfig ends the process at the first of them, waits for ever at the second, and knows what to do at the third. */
static void what_is_included_must_be_a_file(void **state)
{
	struct load load;

	(void)state;
	assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
	load_parts(&(struct parts){.extra = "\n  @include \t '.'"}, &load);
	assert_one_error(&load, "test.cfg", 6, "cannot include \".\": it is a folder");
	load_parts(&(struct parts){.extra = "@include 'pipe'"}, &load);
	assert_one_error(&load, "test.cfg", 5, "cannot include \"pipe\": it is not a file");
	load_parts(&(struct parts){.extra = "# @include '.'\nx = '@include \\'.\\'';"}, &load);
	assert_one_error(&load, "test.cfg", 6, "unknown option `x`");

	write_config("more.cfg", 0600, "# more\n@include 'even-more.cfg'\n");
	write_config("even-more.cfg", 0600, "\n\n@include '/'\n");
	load_parts(&(struct parts){.extra = "@include 'more.cfg'"}, &load);
	assert_one_error(&load, "even-more.cfg", 3, "cannot include \"/\": it is a folder");
	write_config("even-more.cfg", 0600, "@include 'more.cfg'\n");
	load_parts(&(struct parts){.extra = "@include 'more.cfg'"}, &load);
	assert_int_equal(load.status, STATUS_INVALID);
	assert_non_null(strstr(load.complaints[0].text, "in a circle"));
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
	struct load load;

	(void)state;
	load_path(in_folder("missing.cfg"), &load);
	assert_one_error(&load, "missing.cfg", 0, "No such file");
}

static void a_folder_is_no_configuration(void **state)
{
	int ended;
	pid_t child;

	(void)state;
	/* In a process of its own, because modules never exit. */
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct load load;

		close(STDERR_FILENO);
		load_path(folder, &load);
		_exit(load.status == STATUS_INVALID ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_true(WIFEXITED(ended));
	assert_int_equal(WEXITSTATUS(ended), 0);
}

/* ---- Key files and permissions ---- */

#define WITH_KEY_FILE ((struct parts){.tsig_keys = "tsig_keys = (\n{ file = 'gw.key'; } );", .extra = ""})

static void a_key_file_that_others_can_read_or_write_is_refused(void **state)
{
	static const mode_t modes[] = {0644, 0604, 0602, 0666};
	struct load load;

	(void)state;
	for (size_t i = 0; i < LENGTH(modes); i++) {
		write_file("gw.key", modes[i], "key gw { algorithm hmac-sha256; secret " SECRET "; };\n");
		load_parts(&WITH_KEY_FILE, &load);
		assert_one_error(&load, "test.cfg", 3, "gw.key");
	}
	write_file("gw.key", 0640, "key gw { algorithm hmac-sha256; secret " SECRET "; };\n");
	load_parts(&WITH_KEY_FILE, &load);
	assert_int_equal(load.status, STATUS_OK);
	config_release(&load.config);
}

static void a_key_file_that_is_not_there_is_told(void **state)
{
	struct load load;

	(void)state;
	load_parts(&WITH_KEY_FILE, &load);
	assert_one_error(&load, "test.cfg", 3, "gw.key: No such file");
}

static void a_malformed_key_file_is_told_with_both_lines(void **state)
{
	struct load load;

	(void)state;
	write_file("gw.key", 0600, "key gw {\n\talgorithm hmac-sha256;\n\tsecret " SENTINEL "!;\n};\n");
	load_parts(&WITH_KEY_FILE, &load);
	assert_one_error(&load, "test.cfg", 3, "gw.key, line 3");
	write_file("gw.key", 0600, "");
	load_parts(&WITH_KEY_FILE, &load);
	assert_one_error(&load, "test.cfg", 3, "gw.key");
}

static bool is_advised(const struct load *load, const char *file)
{
	for (size_t i = 0; i < load->count; i++) {
		if (!load->complaints[i].is_error && strcmp(load->complaints[i].file, in_folder(file)) == 0)
			return true;
	}
	return false;
}

static void advises_when_others_can_read_keys_in_plain(void **state)
{
	struct load load;

	(void)state;
	write_parts(0644, &(struct parts){0});
	load_path(in_folder("test.cfg"), &load);
	assert_int_equal(load.status, STATUS_OK);
	assert_int_equal(load.count, 1);
	assert_true(is_advised(&load, "test.cfg"));
	config_release(&load.config);

	write_parts(0640, &(struct parts){0});
	load_path(in_folder("test.cfg"), &load);
	assert_int_equal(load.status, STATUS_OK);
	assert_int_equal(load.count, 0);
	config_release(&load.config);
}

static void advises_against_keys_in_plain_once(void **state)
{
	static const char *const hashes[] = {
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/",
		"$y$j75$abcdefghijklmnopqrstu0$NrDLxdh8RZsWZGjPgaTyFYpgfjnLrvMdBZJ3EMKXds7",
	};
	struct load load;

	(void)state;
	load_parts(&(struct parts){.users = "users = ( { login = 'a'; key = '" SENTINEL "'; },"
					    "{ login = 'b'; keys = ( { name = 'n'; key = '" SENTINEL "'; } ); } );"},
		   &load);
	assert_int_equal(load.plain_keys, 1);
	config_release(&load.config);
	for (size_t i = 0; i < LENGTH(hashes); i++) {
		char users[256];

		snprintf(users, sizeof users, "users = ( { login = 'a'; key = '%s'; } );", hashes[i]);
		load_parts(&(struct parts){.users = users}, &load);
		assert_row(hashes[i], load.status == STATUS_OK && load.plain_keys == 0);
		config_release(&load.config);
	}
}

static void a_file_without_keys_may_be_readable(void **state)
{
	struct load load;

	(void)state;
	write_file("gw.key", 0600, "key gw { algorithm hmac-sha256; secret " SECRET "; };\n");
	write_parts(0644, &(struct parts){.tsig_keys = "tsig_keys = ( { file = 'gw.key'; } );",
					  .users = "users = ( { login = 'a'; } );"});
	load_path(in_folder("test.cfg"), &load);
	assert_int_equal(load.status, STATUS_OK);
	assert_int_equal(load.count, 0);
	config_release(&load.config);
}

static void advises_about_the_included_file_that_holds_the_keys(void **state)
{
	const struct parts parts = {.tsig_keys = "tsig_keys = ( { file = 'gw.key'; } );",
				    .users = "@include 'users.cfg'"};
	static const char users[] = "users = ( { login = 'a'; key = '" SENTINEL "'; } );\n";
	struct load load;
	bool advised, advised_of_main;

	(void)state;
	write_file("gw.key", 0600, "key gw { algorithm hmac-sha256; secret " SECRET "; };\n");
	write_parts(0600, &parts);
	write_config("users.cfg", 0644, users);
	load_path(in_folder("test.cfg"), &load);
	assert_int_equal(load.status, STATUS_OK);
	advised = is_advised(&load, "users.cfg");
	config_release(&load.config);

	write_parts(0644, &parts);
	write_config("users.cfg", 0600, users);
	load_path(in_folder("test.cfg"), &load);
	assert_int_equal(load.status, STATUS_OK);
	advised_of_main = is_advised(&load, "test.cfg");
	config_release(&load.config);

	assert_true(advised);
	assert_false(advised_of_main);
}

/* ---- The tables against what is written about them ---- */

static char *read_source(const char *path)
{
	static char text[256 * 1024];
	char full[PATH_MAX];
	size_t len;
	FILE *stream;

	snprintf(full, sizeof full, "%s/%s", DDNSGATE_SOURCE_DIR, path);
	stream = fopen(full, "r");
	assert_row(path, stream != NULL);
	len = fread(text, 1, sizeof text - 1, stream);
	fclose(stream);
	text[len] = '\0';
	return text;
}

static bool is_word(char octet)
{
	return octet == '_' || (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9');
}

/* Whether `name =` stands in the text, commented out or not. */
static bool is_set_in(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at += len) {
		if ((at == text || !is_word(at[-1])) && at[len + strspn(at + len, " \t")] == '=')
			return true;
	}
	return false;
}

/* Whether a paragraph of the manual begins with the name. */
static bool has_a_paragraph(const char *manual, const char *name)
{
	char tag[100];

	snprintf(tag, sizeof tag, "\n.TP\n.B %s\n", name);
	return strstr(manual, tag);
}

static void every_option_stands_in_the_sample(void **state)
{
	const char *sample = read_source("conf/ddnsgate.cfg");
	struct config_option_info option;

	(void)state;
	for (size_t n = 0; config_option(n, &option); n++)
		assert_row(option.name, is_set_in(sample, option.name));
}

/* The manual has a section for each list of groups, in capitals. */
static const char *section_of(const char *manual, const char *group)
{
	char heading[100] = "\n.SH TOP LEVEL\n";
	const char *section;

	if (*group) {
		snprintf(heading, sizeof heading, "\n.SH %s\n", group);
		for (char *octet = heading + strlen("\n.SH "); *octet; octet++) {
			if (*octet >= 'a' && *octet <= 'z')
				*octet = (char)(*octet - 'a' + 'A');
		}
	}
	section = strstr(manual, heading);
	assert_row(heading, section != NULL);
	return section + strlen("\n");
}

static void every_option_stands_in_its_section_of_the_manual(void **state)
{
	struct config_option_info option;

	(void)state;
	for (size_t n = 0; config_option(n, &option); n++) {
		char *section = (char *)(uintptr_t)section_of(read_source("docs/ddnsgate.cfg.5"), option.group);
		char *end = strstr(section, "\n.SH ");

		if (end)
			*end = '\0';
		assert_row(option.name, has_a_paragraph(section, option.name));
	}
}

static void every_option_says_what_it_is(void **state)
{
	static const char *const groups[] = {"", "listen", "certificates", "tsig_keys", "zones", "users"};
	bool seen[LENGTH(groups)] = {false};
	struct config_option_info option;

	(void)state;
	for (size_t n = 0; config_option(n, &option); n++) {
		assert_true(strlen(option.name) > 0 && strlen(option.type) > 0 && strlen(option.help) > 0);
		for (size_t i = 0; i < LENGTH(groups); i++)
			seen[i] = seen[i] || strcmp(option.group, groups[i]) == 0;
	}
	for (size_t i = 0; i < LENGTH(groups); i++)
		assert_row(groups[i], seen[i]);
	assert_false(config_option(SIZE_MAX, &option));
}

static void the_sample_can_be_loaded(void **state)
{
	struct load load;

	(void)state;
	write_file("test.cfg", 0600, read_source("conf/ddnsgate.cfg"));
	write_file("gw.key", 0600, "key gw { algorithm hmac-sha256; secret " SECRET "; };\n");
	load_path(in_folder("test.cfg"), &load);
	print_complaints(&load);
	assert_int_equal(load.status, STATUS_OK);
	assert_int_equal(load.count, 0);
	config_release(&load.config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(options_that_are_left_out_have_their_defaults, clean),
		cmocka_unit_test_teardown(options_that_are_given_are_taken, clean),
		cmocka_unit_test_teardown(reads_listeners_zones_and_users, clean),
		cmocka_unit_test_teardown(tls_to_the_primaries_has_a_port_of_its_own, clean),
		cmocka_unit_test_teardown(reads_keys_with_names_and_limits, clean),
		cmocka_unit_test_teardown(users_may_create_where_they_are_told_to, clean),
		cmocka_unit_test_teardown(errors_as_200_is_for_the_listener_that_has_it, clean),
		cmocka_unit_test_teardown(nobody_has_to_be_a_user, clean),
		cmocka_unit_test_teardown(key_files_stand_beside_the_configuration_unless_absolute, clean),
		cmocka_unit_test_teardown(secrets_do_not_stay_in_the_struct, clean),
		cmocka_unit_test(releasing_nothing_does_nothing),
		cmocka_unit_test_teardown(refuses_an_unknown_option_and_suggests_a_near_one, clean),
		cmocka_unit_test_teardown(refuses_a_wrong_type, clean),
		cmocka_unit_test_teardown(refuses_a_value_out_of_range_or_without_a_meaning, clean),
		cmocka_unit_test_teardown(refuses_a_file_without_what_is_required, clean),
		cmocka_unit_test_teardown(refuses_a_tsig_key_that_is_not_one, clean),
		cmocka_unit_test_teardown(refuses_options_that_contradict_each_other, clean),
		cmocka_unit_test_teardown(refuses_what_is_not_the_language_of_libconfig, clean),
		cmocka_unit_test_teardown(a_deadline_that_contradicts_a_default_is_told_with_its_line, clean),
		cmocka_unit_test_teardown(a_complaint_is_one_line_whatever_the_value, clean),
		cmocka_unit_test_teardown(tells_all_errors_at_once, clean),
		cmocka_unit_test_teardown(tells_all_contradictions_at_once, clean),
		cmocka_unit_test_teardown(a_misspelt_option_does_not_hide_a_contradiction, clean),
		cmocka_unit_test_teardown(includes_stand_beside_the_configuration, clean),
		cmocka_unit_test_teardown(an_error_in_an_included_file_names_that_file, clean),
		cmocka_unit_test_teardown(an_error_behind_an_include_has_its_own_line, clean),
		cmocka_unit_test_teardown(a_file_that_cannot_be_read_is_told, clean),
		cmocka_unit_test_teardown(a_folder_is_no_configuration, clean),
		cmocka_unit_test_teardown(what_is_included_must_be_a_file, clean),
		cmocka_unit_test_teardown(a_key_file_that_others_can_read_or_write_is_refused, clean),
		cmocka_unit_test_teardown(a_key_file_that_is_not_there_is_told, clean),
		cmocka_unit_test_teardown(a_malformed_key_file_is_told_with_both_lines, clean),
		cmocka_unit_test_teardown(advises_when_others_can_read_keys_in_plain, clean),
		cmocka_unit_test_teardown(advises_against_keys_in_plain_once, clean),
		cmocka_unit_test_teardown(a_file_without_keys_may_be_readable, clean),
		cmocka_unit_test_teardown(advises_about_the_included_file_that_holds_the_keys, clean),
		cmocka_unit_test(every_option_stands_in_the_sample),
		cmocka_unit_test(every_option_stands_in_its_section_of_the_manual),
		cmocka_unit_test(every_option_says_what_it_is),
		cmocka_unit_test_teardown(the_sample_can_be_loaded, clean),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
