#compdef ddnsgate
# Completion of ddnsgate(8) for zsh. What it offers is what `ddnsgate --help` and `ddnsgate COMMAND --help` tell, so it is
# always that of the installed program.

# Lines "  NAME   text" below "Commands:", as NAME:text.
_ddnsgate_commands() {
	$1 --help 2>/dev/null | awk '
		/^Commands:/ { list = 1; next }
		list && !/^  / { exit }
		list { name = $1; $1 = ""; sub(/^ /, ""); gsub(/:/, "\\:"); print name ":" $0 }'
}

# Lines "  -c, --config FILE   text", as each option and the text; of an action of the command, or of all.
_ddnsgate_options() {
	{ $1 $2 "$3" --help || $1 $2 --help } 2>/dev/null | awk '
		/^  -/ {
			text = $0
			sub(/^  [^ ]+( [^ ]+)*  +/, "", text)
			for (i = 1; i <= NF && $i ~ /^-/; i++) { sub(/,$/, "", $i); print $i ":" text }
		}
		END { print "-h:help for the command"; print "--help:help for the command" }'
}

# The words behind the command in "Usage: ddnsgate COMMAND add LOGIN" and the lines below it.
_ddnsgate_actions() {
	$1 $2 --help 2>/dev/null | awk '
		/^$/ { exit }
		sub(/^.*ddnsgate [a-z]+ /, "") && $1 ~ /^[a-z]+$/ && !seen[$1]++ { print $1 }'
}

_ddnsgate() {
	local -a actions found
	if (( CURRENT == 2 )); then
		found=(${(f)"$(_ddnsgate_commands $words[1])"} '--help:help' '--version:the version')
		_describe command found
	elif [[ $words[CURRENT-1] == (-c|--config) ]]; then
		_files
	else
		(( CURRENT > 3 )) || actions=(${(f)"$(_ddnsgate_actions $words[1] $words[2])"})
		found=($actions ${(f)"$(_ddnsgate_options $words[1] $words[2] $words[3])"})
		_describe -o option found
	fi
}

_ddnsgate "$@"
