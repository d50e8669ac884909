# Completion of the dls commands for bash: options and words come from the commands themselves.
_dls() {
	local cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[0]} family="" w
	for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $w == -* ]] || { "$command" "$w" --help-as words >/dev/null 2>&1 && family=$w; }
	done
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$("$command" --help-as words 2>/dev/null) $(
			[[ -n $family ]] && "$command" "$family" --help-as words 2>/dev/null)" -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur"; compgen -W "$("$command" --help 2>/dev/null |
			awk '/^(Families|Methods|Metrics)/ { on = 1; next } on && /^  [+ a-z] *[a-z]/ { print $1 == "+" ? $2 : $1 }')" -- "$cur")
	fi
}
complete -o filenames -F _dls dls-train dls-predict dls-ensemble dls-eval dls-split dls-tfidf
