# shellcheck shell=bash
#
# Sourced by .ci/run and .ci/nightly: adds up what several test runs say in their last lines.

passed=0
failed=0
summary=

# tally NAME COMMAND...: what it prints is shown. A command that ends without its last line is one failure.
tally() {
	local name=$1 log rc=0
	shift
	log=$(mktemp)
	"$@" 2>&1 </dev/null | tee "$log" || rc=$?
	if [[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		summary+="$name: ${BASH_REMATCH[0]}"$'\n'
	else
		failed=$((failed + 1))
		summary+="$name: ended with status $rc before its tests did"$'\n'
	fi
	rm -f "$log"
}

tally_report() {
	printf '\n%s\n%d passed, %d failed\n' "$summary" "$passed" "$failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
