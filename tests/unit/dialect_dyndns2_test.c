/*
 * dyndns2: what it understands of a request, and its answer to every outcome, as the contract's tables have it.
 */
#include "asked.h"

#define BASIC "u:p"

enum { HOSTS_MANY = 20 };

/* A request and what is understood of it, see understood(). */
struct request_row {
	const char *target, *form, *basic;
	const char *understood;
};

static void assert_understood(const struct request_row *rows, size_t count)
{
	static struct asked asked;
	struct intent intent;

	for (size_t i = 0; i < count; i++) {
		ask(&asked, rows[i].target, rows[i].form, rows[i].basic);
		assert_one_understood(&asked, &intent, "dyndns2", rows[i].target, rows[i].understood);
	}
}

/* ---- Requests ---- */

static void serves_all_paths(void **state)
{
	static const struct request_row rows[] = {
		{"/nic/update?hostname=h.example.com&myip=192.0.2.1", NULL, BASIC, "u:p h.example.com =192.0.2.1"},
		{"/v3/update?hostname=h.example.com&myip=192.0.2.1", NULL, BASIC, "u:p h.example.com =192.0.2.1"},
		{"/v2/update?hostname=h.example.com&myip=192.0.2.1", NULL, BASIC, "u:p h.example.com =192.0.2.1"},
		{"/update?hostname=h.example.com&myip=192.0.2.1", NULL, BASIC, "u:p h.example.com =192.0.2.1"},
		{"/dyndns/update?hostname=h.example.com&myip=192.0.2.1", NULL, BASIC, "u:p h.example.com =192.0.2.1"},
		{"/?hostname=h.example.com&myip=192.0.2.1", NULL, BASIC, "u:p h.example.com =192.0.2.1"},
		{"//nic//update?hostname=h.example.com", NULL, BASIC, "u:p h.example.com"},
		{"http://gw.example/nic/update?hostname=h.example.com", NULL, BASIC, "u:p h.example.com"},
		{"http://gw.example?hostname=h.example.com", NULL, BASIC, "u:p h.example.com"},
		{"/nic/update", NULL, BASIC, "u:p own"},
	};

	(void)state;
	assert_understood(rows, LENGTH(rows));
}

static void takes_operands_from_query_and_form(void **state)
{
	static const struct request_row rows[] = {
		{"/nic/update?hostname=h.example.com&myip=192.0.2.1", "", BASIC, "u:p h.example.com =192.0.2.1"},
		{"/nic/update", "hostname=h.example.com&myip=192.0.2.1", BASIC, "u:p h.example.com =192.0.2.1"},
		{"/nic/update?hostname=h.example.com", "myip=192.0.2.1&username=u&password=p", NULL,
		 "u:p h.example.com =192.0.2.1"},
		{"/", "hostname=h.example.com", BASIC, "u:p h.example.com"},
	};

	(void)state;
	assert_understood(rows, LENGTH(rows));
}

static void takes_basic_credentials_before_those_of_the_query(void **state)
{
	static const struct request_row rows[] = {
		{"/nic/update?hostname=h", NULL, "u:p", "u:p h"},
		{"/nic/update?hostname=h", NULL, "u:a:b", "u:a:b h"}, /* split at the first colon */
		{"/nic/update?hostname=h", NULL, "u+v:p+q", "u+v:p+q h"},
		{"/nic/update?hostname=h&username=x&password=y", NULL, "u:p", "u:p h"},
		{"/nic/update?hostname=h&username=u&password=p", NULL, NULL, "u:p h"},
		{"/nic/update?hostname=h&user=u&password=p", NULL, NULL, "u:p h"},
		{"/nic/update?hostname=h&username=u&pass=p", NULL, NULL, "u:p h"},
		{"/nic/update?hostname=h&user=u&pass=p", NULL, NULL, "u:p h"},
		{"/nic/update?username=u&password=a%2Bb&hostname=h", NULL, NULL, "u:a+b h"},
		{"/nic/update?username=u&password=a+b&hostname=h", NULL, NULL, "u:a+b|u:a b h"},
		{"/nic/update?username=u&password=a%20b&hostname=h", NULL, NULL, "u:a b h"},
		{"/nic/update?username=u&password=100%&hostname=h", NULL, NULL, "u:100% h"},
		{"/nic/update?username=u&password=p%26q&hostname=h", NULL, NULL, "u:p&q h"},

		{"/nic/update?hostname=h", NULL, NULL, "missing-login"},
		{"/nic/update?hostname=h&password=", NULL, ":p", "missing-login"},
		{"/nic/update?hostname=h", NULL, ":", "missing-login"},
		{"/nic/update?hostname=h", NULL, "u:", "missing-key"},
		{"/nic/update?hostname=h&username=u", NULL, NULL, "missing-key"},
		{"/nic/update?hostname=h&username=u&password=", NULL, NULL, "missing-key"},
		{"/nic/update?hostname=h&user=&pass=p", NULL, NULL, "missing-login"},
		{"/update?hostname=h&password=p", NULL, NULL, "missing-login"},
		{"/nic/update", NULL, NULL, "missing-login"},
	};

	(void)state;
	assert_understood(rows, LENGTH(rows));
}

static void takes_lists_of_hosts(void **state)
{
	static const struct request_row rows[] = {
		{"/nic/update?hostname=a.example.com,b.example.com", NULL, BASIC, "u:p a.example.com,b.example.com"},
		{"/nic/update?hostname=a.example.com%2Cb.example.com", NULL, BASIC, "u:p a.example.com,b.example.com"},
		{"/nic/update?hostname=a.example.com,%20b.example.com+", NULL, BASIC,
		 "u:p a.example.com,b.example.com"},
		{"/nic/update?hostname=a.example.com%2cb.example.com", NULL, BASIC, "u:p a.example.com,b.example.com"},
		{"/nic/update?hostname=b,a,b", NULL, BASIC, "u:p b,a,b"}, /* a line for each, in the order asked */
		{"/nic/update?hostname=a,,b,", NULL, BASIC, "u:p a,b"},
		{"/nic/update?hostname=a&hostname=b,c", NULL, BASIC, "u:p a,b,c"},
		{"/nic/update?hostname=A.Example.com.", NULL, BASIC, "u:p A.Example.com."}, /* the plan reads names */
		{"/nic/update?hostname=yes.example.com", NULL, BASIC, "u:p yes.example.com"},
		{"/nic/update?hostname=YES,a", NULL, BASIC, "u:p YES,a"},

		{"/nic/update?myip=192.0.2.1", NULL, BASIC, "u:p own =192.0.2.1"},
		{"/nic/update?hostname=&myip=192.0.2.1", NULL, BASIC, "u:p own =192.0.2.1"},
		{"/nic/update?hostname&myip=192.0.2.1", NULL, BASIC, "u:p own =192.0.2.1"},
		{"/nic/update?hostname=,&myip=192.0.2.1", NULL, BASIC, "u:p own =192.0.2.1"},
		{"/nic/update?hostname=YES&myip=192.0.2.1", NULL, BASIC, "u:p own =192.0.2.1"},
		{"/nic/update?hostname=yes", NULL, BASIC, "u:p own"},
		/* A name of an operand is the same in capitals, and behind what is left of a link in HTML. */
		{"/nic/update?HOSTNAME=a", NULL, BASIC, "u:p a"},
		{"/nic/update?myip=192.0.2.1&amp;hostname=a", NULL, BASIC, "u:p a =192.0.2.1"},
		{"/nic/update?AMP;amp;HostName=a", NULL, BASIC, "u:p a"},
		{"/nic/update?host=a&domain=b&domains=c,d&FQDN=e", NULL, BASIC, "u:p a,b,c,d,e"},
		{"/nic/update?hostname=&host=a", NULL, BASIC, "u:p a"},
	};

	(void)state;
	assert_understood(rows, LENGTH(rows));
}

static void takes_addresses_in_all_their_operands(void **state)
{
	static const struct request_row rows[] = {
		{"/nic/update?hostname=h&myip=2001:db8::1", NULL, BASIC, "u:p h =2001:db8::1"},
		{"/nic/update?hostname=h&myip=2001%3Adb8%3a%3A1", NULL, BASIC, "u:p h =2001:db8::1"},
		{"/nic/update?hostname=h&myip=192.0.2.1,2001:db8::1", NULL, BASIC, "u:p h =192.0.2.1,2001:db8::1"},
		{"/nic/update?hostname=h&myip=2001:db8::1%2C192.0.2.1", NULL, BASIC, "u:p h =2001:db8::1,192.0.2.1"},
		{"/nic/update?hostname=h&myipv4=192.0.2.1&myipv6=2001:db8::1", NULL, BASIC,
		 "u:p h =192.0.2.1;2001:db8::1"},
		{"/nic/update?hostname=h&ip=192.0.2.1&ipv6=2001:db8::1", NULL, BASIC, "u:p h =192.0.2.1;2001:db8::1"},
		{"/nic/update?hostname=h&myip=192.0.2.1&ip6=2001:db8::1", NULL, BASIC, "u:p h =192.0.2.1;2001:db8::1"},
		{"/nic/update?hostname=h&myip=192.0.2.1&myip=2001:db8::1", NULL, BASIC, "u:p h =192.0.2.1;2001:db8::1"},
		{"/nic/update?hostname=h&myipv6=2001:db8:1:2::1/64", NULL, BASIC, "u:p h =2001:db8:1:2::1/64"},
		{"/nic/update?hostname=h&myipv6=2001:db8:1:2::1%2F64", NULL, BASIC, "u:p h =2001:db8:1:2::1/64"},
		{"/nic/update?hostname=h&myip=192.0.2.1&ip6lanprefix=2001:db8:1:2::/64", NULL, BASIC,
		 "u:p h =192.0.2.1 prefix=2001:db8:1:2::/64"},
		{"/nic/update?hostname=h&ip6lanprefix=", NULL, BASIC, "u:p h no-prefix"},
		{"/nic/update?hostname=h&ip6lanprefix", NULL, BASIC, "u:p h no-prefix"},
		{"/nic/update?hostname=h&lanprefix=%20,", NULL, BASIC, "u:p h no-prefix"},
		{"/nic/update?hostname=h&ip6prefix=preserve", NULL, BASIC, "u:p h no-prefix"},
		{"/nic/update?hostname=h&IPv6Prefix=2001:db8::/64&ip6lanprefix=", NULL, BASIC,
		 "u:p h prefix=2001:db8::/64"},
		{"/nic/update?hostname=h&ip6prefix=2001:db8::/64&lanprefix=2001:db8::/56", NULL, BASIC,
		 "u:p h prefix=2001:db8::/64;2001:db8::/56"},
		{"/nic/update?hostname=h&ip4=192.0.2.1&myip6=2001:db8::1", NULL, BASIC, "u:p h =192.0.2.1;2001:db8::1"},
		{"/nic/update?hostname=h&MYIP4=192.0.2.1&amp;MyIPv6=2001:db8::1", NULL, BASIC,
		 "u:p h =192.0.2.1;2001:db8::1"},
		/* Nobody but the plan says what is an address. */
		{"/nic/update?hostname=h&myip=nonsense", NULL, BASIC, "u:p h =nonsense"},
		{"/nic/update?hostname=h&myip=192.0.2.1%00", NULL, BASIC, "u:p h =192.0.2.1"},
	};

	(void)state;
	assert_understood(rows, LENGTH(rows));
}

/* The row above cannot show it: an escaped NUL stays part of the text, where nothing can take it for an address. */
static void a_nul_octet_does_not_end_an_operand(void **state)
{
	static struct asked asked;
	struct intent intent;

	(void)state;
	ask(&asked, "/nic/update?hostname=h%00x&myip=192.0.2.1%00", NULL, BASIC);
	understood(&asked, &intent);
	assert_int_equal(intent.addresses[0].len, strlen("192.0.2.1") + 1);
	assert_int_equal(intent.hosts[0].len, strlen("h?x"));
}

/* Rule 8: ddclient sends `myip=` when its own detection fails. */
static void an_empty_address_is_none(void **state)
{
	static const struct request_row rows[] = {
		{"/nic/update?hostname=h", NULL, BASIC, "u:p h"},
		{"/nic/update?hostname=h&myip=", NULL, BASIC, "u:p h no-ipv4"},
		{"/nic/update?hostname=h&myip", NULL, BASIC, "u:p h no-ipv4"},
		{"/nic/update?hostname=h&ip=&ipv6=2001:db8::1", NULL, BASIC, "u:p h =2001:db8::1 no-ipv4"},
		{"/nic/update?hostname=h&myipv4=&myipv6=2001:db8::1", NULL, BASIC, "u:p h =2001:db8::1 no-ipv4"},
		{"/nic/update?hostname=h&myip=192.0.2.1&ipv6=", NULL, BASIC, "u:p h =192.0.2.1"},
		{"/nic/update?hostname=h&myipv6=&ip6=", NULL, BASIC, "u:p h"},
	};

	(void)state;
	assert_understood(rows, LENGTH(rows));
}

static void ignores_what_means_nothing_here(void **state)
{
	static const struct request_row rows[] = {
		{"/nic/update?system=dyndns&hostname=h&myip=192.0.2.1&wildcard=NOCHG&mx=NOCHG&backmx=NO&url=x", NULL,
		 BASIC, "u:p h =192.0.2.1"},
		{"/nic/update?system=statdns&hostname=h&offline=", NULL, BASIC, "u:p h"},
		{"/nic/update?hostname=h&offline=no", NULL, BASIC, "u:p h"},
		{"/nic/update?hostname=h&offline=NOCHG", NULL, BASIC, "u:p h"},
		{"/nic/update?hostname=h&txt=x&zone=y&ttl=1", NULL, BASIC, "u:p h"},
	};

	(void)state;
	assert_understood(rows, LENGTH(rows));
}

/* Whatever may be where the client has put what it means is noted; what the plan makes of it is its matter. */
static void notes_what_unknown_operands_hint_at(void **state)
{
	static const struct request_row rows[] = {
		{"/nic/update?hostname=h&ipaddr=x", NULL, BASIC, "u:p h hint=ipaddr"},
		{"/nic/update?hostname=h&WANIP=0", NULL, BASIC, "u:p h hint=WANIP"},
		{"/nic/update?hostname=h&Address=none", NULL, BASIC, "u:p h hint=Address"},
		{"/nic/update?hostname=h&dhcp-prefix=56", NULL, BASIC, "u:p h hint=dhcp-prefix"},
		{"/nic/update?hostname=h&amp;wanip=x", NULL, BASIC, "u:p h hint=wanip"},
		{"/nic/update?hostname=h&ipaddr=", NULL, BASIC, "u:p h"},
		{"/nic/update?hostname=h&ipaddr=+", NULL, BASIC, "u:p h"},
		{"/nic/update?hostname=h&a=192.0.2.1", NULL, BASIC, "u:p h hint=a"},
		{"/nic/update?hostname=h&a=2001:db8::1", NULL, BASIC, "u:p h hint=a"},
		{"/nic/update?hostname=h&a=2001:db8::/64", NULL, BASIC, "u:p h hint=a"},
		{"/nic/update?hostname=h&a=x,192.0.2.1", NULL, BASIC, "u:p h hint=a"},
		{"/nic/update?hostname=h&a=[2001:db8::1]", NULL, BASIC, "u:p h hint=a"},
		{"/nic/update?hostname=h&a=fe80::1%25eth0", NULL, BASIC, "u:p h hint=a"},
		{"/nic/update?hostname=h&a=192.0.2.1:4711", NULL, BASIC, "u:p h hint=a"},
		{"/nic/update?hostname=h&192.0.2.1", NULL, BASIC, "u:p h hint=192.0.2.1"},
		{"/nic/update?hostname=h&=192.0.2.1", NULL, BASIC, "u:p h hint=192.0.2.1"},
		{"/nic/update?hostname=h&a=1.2&b=12:30:00&c=aa:bb:cc:dd:ee:ff", NULL, BASIC, "u:p h"},
		{"/nic/update?hostname=h&url=http://192.0.2.1/&mx=192.0.2.1&system=ip", NULL, BASIC, "u:p h"},
		{"/nic/update?hostname=h&username=192.0.2.1&pass=192.0.2.1", NULL, BASIC, "u:p h"},
		/* In what is cut off a second URL. */
		{"/nic/update?hostname=h%20http:/gw/nic/update?myip=192.0.2.1", NULL, BASIC, "u:p h hint=myip"},
		{"/nic/update?offline=no%20http:/gw/nic/update?hostname=a.b&myip=", NULL, BASIC,
		 "u:p own no-ipv4 stranger=hostname:a.b"},
		/* Which may name hosts. */
		{"/nic/update?node=nas.example.com", NULL, BASIC, "u:p own stranger=node:nas.example.com"},
		{"/nic/update?node=*.example.com.", NULL, BASIC, "u:p own stranger=node:*.example.com."},
		{"/nic/update?nas.example.com", NULL, BASIC, "u:p own stranger=nas.example.com:nas.example.com"},
		{"/nic/update?node=nas&zone=_x", NULL, BASIC, "u:p own"},
		{"/nic/update?a=a.b&b=a.b&c=a.b&d=a.b&e=a.b&f=a.b&g=a.b&h=a.b&i=a.b", NULL, BASIC,
		 "u:p own stranger=a:a.b stranger=b:a.b stranger=c:a.b stranger=d:a.b stranger=e:a.b stranger=f:a.b "
		 "stranger=g:a.b stranger=h:a.b unread"},
	};

	(void)state;
	assert_understood(rows, LENGTH(rows));
}

static void offline_is_understood(void **state)
{
	static const struct request_row rows[] = {
		{"/nic/update?hostname=a,b&offline=yes", NULL, BASIC, "u:p a,b offline"},
		{"/nic/update?hostname=a&myip=192.0.2.1&offline=YES", NULL, BASIC, "u:p a =192.0.2.1 offline"},
		{"/nic/update?offline=yes", NULL, BASIC, "u:p own offline"},
	};

	(void)state;
	assert_understood(rows, LENGTH(rows));
}

static void understands_desec(void **state)
{
	static const struct request_row rows[] = {
		{"/update?username=h.example.com&password=p&myipv4=192.0.2.1&myipv6=2001:db8::1", NULL, NULL,
		 "h.example.com:p own =192.0.2.1;2001:db8::1"},
		{"/?username=h.example.com&password=p&myipv4=preserve&myipv6=2001:db8::1", NULL, NULL,
		 "h.example.com:p own =preserve;2001:db8::1 keeps-ipv4"},
		{"/?hostname=h.example.com&myipv4=192.0.2.1&myipv6=preserve", NULL, "h.example.com:p",
		 "h.example.com:p h.example.com =192.0.2.1;preserve keeps-ipv6"},
		{"/?hostname=h.example.com&myip=no&ip4=No", NULL, "h.example.com:p",
		 "h.example.com:p h.example.com =no;No keeps-ipv4"},
		{"/?username=h.example.com&password=p", NULL, NULL, "h.example.com:p own"},
	};

	(void)state;
	assert_understood(rows, LENGTH(rows));
}

/* An empty item in front says that there is no IPv4 address only where one could stand. */
static void an_operand_for_ipv6_says_nothing_of_ipv4(void **state)
{
	static const struct request_row rows[] = {
		{"/nic/update?hostname=h&myip=,2001:db8::1", NULL, BASIC, "u:p h =,2001:db8::1"},
		{"/nic/update?hostname=h&myipv6=,2001:db8::1", NULL, BASIC, "u:p h =2001:db8::1"},
		{"/nic/update?hostname=h&ip6=,,2001:db8::1,", NULL, BASIC, "u:p h =2001:db8::1,"},
		{"/nic/update?hostname=h&ipv6=,", NULL, BASIC, "u:p h"},
	};

	(void)state;
	assert_understood(rows, LENGTH(rows));
}

/* FRITZ!Box does not escape, and 05.50 sends two URLs as one request. */
static void takes_two_urls_in_one_for_the_first(void **state)
{
	static const struct request_row rows[] = {
		{"/nic/update%20http://gw.example/nic/update?hostname=h&myip=192.0.2.1", NULL, BASIC,
		 "u:p h =192.0.2.1"},
		{"/nic/update http:/gw.example/nic/update?hostname=h", NULL, BASIC, "u:p h"},
		{"/%20http://gw.example/?hostname=h", NULL, BASIC, "u:p h"},
		{"/nic/update?hostname=h&myip=192.0.2.1%20http://gw.example/nic/update?hostname=h&myip=2001:db8::1",
		 NULL, BASIC, "u:p h =192.0.2.1;2001:db8::1"},
		{"/nic/update?myip=192.0.2.1&hostname=h HTTPS://gw.example/nic/update?hostname=x&ipv6=2001:db8::1",
		 NULL, BASIC, "u:p h =192.0.2.1;2001:db8::1"},
		{"/nic/update?hostname=h&ip6lanprefix=2001:db8::/64%20http://gw.example/", NULL, BASIC,
		 "u:p h prefix=2001:db8::/64"},
		/* Any other space is part of what was sent, and makes it wrong. */
		{"/nic/update?hostname=h&myip=192.0.2.1%20x", NULL, BASIC, "u:p h =192.0.2.1 x"},
		{"/nic/update?hostname=h%20htt", NULL, BASIC, "u:p h htt"},
		{"/nic/update?hostname=h,%20http.example.com", NULL, BASIC, "u:p h,http.example.com"},
		{"/nic/update?hostname=h,+https&myip=192.0.2.1%20https", NULL, BASIC, "u:p h,https =192.0.2.1 https"},
	};

	(void)state;
	assert_understood(rows, LENGTH(rows));
}

/* Bounds: the hosts of a request, and the operands that hold addresses. */
static void more_hosts_than_allowed_are_told(void **state)
{
	char target[512] = "/nic/update?hostname=";
	static struct asked asked;
	struct intent intent;

	(void)state;
	for (unsigned i = 0; i < HOSTS_MANY; i++)
		strcat(target, i ? ",h.example.com" : "h.example.com");
	ask(&asked, target, NULL, BASIC);
	understood(&asked, &intent);
	assert_int_equal(intent.host_count, HOSTS_MANY);
	strcat(target, ",h.example.com");
	ask(&asked, target, NULL, BASIC);
	assert_string_equal(understood(&asked, &intent), outcome_text(OUTCOME_TOO_MANY_HOSTS));
	/* ... to those who have credentials. */
	ask(&asked, target, NULL, NULL);
	assert_string_equal(understood(&asked, &intent), outcome_text(OUTCOME_MISSING_LOGIN));
}

static void too_many_address_operands_are_no_address(void **state)
{
	char target[512] = "/nic/update?hostname=h";
	static struct asked asked;
	struct intent intent;
	struct addr addr;

	(void)state;
	for (unsigned i = 0; i < INTENT_ADDRESSES_MAX; i++)
		strcat(target, "&myip=192.0.2.1");
	ask(&asked, target, NULL, BASIC);
	understood(&asked, &intent);
	for (size_t i = 0; i < INTENT_ADDRESSES_MAX; i++)
		assert_int_equal(addr_parse(intent.addresses[i], &addr), STATUS_OK);
	strcat(target, "&myip=192.0.2.1");
	ask(&asked, target, NULL, BASIC);
	understood(&asked, &intent);
	assert_int_equal(intent.address_count, INTENT_ADDRESSES_MAX);
	assert_int_not_equal(addr_parse(intent.addresses[0], &addr), STATUS_OK);
}

/* ---- Routes ---- */

static void says_whose_a_request_is(void **state)
{
	static const struct {
		const char *target, *form, *basic, *dialect;
	} rows[] = {
		{"/", NULL, NULL, "checkip"},
		{"/", NULL, BASIC, "checkip"},
		{"/?", NULL, NULL, "checkip"},
		{"/?x=y", NULL, NULL, "checkip"},
		{"/%20http://gw.example/", NULL, NULL, "checkip"},
		{"/?hostname=h", NULL, NULL, "dyndns2"},
		{"/?myip=192.0.2.1", NULL, NULL, "dyndns2"},
		{"/?myip=", NULL, NULL, "dyndns2"},
		{"/?user=u", NULL, NULL, "dyndns2"},
		{"/?ip6lanprefix=2001:db8::/64", NULL, NULL, "dyndns2"},
		{"/", "hostname=h", NULL, "dyndns2"},
		{"/", "x=y", NULL, ""},
		{"/update", NULL, NULL, "dyndns2"},
		{"/update?hostname=h&token=t", NULL, NULL, "dyndns2"},
		{"/update?domains=h", NULL, NULL, "dyndns2"},
		{"/update?domains=h&token=t", NULL, NULL, "duckdns"},
		{"/update?domains=h&token=t", NULL, BASIC, "duckdns"},
		{"/update", "domains=h&token=t", NULL, "duckdns"},
		{"/nic/update?domains=h&token=t", NULL, NULL, "dyndns2"},
		{"/nic/update", NULL, NULL, "dyndns2"},
		{"/nic/update?hostname=h", NULL, NULL, "dyndns2"},
		{"/nic/update?password=p", NULL, NULL, "dyndns2"},
		{"/nic/update?hostname=&password=p", NULL, NULL, "dyndns2"},
		{"/nic/update?hostname=h&password=p", NULL, NULL, "henet"},
		{"/nic/update", "hostname=h&password=p", NULL, "henet"},
		{"/nic/update?hostname=h&password=p", NULL, BASIC, "dyndns2"},
		{"/nic/update?hostname=h&username=u&password=p", NULL, NULL, "dyndns2"},
		{"/nic/update?hostname=h&user=u&password=p", NULL, NULL, "dyndns2"},
		{"/update?hostname=h&password=p", NULL, NULL, "dyndns2"},
		{"/dynamic.cgi?hostname=h&password=p", NULL, NULL, "rexx"},
		{"/nic/update/", NULL, BASIC, "dyndns2"},
		{"/some/where/nic/update", NULL, BASIC, "dyndns2"},
		{"/some/where/nic/update/?hostname=h&password=p", NULL, NULL, "henet"},
		{"/v3/update/", NULL, BASIC, "dyndns2"},
		{"/update/?domains=h&token=t", NULL, NULL, "duckdns"},
		{"/checkip/", NULL, NULL, "checkip"},
		{"/myip/", NULL, NULL, "checkip"},
		{"/?HOST=h", NULL, NULL, "dyndns2"},
		{"/?amp;fqdn=h", NULL, NULL, "dyndns2"},
		{"/?lanprefix=", NULL, NULL, "dyndns2"},
		{"/?ip4=192.0.2.1", NULL, NULL, "dyndns2"},
		{"/nic/update?FQDN=h&PASSWORD=p", NULL, NULL, "henet"},
		{"/nic/updates", NULL, BASIC, ""},
		{"/nic/update/x", NULL, BASIC, ""},
		{"/NIC/update?hostname=h", NULL, BASIC, ""},
		{"/nic", NULL, BASIC, ""},
		{"/v1/update?hostname=h", NULL, BASIC, ""},
	};
	static struct asked asked;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		ask(&asked, rows[i].target, rows[i].form, rows[i].basic);
		assert_row(rows[i].target, strcmp(served_by(&asked), rows[i].dialect) == 0);
	}
}

static void takes_get_post_and_put_and_never_head(void **state)
{
	enum { METHODS = HTTP_GET | HTTP_POST | HTTP_PUT };
	static const struct {
		const char *target, *basic;
		enum http_method method;
		const char *dialect;
		unsigned allowed; /* where no dialect serves it */
	} rows[] = {
		{"/nic/update?hostname=h", BASIC, HTTP_PUT, "dyndns2", 0},
		{"/?hostname=h", BASIC, HTTP_PUT, "dyndns2", 0},
		{"/nic/update?hostname=h", BASIC, HTTP_HEAD, "", METHODS},
		{"/nic/update?hostname=h", BASIC, HTTP_OTHER, "", METHODS},
		{"/v2/update", NULL, HTTP_HEAD, "", METHODS},
		{"/v3/update", NULL, HTTP_HEAD, "", METHODS},
		{"/update", NULL, HTTP_HEAD, "", METHODS},
		{"/dyndns/update", NULL, HTTP_HEAD, "", METHODS},
		{"/update?domains=h&token=t", NULL, HTTP_HEAD, "", METHODS},
		{"/nic/update?hostname=h&password=p", NULL, HTTP_HEAD, "", METHODS},
		/* Where the address page is, HEAD is for that, and updates nothing. */
		{"/?hostname=h", BASIC, HTTP_HEAD, "checkip", 0},
		{"/?hostname=h", BASIC, HTTP_OTHER, "", METHODS | HTTP_HEAD},
	};
	static struct asked asked;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		unsigned allowed;
		const struct dialect *dialect;

		ask(&asked, rows[i].target, NULL, rows[i].basic);
		asked.request.method = rows[i].method;
		dialect = dialects_find(&asked.request, &allowed);
		assert_row(rows[i].target, strcmp(dialect ? dialect->name : "", rows[i].dialect) == 0);
		assert_row(rows[i].target, dialect || allowed == rows[i].allowed);
	}
}

/* ---- Answers ---- */

#define REQUEST "/nic/update?hostname=good.example.com,ok.example.com&username=u&password=p"

static void asked_for(struct asked *asked, struct intent *intent, bool errors_as_200)
{
	ask(asked, REQUEST, NULL, NULL);
	asked->request.errors_as_200 = errors_as_200;
	understood(asked, intent);
}

/* The contract's table of answers; with errors_as_200 only who has sent no credentials is asked for them. */
static const struct answer_row {
	enum outcome_code code;
	const char *body;
	int status;
	bool challenge, retry_after;
} answer_rows[] = {
	{OUTCOME_MISSING_LOGIN, "badauth\n", 401, true, false},
	{OUTCOME_MISSING_KEY, "badauth\n", 401, true, false},
	{OUTCOME_NO_SUCH_LOGIN, "badauth\n", 401, true, false},
	{OUTCOME_NO_KEY, "badauth\n", 401, true, false},
	{OUTCOME_WRONG_KEY, "badauth\n", 401, true, false},
	{OUTCOME_ACCOUNT_INACTIVE, "badauth\n", 401, true, false},
	{OUTCOME_NOT_YOURS, "!yours\n", 403, false, false},
	{OUTCOME_ZONE_INACTIVE, "!yours\n", 403, false, false},
	{OUTCOME_MAY_NOT_UPDATE, "!donator\n", 403, false, false},
	{OUTCOME_NOT_ALLOWED, "!donator\n", 403, false, false},
	{OUTCOME_NO_RECORD, "nohost\n", 404, false, false},
	{OUTCOME_NO_ADDRESS, "notfqdn\n", 400, false, false},
	{OUTCOME_MISSING_HOST, "notfqdn\n", 400, false, false},
	{OUTCOME_BAD_HOST, "notfqdn\n", 400, false, false},
	{OUTCOME_BAD_ADDRESS, "notfqdn\n", 400, false, false},
	{OUTCOME_BAD_TEXT, "badtxt\n", 400, false, false}, /* not of the contract: dyndns2 sets no text */
	{OUTCOME_TOO_MANY_HOSTS, "numhost\n", 400, false, false},
	{OUTCOME_THROTTLED, "abuse\n", 403, false, true},
	{OUTCOME_REFUSED, "dnserr\n", 503, false, true},
	{OUTCOME_REFUSED_UNSIGNED, "dnserr\n", 503, false, true},
	{OUTCOME_UNREACHABLE, "911\n", 503, false, true},
	{OUTCOME_UNKNOWN, "911\n", 503, false, true},
	{OUTCOME_GIVEN_UP, "911\n", 503, false, true},
	{OUTCOME_OVERTAKEN, "911\n", 503, false, true},
	{OUTCOME_LATE, "911\n", 503, false, true},
	{OUTCOME_BUSY, "911\n", 503, false, true},
	{OUTCOME_FAILED, "911\n", 503, false, true},
	/* What no update ends with is no success either. */
	{OUTCOME_GRANTED, "911\n", 503, false, true},
	{OUTCOME_ADDRESS, "911\n", 503, false, true},
	{OUTCOME_ALIVE, "911\n", 503, false, true},
	{(enum outcome_code)1000, "911\n", 503, false, true},
};

static void every_failure_has_its_word_and_status(void **state)
{
	static struct asked asked;
	struct http_response response;
	struct intent intent;

	(void)state;
	asked_for(&asked, &intent, false);
	for (size_t i = 0; i < LENGTH(answer_rows); i++) {
		const struct answer_row *row = &answer_rows[i];
		const char *name = outcome_text(row->code);

		render_all(&asked, &intent, &(struct outcome){.code = row->code}, 1, &response);
		assert_row(name, text_equal(body_of(&response), text_of(row->body)));
		assert_row(name, response.status == row->status);
		assert_row(name, response.challenge == row->challenge);
		assert_row(name, (response.retry_after_s > 0) == row->retry_after);
		assert_row(name, strncmp(response.content_type, "text/plain", strlen("text/plain")) == 0);
		assert_row(name, response.allow == 0);
	}
}

static void every_outcome_is_either_a_success_or_in_that_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(all_outcomes); i++) {
		bool found = is_success(all_outcomes[i]);

		for (size_t k = 0; k < LENGTH(answer_rows); k++)
			found = found || answer_rows[k].code == all_outcomes[i];
		assert_row(outcome_text(all_outcomes[i]), found);
	}
}

static void errors_come_under_200_where_the_listener_says_so(void **state)
{
	static struct asked asked;
	struct http_response response;
	struct intent intent;

	(void)state;
	asked_for(&asked, &intent, true);
	for (size_t i = 0; i < LENGTH(answer_rows); i++) {
		const struct answer_row *row = &answer_rows[i];
		bool missing = row->code == OUTCOME_MISSING_LOGIN || row->code == OUTCOME_MISSING_KEY;

		render_all(&asked, &intent, &(struct outcome){.code = row->code}, 1, &response);
		assert_row(outcome_text(row->code), text_equal(body_of(&response), text_of(row->body)));
		assert_row(outcome_text(row->code), response.status == (missing ? 401 : 200));
		assert_row(outcome_text(row->code), response.challenge == missing);
	}
}

/* Rule 7; the hosts that were asked for would read like success. */
static void no_error_reads_like_success_or_repeats_what_was_sent(void **state)
{
	static struct asked asked;
	struct http_response response;
	struct intent intent;

	(void)state;
	asked_for(&asked, &intent, false);
	for (size_t i = 0; i < LENGTH(all_outcomes); i++) {
		for (size_t k = 0; k < LENGTH(all_outcomes); k++) {
			struct outcome outcomes[] = {outcome_with(all_outcomes[i], "192.0.2.1", "2001:db8::1"),
						     outcome_with(all_outcomes[k], "192.0.2.1", "2001:db8::1")};
			bool good = is_success(all_outcomes[i]) || is_success(all_outcomes[k]);

			render_all(&asked, &intent, outcomes, LENGTH(outcomes), &response);
			assert_row(outcome_text(all_outcomes[i]), (response.status == 200) == good);
			assert_row(outcome_text(all_outcomes[i]), reads_like_success(body_of(&response)) == good);
			assert_row(outcome_text(all_outcomes[i]), !contains_word(body_of(&response), "example"));
		}
	}
}

/* Rule 6: pfSense compares the whole body, others its beginning. */
static void success_is_the_word_and_the_addresses_and_nothing_else(void **state)
{
	static const struct {
		enum outcome_code code;
		const char *v4, *v6, *body;
	} rows[] = {
		{OUTCOME_CHANGED, "192.0.2.1", NULL, "good 192.0.2.1\n"},
		{OUTCOME_CHANGED, NULL, "2001:DB8:0::1", "good 2001:db8::1\n"},
		{OUTCOME_CHANGED, "192.0.2.1", "2001:db8::1", "good 192.0.2.1,2001:db8::1\n"},
		{OUTCOME_UNCHANGED, "192.0.2.1", NULL, "nochg 192.0.2.1\n"},
		{OUTCOME_UNCHANGED, NULL, "2001:db8::1", "nochg 2001:db8::1\n"},
		{OUTCOME_UNCHANGED, "192.0.2.1", "2001:db8::1", "nochg 192.0.2.1,2001:db8::1\n"},
		/* Nothing is left: clients look for an address all the same. */
		{OUTCOME_CHANGED, NULL, NULL, "good 0.0.0.0\n"},
		{OUTCOME_UNCHANGED, NULL, NULL, "nochg 0.0.0.0\n"},
	};
	static struct asked asked;
	struct http_response response;
	struct intent intent;

	(void)state;
	for (unsigned errors_as_200 = 0; errors_as_200 < 2; errors_as_200++) {
		asked_for(&asked, &intent, errors_as_200);
		for (size_t i = 0; i < LENGTH(rows); i++) {
			struct outcome outcome = outcome_with(rows[i].code, rows[i].v4, rows[i].v6);

			render_all(&asked, &intent, &outcome, 1, &response);
			assert_text(body_of(&response), rows[i].body);
			assert_int_equal(response.status, 200);
			assert_false(response.challenge);
			assert_int_equal(response.retry_after_s, 0);
		}
	}
}

static void several_hosts_have_a_line_each_in_the_order_asked(void **state)
{
	static const struct {
		enum outcome_code codes[3];
		int status;
		const char *body;
	} rows[] = {
		{{OUTCOME_CHANGED, OUTCOME_CHANGED, OUTCOME_UNCHANGED},
		 200,
		 "good 192.0.2.1\ngood 192.0.2.1\nnochg 192.0.2.1\n"},
		{{OUTCOME_NO_RECORD, OUTCOME_CHANGED, OUTCOME_NOT_YOURS}, 200, "nohost\ngood 192.0.2.1\n!yours\n"},
		{{OUTCOME_REFUSED, OUTCOME_UNREACHABLE, OUTCOME_UNCHANGED}, 200, "dnserr\n911\nnochg 192.0.2.1\n"},
		{{OUTCOME_NO_RECORD, OUTCOME_NOT_YOURS, OUTCOME_BAD_HOST}, 404, "nohost\n!yours\nnotfqdn\n"},
		{{OUTCOME_NOT_YOURS, OUTCOME_NO_RECORD, OUTCOME_NO_RECORD}, 403, "!yours\nnohost\nnohost\n"},
		/* What may pass is worth trying again. */
		{{OUTCOME_NO_RECORD, OUTCOME_UNREACHABLE, OUTCOME_NOT_YOURS}, 503, "nohost\n911\n!yours\n"},
		{{OUTCOME_NO_RECORD, OUTCOME_REFUSED, OUTCOME_UNREACHABLE}, 503, "nohost\ndnserr\n911\n"},
	};
	static struct asked asked;
	struct http_response response;
	struct intent intent;

	(void)state;
	asked_for(&asked, &intent, false);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct outcome outcomes[3];

		for (size_t k = 0; k < 3; k++)
			outcomes[k] =
				outcome_with(rows[i].codes[k], is_success(rows[i].codes[k]) ? "192.0.2.1" : NULL, NULL);
		render_all(&asked, &intent, outcomes, LENGTH(outcomes), &response);
		assert_text(body_of(&response), rows[i].body);
		assert_int_equal(response.status, rows[i].status);
		assert_false(response.challenge);
	}
}

/* However many hosts, a failure of the account is one outcome. */
static void a_failure_of_the_account_appears_once(void **state)
{
	static struct asked asked;
	struct http_response response;
	struct intent intent;

	(void)state;
	asked_for(&asked, &intent, false);
	assert_int_equal(intent.host_count, 2);
	render_all(&asked, &intent, &(struct outcome){.code = OUTCOME_WRONG_KEY}, 1, &response);
	assert_text(body_of(&response), "badauth\n");
}

static void the_longest_answer_fits(void **state)
{
	static const char line[] = "nochg 255.255.255.255,2001:db8:1111:2222:3333:4444:5555:6666\n";
	static struct asked asked;
	struct outcome outcomes[HOSTS_MANY];
	struct http_response response;
	struct intent intent;

	(void)state;
	asked_for(&asked, &intent, false);
	for (size_t i = 0; i < HOSTS_MANY; i++)
		outcomes[i] =
			outcome_with(OUTCOME_UNCHANGED, "255.255.255.255", "2001:db8:1111:2222:3333:4444:5555:6666");
	render_all(&asked, &intent, outcomes, HOSTS_MANY, &response);
	assert_int_equal(response.body_len, HOSTS_MANY * strlen(line));
	assert_memory_equal(response.body + response.body_len - strlen(line), line, strlen(line));
}

static void says_how_long_to_wait(void **state)
{
	static struct asked asked;
	struct http_response response;
	struct intent intent;

	(void)state;
	asked_for(&asked, &intent, false);
	render_all(&asked, &intent, &(struct outcome){.code = OUTCOME_THROTTLED, .retry_after_s = 17}, 1, &response);
	assert_int_equal(response.retry_after_s, 17);
}

/* ---- Pairs of request and answer ---- */

static void answers_requests_as_the_contract_has_it(void **state)
{
	static const struct {
		const char *target, *form, *basic;
		struct {
			enum outcome_code code;
			const char *v4, *v6;
		} ends[2]; /* what becomes of its hosts, if parsing does not end it */
		int status;
		const char *body;
	} rows[] = {
		{"/nic/update?hostname=h.example.com&myip=192.0.2.1",
		 NULL,
		 BASIC,
		 {{OUTCOME_CHANGED, "192.0.2.1", NULL}},
		 200,
		 "good 192.0.2.1\n"},
		{"/nic/update?hostname=h.example.com&myip=192.0.2.1",
		 NULL,
		 BASIC,
		 {{OUTCOME_UNCHANGED, "192.0.2.1", NULL}},
		 200,
		 "nochg 192.0.2.1\n"},
		{"/nic/update?hostname=h.example.com&myip=192.0.2.1,2001:db8::1",
		 NULL,
		 BASIC,
		 {{OUTCOME_CHANGED, "192.0.2.1", "2001:db8::1"}},
		 200,
		 "good 192.0.2.1,2001:db8::1\n"},
		{"/nic/update?hostname=a.example.com%2Cb.example.com",
		 "",
		 BASIC,
		 {{OUTCOME_NO_RECORD, NULL, NULL}, {OUTCOME_CHANGED, "203.0.113.9", NULL}},
		 200,
		 "nohost\ngood 203.0.113.9\n"},
		{"/nic/update?hostname=h.example.com&username=u&password=wrong",
		 NULL,
		 NULL,
		 {{OUTCOME_WRONG_KEY, NULL, NULL}},
		 401,
		 "badauth\n"},
		{"/nic/update?hostname=h.example.com", NULL, NULL, {{OUTCOME_CHANGED, NULL, NULL}}, 401, "badauth\n"},
		{"/nic/update?hostname=h.example.com&offline=yes",
		 NULL,
		 BASIC,
		 {{OUTCOME_NOT_ALLOWED, NULL, NULL}},
		 403,
		 "!donator\n"},
		{"/nic/update?hostname=h.example.com&offline=yes",
		 NULL,
		 BASIC,
		 {{OUTCOME_CHANGED, NULL, NULL}},
		 200,
		 "good 0.0.0.0\n"},
		{"/nic/update?hostname=h.example.com&myip=nonsense",
		 NULL,
		 BASIC,
		 {{OUTCOME_BAD_ADDRESS, NULL, NULL}},
		 400,
		 "notfqdn\n"},
		{"/nic/update?hostname=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u",
		 NULL,
		 BASIC,
		 {{OUTCOME_CHANGED, NULL, NULL}},
		 400,
		 "numhost\n"},
		{"/nic/update?hostname=h.example.com&myip=192.0.2.1&ip6lanprefix=2001:db8:1:2::/64",
		 NULL,
		 BASIC,
		 {{OUTCOME_CHANGED, "192.0.2.1", "2001:db8:1:2::7"}},
		 200,
		 "good 192.0.2.1,2001:db8:1:2::7\n"},
	};
	static struct asked asked;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct intent intent = {0};
		struct http_response response;
		struct outcome outcomes[2];
		size_t count = 1;

		ask(&asked, rows[i].target, rows[i].form, rows[i].basic);
		outcomes[0] = (struct outcome){.code = dialect_for(&asked)->parse(&asked.request, &intent)};
		if (outcomes[0].code == OUTCOME_GRANTED) {
			count = intent.host_count;
			for (size_t k = 0; k < count; k++)
				outcomes[k] =
					outcome_with(rows[i].ends[k].code, rows[i].ends[k].v4, rows[i].ends[k].v6);
		}
		render_all(&asked, &intent, outcomes, count, &response);
		assert_text(body_of(&response), rows[i].body);
		assert_row(rows[i].target, response.status == rows[i].status);
		assert_row(rows[i].target, response.challenge == (rows[i].status == 401));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_all_paths),
		cmocka_unit_test(takes_operands_from_query_and_form),
		cmocka_unit_test(takes_basic_credentials_before_those_of_the_query),
		cmocka_unit_test(takes_lists_of_hosts),
		cmocka_unit_test(takes_addresses_in_all_their_operands),
		cmocka_unit_test(a_nul_octet_does_not_end_an_operand),
		cmocka_unit_test(an_empty_address_is_none),
		cmocka_unit_test(ignores_what_means_nothing_here),
		cmocka_unit_test(notes_what_unknown_operands_hint_at),
		cmocka_unit_test(offline_is_understood),
		cmocka_unit_test(understands_desec),
		cmocka_unit_test(an_operand_for_ipv6_says_nothing_of_ipv4),
		cmocka_unit_test(takes_two_urls_in_one_for_the_first),
		cmocka_unit_test(more_hosts_than_allowed_are_told),
		cmocka_unit_test(too_many_address_operands_are_no_address),
		cmocka_unit_test(says_whose_a_request_is),
		cmocka_unit_test(takes_get_post_and_put_and_never_head),
		cmocka_unit_test(every_failure_has_its_word_and_status),
		cmocka_unit_test(every_outcome_is_either_a_success_or_in_that_table),
		cmocka_unit_test(errors_come_under_200_where_the_listener_says_so),
		cmocka_unit_test(no_error_reads_like_success_or_repeats_what_was_sent),
		cmocka_unit_test(success_is_the_word_and_the_addresses_and_nothing_else),
		cmocka_unit_test(several_hosts_have_a_line_each_in_the_order_asked),
		cmocka_unit_test(a_failure_of_the_account_appears_once),
		cmocka_unit_test(the_longest_answer_fits),
		cmocka_unit_test(says_how_long_to_wait),
		cmocka_unit_test(answers_requests_as_the_contract_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
