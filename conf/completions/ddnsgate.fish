# Completion of ddnsgate(8) for fish. What it offers is what `ddnsgate --help` and `ddnsgate COMMAND --help` tell, so it is
# always that of the installed program.

# Lines "  NAME   text" below "Commands:", as NAME, a tab and the text.
function __ddnsgate_commands
	ddnsgate --help 2>/dev/null | awk '
		/^Commands:/ { list = 1; next }
		list && !/^  / { exit }
		list { name = $1; $1 = ""; sub(/^ /, ""); print name "\t" $0 }'
end

# Lines "  -c, --config FILE   text", as each option, a tab and the text; of an action of the command, or of all.
function __ddnsgate_options
	set -l words (commandline -opc) ""
	begin; ddnsgate $words[2] $words[3] --help; or ddnsgate $words[2] --help; end 2>/dev/null | awk '
		/^  -/ {
			text = $0
			sub(/^  [^ ]+( [^ ]+)*  +/, "", text)
			for (i = 1; i <= NF && $i ~ /^-/; i++) { sub(/,$/, "", $i); print $i "\t" text }
		}
		END { print "-h\thelp for the command"; print "--help\thelp for the command" }'
end

# The words behind the command in "Usage: ddnsgate COMMAND add LOGIN" and the lines below it.
function __ddnsgate_actions
	set -l words (commandline -opc)
	ddnsgate $words[2] --help 2>/dev/null | awk '
		/^$/ { exit }
		sub(/^.*ddnsgate [a-z]+ /, "") && $1 ~ /^[a-z]+$/ && !seen[$1]++ { print $1 }'
end

function __ddnsgate_words
	test (count (commandline -opc)) $argv
end

function __ddnsgate_wants_file
	set -l words (commandline -opc)
	contains -- $words[-1] -c --config
end

complete -c ddnsgate -f
complete -c ddnsgate -n '__ddnsgate_words -eq 1' -a '(__ddnsgate_commands)'
complete -c ddnsgate -n '__ddnsgate_words -eq 1' -l help -d help
complete -c ddnsgate -n '__ddnsgate_words -eq 1' -l version -d 'the version'
complete -c ddnsgate -n '__ddnsgate_words -eq 2' -a '(__ddnsgate_actions)'
complete -c ddnsgate -n '__ddnsgate_words -gt 1; and not __ddnsgate_wants_file' -a '(__ddnsgate_options)'
complete -c ddnsgate -n __ddnsgate_wants_file -F
