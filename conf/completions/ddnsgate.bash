# Completion of ddnsgate(8) for bash. Commands and options are those that `ddnsgate --help` tells, so they are always
# those of the installed program.

_ddnsgate_commands() {
	"$1" --help 2>/dev/null | awk '/^Commands:/ { list = 1; next } list && !/^  / { exit } list { print $1 }'
}

_ddnsgate_options() {
	"$1" "$2" --help 2>/dev/null | awk '/^  -/ { for (i = 1; i <= NF && $i ~ /^-/; i++) { sub(/,$/, "", $i); print $i } }'
	printf '%s\n' -h --help
}

_ddnsgate() {
	local program=$1 word=$2 before=$3
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_ddnsgate_commands "$program") --help --version" -- "$word")
		return
	fi
	case $before in
	-c | --config) compopt -o filenames 2>/dev/null && mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$(_ddnsgate_options "$program" "${COMP_WORDS[1]}")" -- "$word") ;;
	esac
}

complete -F _ddnsgate ddnsgate
