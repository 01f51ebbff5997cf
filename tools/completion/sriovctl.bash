# SPDX-License-Identifier: BSD-3-Clause
# bash completion for sriovctl(1)

# Values of an option that takes a word; status 1 for an option without value.
_sriovctl_values() {
	case $1 in
	--shim) echo "kvm xen mock vfio-user netdev" ;;
	--backend) echo "auto group iommufd" ;;
	--model) echo "82599 82576" ;;
	--quirks) echo "qemu" ;;
	--trust | --spoof-check) echo "on off" ;;
	--rx-mode) echo "none multi allmulti promisc" ;;
	--link) echo "auto on off" ;;
	--mock-pf) echo "up down silent" ;;
	--mock-guest) echo "willing late deaf" ;;
	--sysfs-root | --dev-root | --proc-root | --dir | --serve) echo @folder ;;
	--pcap | --series | --qmp | --to-qmp | --device | --save | --restore | --xl | --ssh) echo @file ;;
	--uri | --vf-id | --vf-mac | --plug | --downtime-limit | --bandwidth | --xen | --to-device | --mem-max | --move-timeout | \
		--abort-after | --vf-match | --standby | --drain | --settle | --quiet | --silence) echo ;;
	--id | --bus | --domain | --vf-token | --vfs | --from | --to | --neighbour | --address | --count | --size | --interval | --rate | \
		--window | --timeout | --resolve | --mac | --vlan | --trunk | --min-rate | --mtu | --link-wait | --give-up | --duration | --wire | --capture | --fault | --queues | -c | -s | -i | -W) echo ;;
	*) return 1 ;;
	esac
}

_sriovctl_options() {
	local traffic="--poll --interrupts --mtu --link-wait --give-up --duration --progress"
	local policy="--mac --vlan --trunk --trust --spoof-check --link --rx-mode --rate --min-rate"
	echo "--shim --backend --noiommu --vf-token --json --verbose --model --quirks --vfs --mock-pf --dir --device --sysfs-root"
	echo "--dev-root --proc-root --help --version"
	case $1 in
	list) echo "--all" ;;
	ping)
		echo "$traffic --from --to --count --size --interval --rate --window --timeout --resolve --udp"
		echo "--neighbour --pcap"
		;;
	respond) echo "$traffic --address --count --pcap" ;;
	capture) echo "$traffic --address --count --promiscuous" ;;
	stats) echo "$traffic --address" ;;
	vf) echo "$policy --serve" ;;
	stream)
		echo "--follow --rate --size --duration --vf-match --standby --address --no-announce --drain --settle --quiet --silence --link-wait --series"
		;;
	migrate)
		echo "--qmp --to-qmp --uri --vf-id --vf-mac --plug --downtime-limit --bandwidth --xen --save --restore --to --device"
		echo "--to-device --mem-max --xl --ssh --timeout --move-timeout --abort-after"
		;;
	serve) echo "--wire --capture --fault --watch --queues --no-macs" ;;
	assign) echo "--qmp --timeout --id --bus --domain $policy" ;;
	release) echo "--qmp --timeout --unbind --domain --force --mock-guest" ;;
	esac
}

# Functions of the shim that the line asks for: _sriovctl_functions PROGRAM SHIM MODEL
_sriovctl_functions() {
	"$1" --shim "${2:-kvm}" --model "${3:-82599}" list 2>/dev/null | sed -n '2,$s/ .*//p'
}

_sriovctl() {
	local cur prev words cword i command= place=0 function_place shim= model= values
	if declare -F _get_comp_words_by_ref >/dev/null; then
		_get_comp_words_by_ref -n : cur prev words cword
	else
		words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
		cur=${words[cword]} prev=${words[cword - 1]}
	fi
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		--shim) shim=${words[i + 1]} ;;
		--model) model=${words[i + 1]} ;;
		esac
		if [[ ${words[i]} == -* ]]; then
			_sriovctl_values "${words[i]}" >/dev/null && i=$((i + 1))
		elif [ -z "$command" ]; then
			command=${words[i]}
		else
			place=$((place + 1))
		fi
	done

	case $command in
	list | migrate) function_place=none ;;
	vf) function_place=1 ;;
	*) function_place=0 ;;
	esac

	COMPREPLY=()
	if values=$(_sriovctl_values "$prev"); then
		case $values in
		@file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
		@folder) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
		*) mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur") ;;
		esac
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_sriovctl_options "$command")" -- "$cur")
	elif [ -z "$command" ]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"list info doctor bind unbind vfs vf assign release migrate ping stats stream respond capture serve" -- "$cur")
	elif [ "$place" = 0 ] && [ "$command" = vf ]; then
		mapfile -t COMPREPLY < <(compgen -W "show set reset-pf" -- "$cur")
	elif [ "$place" = "$function_place" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_sriovctl_functions "${words[0]}" "$shim" "$model")" -- "$cur")
		declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$cur"
	elif [ "$place" = 1 ] && [ "$command" = capture ]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
	return 0
}

complete -F _sriovctl sriovctl
