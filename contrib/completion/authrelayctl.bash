# Completion of authrelayctl(8) in bash
# Made by `authrelayctl completion bash`
# SPDX-License-Identifier: ISC

_authrelayctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local options files others operand words

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'check completion explain keygen log mx probe replay report verify --help --version' -- "$cur")
		return
	fi
	case ${COMP_WORDS[1]} in
	check)
		options=' -c --config -o -h --help'
		files=' -c --config'
		others=' -o'
		operand=
		words=''
		;;
	completion)
		options=' -h --help'
		files=''
		others=''
		operand=
		words='bash zsh'
		;;
	explain)
		options=' -c --config -o --json --client --local --client-name --daemon --port --auth --mech --ssf --tls --tls-bits --cert-subject --cert-issuer --utf8 --sender --rcpt --raw-rcpt --rcpt-mta -h --help'
		files=' -c --config'
		others=' -o --client --client-name --daemon --port --auth --mech --ssf --tls-bits --cert-subject --cert-issuer --sender --rcpt --raw-rcpt --rcpt-mta'
		operand=
		words=''
		;;
	keygen)
		options=' -h --help'
		files=''
		others=''
		operand=file
		words=''
		;;
	log)
		options=' -c --config -o -f -n --field --since --until --user --client --domain --reason --verdict --event -h --help'
		files=' -c --config'
		others=' -o -n --field --since --until --user --client --domain --reason --verdict --event'
		operand=file
		words=''
		;;
	mx)
		options=' -c --config -o -h --help'
		files=' -c --config'
		others=' -o'
		operand=
		words=''
		;;
	probe)
		options=' --local --external --relay-domain --name --timeout --delay --quick --json --nagios --yes-i-run-this-server --list --auth --password-file --allow-plaintext-auth --starttls --tls --no-tls --tls-verify --ca-file --data --source --milter --client -h --help'
		files=' --password-file --ca-file'
		others=' --local --external --relay-domain --name --timeout --delay --auth --source --milter --client'
		operand=
		words=''
		;;
	replay)
		options=' -c --config -o --live --json --since --until --user --client --domain --reason --verdict --event -h --help'
		files=' -c --config'
		others=' -o --since --until --user --client --domain --reason --verdict --event'
		operand=file
		words=''
		;;
	report)
		options=' -c --config -o --top --json --html --since --until --user --client --domain --reason --verdict --event -h --help'
		files=' -c --config --html'
		others=' -o --top --since --until --user --client --domain --reason --verdict --event'
		operand=file
		words=''
		;;
	verify)
		options=' --anchors --pubkey --json -h --help'
		files=' --anchors --pubkey'
		others=''
		operand=file
		words=''
		;;
	*)
		return
		;;
	esac
	# --name=value is three words
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	if [[ " $files " == *" $prev "* ||
	    ($operand == file && $cur != -* && " $others " != *" $prev "*) ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	elif [[ " $others " == *" $prev "* ]]; then
		return
	elif [[ $cur == -* || -z $words ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	fi
}

complete -F _authrelayctl authrelayctl
