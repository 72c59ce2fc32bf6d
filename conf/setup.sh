# shellcheck shell=bash
#
# Sourced by conf/demo/run, tests/run and .ci/run: installs the Debian packages that are missing, and builds. Both are
# quiet as long as all goes well. Nothing here runs on its own.

setup_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # the scripts that source this use it
setup_build_packages=(
	gcc libc6-dev cmake make pkg-config
	libldns-dev libmicrohttpd-dev libgnutls28-dev libconfig-dev libuv1-dev libssl-dev libsqlite3-dev libcrypt-dev libjansson-dev
	libcmocka-dev
)

# setup_packages PACKAGE...: installs those that are missing.
setup_packages() {
	local missing
	command -v dpkg-query >/dev/null || {
		echo "This is not a Debian system; these must be there: $*" >&2
		return 0
	}
	mapfile -t missing < <(setup_missing "$@")
	[ "${#missing[@]}" -gt 0 ] || return 0

	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		echo "Debian packages are missing, and there is no sudo. Install them as root:" >&2
		echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
		return 1
	fi
	echo "Installing ${missing[*]}" >&2
	setup_quietly "apt-get" setup_install "${missing[@]}"
}

setup_missing() {
	local package
	for package; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
	done
}

# A subshell, so that its trap removes the service policy whatever happens.
setup_install() (
	apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)

	trap setup_services_allowed EXIT
	setup_services_forbidden || exit
	setup_as_root "${apt[@]}" update || echo "going on with the package lists as they are"
	setup_as_root "${apt[@]}" install -y --no-install-recommends "$@" && setup_services_off "$@"
)

# A name server for a demo is not to become a service of this machine: Debian's packages start theirs unless this policy
# forbids it.
setup_policy=/usr/sbin/policy-rc.d
setup_policy_mark="# By ddnsgate's conf/setup.sh, for the time of an installation"

setup_services_forbidden() {
	[ ! -e "$setup_policy" ] || return 0
	printf '#!/bin/sh\n%s\nexit 101\n' "$setup_policy_mark" | setup_as_root tee "$setup_policy" >/dev/null &&
		setup_as_root chmod 755 "$setup_policy"
}

# Removes our policy, also one that an earlier installation left because it was killed; never another one.
setup_services_allowed() {
	if grep -qsxF "$setup_policy_mark" "$setup_policy"; then setup_as_root rm -f "$setup_policy"; fi
}

# Nor are the name servers, clients and proxies that came with these packages to start when the machine is next booted.
setup_services_off() {
	local package
	command -v systemctl >/dev/null || return 0
	for package; do
		case $package in
		bind9) setup_as_root systemctl disable named.service || true ;;
		pdns-server) setup_as_root systemctl disable pdns.service || true ;;
		knot | ddclient | inadyn | haproxy | nginx | apache2 | caddy) setup_as_root systemctl disable "$package.service" || true ;;
		esac
	done
}

setup_as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# setup_build_dir PRESET: where CMakePresets.json puts it.
setup_build_dir() {
	case $1 in
	dev) echo "$setup_top/build" ;;
	*) echo "$setup_top/build/$1" ;;
	esac
}

# setup_build PRESET TARGET [CMAKE-ARGUMENT...]: one at a time in each build folder.
setup_build() {
	local preset=$1 target=$2 folder
	shift 2
	folder=$(setup_build_dir "$preset")
	echo "Building ($preset)" >&2
	mkdir -p "$folder"
	setup_quietly "cmake" setup_locked "$folder" cmake --preset "$preset" "$@" &&
		setup_quietly "The build" setup_locked "$folder" \
			cmake --build --preset "$preset" --target "$target" --parallel "$(nproc)"
}

setup_locked() {
	local folder=$1
	shift
	env -C "$setup_top" flock "$folder" "$@"
}

# setup_quietly WHAT COMMAND...: shows the command's output only if it fails, and of it the end.
setup_quietly() {
	local what=$1 log rc=0
	shift
	log=$(mktemp)
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	if [ "$rc" -ne 0 ]; then
		echo "$what failed (exit status $rc). The end of its output:" >&2
		tail -n 30 "$log" >&2
	fi
	rm -f "$log"
	return "$rc"
}

# What building the Debian package takes besides.
# shellcheck disable=SC2034
setup_package_packages=(dpkg-dev file git)

# setup_deb: builds the package and prints its path.
setup_deb() {
	local folder
	folder=$(setup_build_dir release)
	setup_build release all -DDDNSGATE_TESTS=OFF && setup_quietly "cpack" env -C "$folder" flock "$folder" cpack || return
	echo "$folder/ddnsgate_$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$folder/CMakeCache.txt")-1_$(dpkg --print-architecture).deb"
}

# setup_newer_deb PACKAGE FILE: the same files as a later revision.
setup_newer_deb() (
	folder=$(mktemp -d) || exit
	trap 'rm -rf "$folder"' EXIT
	dpkg-deb -R "$1" "$folder/tree" &&
		sed -i 's/^Version: .*/&.1/' "$folder/tree/DEBIAN/control" &&
		dpkg-deb --root-owner-group -b "$folder/tree" "$2" >/dev/null
)
