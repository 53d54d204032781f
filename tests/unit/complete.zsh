# SPDX-License-Identifier: MIT
# complete.zsh DIR WORDS...: what zsh offers where the cursor is behind WORDS, in a
# line for each of these. A shell of its own is typed at, with the completions in
# DIR.
zmodload zsh/zpty
scratch=$(mktemp -d)
trap 'rm -rf $scratch' EXIT

cat >$scratch/.zshrc <<EOT
PROMPT=
fpath=(${(q)1} \$fpath)
autoload -Uz compinit
compinit -u -D
zstyle ':completion:*' verbose no
EOT
cat >>$scratch/.zshrc <<'EOT'
# What is offered, and whatever else compadd is told, to a file
compadd()
{
	local -a offered

	if [[ ${@[1,(i)--]} != *-[OAD]* ]]; then
		builtin compadd -A offered "$@"
		print -l -- $offered >>$ZDOTDIR/offered
	fi
	builtin compadd "$@"
}
finish()
{
	touch $ZDOTDIR/done
}
complete-and-say()
{
	local -a comppostfuncs=(finish)

	_main_complete
}
zle -C complete-and-say complete-word complete-and-say
bindkey '^I' complete-and-say
touch $ZDOTDIR/ready
EOT

# wait_for FILE: half a minute at most
wait_for()
{
	repeat 300; do
		[[ ! -e $scratch/$1 ]] || return 0
		zpty -r -t shell >/dev/null
		sleep 0.1
	done
	print -u2 "zsh is not $1"
	exit 1
}

zpty -b shell "ZDOTDIR=$scratch zsh -i"
wait_for ready
for words in "${@[2,-1]}"; do
	rm -f $scratch/{offered,done}
	touch $scratch/offered
	# ^U: nothing of the line before
	zpty -w -n shell $'\x15'$words$'\t'
	wait_for done
	print -r -- $(grep -v '^$' $scratch/offered | sort -u)
done
zpty -d shell
