# Completion of ddnsgate(8) for bash. What it offers is what `ddnsgate --help` and `ddnsgate COMMAND --help` tell, so it is
# always that of the installed program.

_ddnsgate_commands() {
	"$1" --help 2>/dev/null | awk '/^Commands:/ { list = 1; next } list && !/^  / { exit } list { print $1 }'
	printf '%s\n' --help --version
}

# Lines "  -c, --config FILE   text", of an action of the command, or of all.
_ddnsgate_options() {
	{ "$1" "$2" "$3" --help || "$1" "$2" --help; } 2>/dev/null | awk '/^  -/ { for (i = 1; i <= NF && $i ~ /^-/; i++) { sub(/,$/, "", $i); print $i } }'
	printf '%s\n' -h --help
}

# The words behind the command in "Usage: ddnsgate COMMAND add LOGIN" and the lines below it.
_ddnsgate_actions() {
	"$1" "$2" --help 2>/dev/null | awk '
		/^$/ { exit }
		sub(/^.*ddnsgate [a-z]+ /, "") && $1 ~ /^[a-z]+$/ && !seen[$1]++ { print $1 }'
}

_ddnsgate() {
	local program=$1 word=$2 before=$3 offer
	COMPREPLY=()
	case $COMP_CWORD,$before in
	1,*) offer=$(_ddnsgate_commands "$program") ;;
	*,-c | *,--config)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	2,*) offer=$(_ddnsgate_actions "$program" "$before" && _ddnsgate_options "$program" "$before") ;;
	*) offer=$(_ddnsgate_options "$program" "${COMP_WORDS[1]}" "${COMP_WORDS[2]}") ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$offer" -- "$word")
}

complete -o default -F _ddnsgate ddnsgate
