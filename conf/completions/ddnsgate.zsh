#compdef ddnsgate
# Completion of ddnsgate(8) for zsh. Commands and options are those that `ddnsgate --help` tells, so they are always
# those of the installed program.

# Lines "  NAME   text" below "Commands:", as NAME:text.
_ddnsgate_commands() {
	$1 --help 2>/dev/null | awk '
		/^Commands:/ { list = 1; next }
		list && !/^  / { exit }
		list { name = $1; $1 = ""; sub(/^ /, ""); gsub(/:/, "\\:"); print name ":" $0 }'
}

# Lines "  -c, --config FILE   text", as each option and the text.
_ddnsgate_options() {
	$1 $2 --help 2>/dev/null | awk '
		/^  -/ {
			text = $0
			sub(/^  [^ ]+( [^ ]+)*  +/, "", text)
			for (i = 1; i <= NF && $i ~ /^-/; i++) { sub(/,$/, "", $i); print $i ":" text }
		}
		END { print "-h:help for the command"; print "--help:help for the command" }'
}

_ddnsgate() {
	local -a found
	if (( CURRENT == 2 )); then
		found=(${(f)"$(_ddnsgate_commands $words[1])"} '--help:help' '--version:the version')
		_describe command found
	elif [[ $words[CURRENT-1] == (-c|--config) ]]; then
		_files
	else
		found=(${(f)"$(_ddnsgate_options $words[1] $words[2])"})
		_describe -o option found
	fi
}

_ddnsgate "$@"
