# shellcheck shell=bash
#
# Usage: bash story.sh README PACKAGE NEWER-PACKAGE
#
# What an administrator does with the package, and what must be true after each step: install, the five commands of README.md, upgrade,
# remove, purge. It changes the system that it runs on: tests/package/lifecycle and tests/machine/run start it, as root, in one to throw
# away. With systemd as PID 1 that starts the service; else a stand-in for `systemctl` starts it as root, with the option `user`.
set -euo pipefail
readme=$1 package=$(realpath "$2") newer=$(realpath "$3")
host=www.dyn.example.com
named=

main() {
	trap end_all EXIT
	cd "$(dirname "$package")"
	if ! with_systemd; then systemctl() { stand_in "$@"; }; fi
	# Root already, and so that it takes the stand-in.
	sudo() { "$@"; }
	# There is no network: packages that are there must not be upgraded.
	rm -rf /var/lib/apt/lists/*

	heading "install"
	admin_installs
	heading "the five commands"
	admin_follows_readme
	heading "what the service may do"
	service_is_confined
	heading "port 80"
	admin_takes_port_80
	heading "reload"
	admin_reloads
	heading "watchdog"
	service_is_watched
	heading "sockets"
	admin_uses_sockets
	heading "upgrade"
	admin_upgrades
	heading "remove"
	admin_removes
	heading "purge"
	admin_purges
}

# More starts than an administrator has in ten seconds are no failure here.
heading() {
	echo "-- $*"
	! with_systemd || systemctl reset-failed ddnsgate 2>/dev/null || true
}

fail() {
	printf '%s\n' "$@" >&2
	if with_systemd; then journalctl -u ddnsgate -u named --no-pager -n 30 >&2; else tail -n 30 /run/*.log >&2; fi
	exit 1
}

until_true() {
	local try
	for ((try = 0; try < 100; try++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	fail "This does not come true: $*"
}

# ---- With systemd as PID 1, and without ----

with_systemd() {
	[ -d /run/systemd/system ]
}

stand_in() {
	case $* in
	"restart ddnsgate") restart_gateway ;;
	"reload ddnsgate") kill -HUP "$(cat /run/ddnsgate.pid)" ;;
	*) fail "no stand-in for: systemctl $*" ;;
	esac
}

restart_gateway() {
	stop_gateway
	grep -q "^user =" /etc/ddnsgate/ddnsgate.cfg || echo 'user = "ddnsgate";' >>/etc/ddnsgate/ddnsgate.cfg
	rm -f /run/ddnsgate.log
	setsid ddnsgate serve --config /etc/ddnsgate/ddnsgate.cfg >/run/ddnsgate.log 2>&1 &
	echo $! >/run/ddnsgate.pid
	until_true grep event=ready /run/ddnsgate.log
}

stop_gateway() {
	local pid
	[ -s /run/ddnsgate.pid ] || return 0
	pid=$(cat /run/ddnsgate.pid)
	kill "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	rm /run/ddnsgate.pid
}

start_named() {
	install -d -o root -g bind -m 775 /run/named
	setsid named -g -u bind -4 >/run/named.log 2>&1 &
	named=$!
	until_true rndc status
}

end_all() {
	with_systemd || stop_gateway
	[ -z "$named" ] || kill "$named" 2>/dev/null || true
}

gateway_pid() {
	if with_systemd; then command systemctl show -p MainPID --value ddnsgate; else cat /run/ddnsgate.pid; fi
}

# ---- What must be true ----

# require_file MODE OWNER PATH
require_file() {
	[ "$(stat -c '%a %U:%G' "$3")" = "$1 $2" ] || fail "$3 is $(stat -c '%a %U:%G' "$3"), not $1 $2"
}

address() {
	dig @127.0.0.1 +short +time=2 +tries=1 "$host" A
}

# require_update ADDRESS: changes it as a router would.
require_update() {
	local said
	until_true curl -sS http://127.0.0.1:8080/myip
	# shellcheck disable=SC2154 # README's fourth command sets the key
	said=$(curl -sS "http://127.0.0.1:8080/dynamic.cgi?host=$host&ip=$1&user=myLogin&password=$key")
	[ "$said" = OK ] || fail "the update was answered with $said"
	[ "$(address)" = "$1" ] || fail "the address is $(address), not $1"
}

# ---- The steps ----

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/run/apt.log 2>&1 || fail "apt-get install $*"
}

admin_installs() {
	apt_install "$package"
	getent passwd ddnsgate | grep -q ':/var/lib/ddnsgate:.*nologin$' || fail "the user: $(getent passwd ddnsgate)"
	require_file 750 root:ddnsgate /etc/ddnsgate
	require_file 640 root:ddnsgate /etc/ddnsgate/ddnsgate.cfg
	require_file 640 root:ddnsgate /etc/ddnsgate/gw.key
	require_file 700 ddnsgate:ddnsgate /var/lib/ddnsgate
	ddnsgate check -c /etc/ddnsgate/ddnsgate.cfg
	if with_systemd; then
		systemctl is-enabled --quiet ddnsgate || fail "the service is not enabled"
		until_true curl -sS http://127.0.0.1:8080/myip
	else
		! pgrep -x ddnsgate || fail "something was started without systemd"
	fi
}

# The n-th command of the section's sh block.
readme_command() {
	awk -v n="$1" '
		/^##+ / { section = /five commands/ }
		section && /^```/ { block = !block && /sh$/; next }
		section && block && /^# [0-9]\. / { at = $2 + 0; next }
		section && block && at == n' "$readme"
}

# In this shell, for the last one uses a variable of the one before.
admin_follows_readme() {
	local n
	for n in 1 2 3 4 5; do
		readme_command "$n" >/run/command
		[ -s /run/command ] || fail "README.md has no command $n"
		if [ "$n" = 3 ] && ! with_systemd; then start_named; fi
		# shellcheck source=/dev/null
		DEBIAN_FRONTEND=noninteractive . /run/command >/run/said.log 2>&1 </dev/null || fail "command $n failed"
	done
	grep -q '^OK' /run/said.log || fail "the update was not answered with OK"
	[ "$(address)" = 203.0.113.7 ] || fail "the address is $(address)"
}

service_is_confined() {
	local pid status
	pid=$(gateway_pid)
	status=$(cat "/proc/$pid/status")
	[ "$(awk '/^Uid/ { print $2 }' <<<"$status")" = "$(id -u ddnsgate)" ] || fail "it does not run as ddnsgate"
	grep -qE '^NoNewPrivs:\s+1$' <<<"$status" || fail "it may get more privileges"
	grep -qE '^Max core file size +0 ' "/proc/$pid/limits" || fail "core dumps are on"
	with_systemd || return 0
	grep -qE '^Seccomp:\s+2$' <<<"$status" || fail "it has no system call filter"
	grep -qE '^CapEff:\s+0000000000000400$' <<<"$status" || fail "capabilities: $(grep ^Cap <<<"$status")"
	grep -qE '^CapBnd:\s+0000000000000400$' <<<"$status" || fail "capabilities: $(grep ^Cap <<<"$status")"
	! nsenter -t "$pid" -m touch /etc/ddnsgate/written 2>/dev/null || fail "it can write to its configuration"
	! nsenter -t "$pid" -m touch /usr/written 2>/dev/null || fail "it can write to /usr"
}

# The one right of root's that the service has, or that it uses before it drops all.
admin_takes_port_80() {
	sed -i 's/port = 8080/port = 80/' /etc/ddnsgate/ddnsgate.cfg
	systemctl restart ddnsgate
	until_true curl -sS http://127.0.0.1/myip
	sed -i 's/port = 80;/port = 8080;/' /etc/ddnsgate/ddnsgate.cfg
	systemctl restart ddnsgate
}

# Without another process, and without a word of a broken file.
admin_reloads() {
	local before
	before=$(gateway_pid)
	cp -p /etc/ddnsgate/ddnsgate.cfg /run/good.cfg
	echo 'request_timeout_ms = "soon";' >>/etc/ddnsgate/ddnsgate.cfg
	systemctl reload ddnsgate
	until_true logged event=reload-failed
	require_update 203.0.113.9
	cat /run/good.cfg >/etc/ddnsgate/ddnsgate.cfg
	echo 'log_level = "debug";' >>/etc/ddnsgate/ddnsgate.cfg
	systemctl reload ddnsgate
	until_true logged event=reloaded
	require_update 203.0.113.10
	[ "$(gateway_pid)" = "$before" ] || fail "the reload has started another process"
}

logged() {
	if with_systemd; then journalctl -u ddnsgate --no-pager; else cat /run/ddnsgate.log; fi | grep "$1"
}

# A daemon that hangs is ended and started anew.
service_is_watched() {
	local before
	with_systemd || return 0
	before=$(gateway_pid)
	mkdir -p /run/systemd/system/ddnsgate.service.d
	printf '[Service]\nWatchdogSec=4s\nTimeoutAbortSec=1s\n' >/run/systemd/system/ddnsgate.service.d/test.conf
	systemctl daemon-reload
	systemctl restart ddnsgate
	before=$(gateway_pid)
	sleep 6
	[ "$(gateway_pid)" = "$before" ] || fail "the watchdog has ended a daemon that was well"
	kill -STOP "$before"
	sleep 5
	until_true curl -sS --max-time 1 http://127.0.0.1:8080/myip
	[ "$(gateway_pid)" != "$before" ] || fail "the watchdog has not ended a daemon that hung"
	rm -r /run/systemd/system/ddnsgate.service.d
	systemctl daemon-reload
	systemctl restart ddnsgate
}

# With systemd's sockets no connection is refused while the daemon starts anew.
admin_uses_sockets() {
	with_systemd || return 0
	systemctl stop ddnsgate
	systemctl enable --quiet --now ddnsgate.socket
	curl -sS --max-time 10 http://127.0.0.1:8080/myip >/dev/null || fail "the socket does not start the daemon"
	(for ((n = 0; n < 200; n++)); do curl -sS --max-time 10 http://127.0.0.1:8080/myip >/dev/null || exit 1; done) &
	systemctl restart ddnsgate
	systemctl restart ddnsgate
	wait $! || fail "a connection was refused while the daemon started anew"
	systemctl stop ddnsgate.socket
	systemctl restart ddnsgate
}

admin_upgrades() {
	local before
	before=$(gateway_pid)
	sha256sum /etc/ddnsgate/* >/run/before
	apt_install "$newer"
	sha256sum --check --quiet /run/before || fail "the upgrade has changed the configuration"
	require_file 640 root:ddnsgate /etc/ddnsgate/ddnsgate.cfg
	if with_systemd; then
		until_true systemctl is-active ddnsgate
		[ "$(gateway_pid)" != "$before" ] || fail "the upgrade has not restarted the service"
	else
		systemctl restart ddnsgate
	fi
	require_update 203.0.113.8
}

admin_removes() {
	if ! with_systemd; then stop_gateway; fi
	apt-get remove -y ddnsgate >/run/apt.log 2>&1 || fail "apt-get remove"
	! pgrep -x ddnsgate || fail "it still runs"
	if [ ! -e /etc/ddnsgate/ddnsgate.cfg ] || [ ! -e /etc/ddnsgate/gw.key ]; then fail "the configuration is gone"; fi
	[ ! -e /usr/sbin/ddnsgate ] || fail "the program is still there"
}

admin_purges() {
	apt-get purge -y ddnsgate >/run/apt.log 2>&1 || fail "apt-get purge"
	! getent passwd ddnsgate || fail "the user is still there"
	! getent group ddnsgate || fail "the group is still there"
	left=$(find /etc /usr /var /lib/systemd -xdev -name '*ddnsgate*' -not -path "$(dirname "$package")/*" -not -path '/var/cache/*' \
		-not -path '/var/log/*')
	[ -z "$left" ] || fail "left behind:" "$left"
}

main
