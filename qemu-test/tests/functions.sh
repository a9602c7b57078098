# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Function probes, by whichever mechanism the crate picks, and by each: hits, data, arguments, results, recursion. What a
# mechanism does not do is refused.
state() {
	echo "$1: by $2, ${3:-1} functions, missed ${4:-0}, exhausted 0, not followed 0"
}
seen() {
	echo "$1: entries $2, returns $3, argument $4, value $5, wrong 0"
}
# Reports of the cases: by what an entry of one function is seen, and of several; by what a return of one, of one that has
# a direct call already, of one whose arguments are on the stack, and of several. Hits in handlers are missed.
reports() {
	one=$1 several=$2 return=$3 second=$4 stack=$5 returns=$6
	if [ "$several" = refused ]; then
		echo 'entry: refused (-95)'
	else
		seen entry 2 0 0 0
		state entry "$several" 2
	fi
	if [ "$returns" = refused ]; then
		echo 'both: refused (-95)'
		echo 'syms: refused (-95)'
	else
		seen both 2 2 3 4294967293
		state both "$returns" 3
		seen syms 2 2 0 0
	fi
	if [ "$return" = refused ]; then
		echo 'data: refused (-95)'
		echo 'skip: refused (-95)'
	else
		seen data 1 1 40 42
		state data "$return"
		seen skip 2 1 41 43
		state skip "$return"
	fi
	case $second in
	refused) echo 'multi: refused (-95)' ;;
	busy) echo 'multi: refused (-16)' ;;
	*)
		seen 'multi 1' 1 0 40 0
		seen 'multi 2' 1 1 40 42
		seen 'multi 3' 0 1 0 42
		seen 'multi 4' 1 1 40 42
		state 'multi 1' "$one"
		state 'multi 2' "$second"
		state 'multi 3' "$second"
		state 'multi 4' "$returns" 2
		seen 'multi 2' 2 2 41 43
		seen 'multi 3' 0 2 0 43
		;;
	esac
	followed=0
	for function in negative nothing six ten large; do
		case $(uname -m)-$function in
		# arm64 passes a pointer to a large struct.
		*-ten | x86_64-large) by=$stack ;;
		*) by=$return ;;
		esac
		if [ "$by" = refused ]; then
			echo "functions_target_$function: refused (-95)"
		else
			state functions_target_$function "$by"
			followed=$((followed + 1))
		fi
	done
	seen arguments $followed $followed 0 0
	if [ "$return" = refused ]; then
		echo 'two words: refused (-95)'
		echo 'calls itself: refused (-95)'
	else
		seen 'two words' 1 1 10 11
		state 'two words' "$return"
		seen 'calls itself' 6 6 0 15
		state 'calls itself' "$return"
	fi
	seen 'reaches itself' 1 0 40 0
	state 'reaches itself' "$one" 1 1
	seen 'reaches another' 1 0 40 0
	state 'reaches another' "$one"
	seen 'is reached' 0 0 0 0
	state 'is reached' "$one" 1 1
	if [ "$return" = refused ]; then
		echo 'exits: refused (-95)'
		echo 'switched: refused (-95)'
	else
		seen exits 1 0 7 0
		state exits "$return"
		seen switched 3 3 21 23
		state switched "$return"
	fi
	if [ "$several" != refused ]; then
		state many "$several" $many
		echo "many: $many hit once and where it is said, wrong 0, left out 0"
		echo 'many: the first is functions_target_many_0000+0x0/0xN [functions_target]'
	fi
}
# Puts what was reported since the last time into /tmp/found, without the reasons of what was refused, or is by something else.
last=0
reported() {
	log | grep '^functions: ' >/tmp/reports
	tail -n "+$((last + 1))" /tmp/reports | grep -Ev '^functions: no probe by | is probed by ' |
		sed 's/^functions: //; s/0x[0-9a-f]* \[/0xN [/' >/tmp/found
	last=$(wc -l </tmp/reports)
}
check() {
	mechanism=$1
	shift
	# Old fprobes follow few calls at a time by default, as kretprobes do.
	load functions mechanism="$mechanism" maxactive=16
	unload functions
	if [ "$2" = refused ]; then
		refuse functions what=many mechanism="$mechanism"
	else
		many=1500 pattern=
		# The kernel patches its code for each of them alone.
		[ "$2" != kprobe ] || many=20 pattern='functions_target:functions_target_many_00[01]*'
		load functions what=many mechanism="$mechanism" functions="$pattern"
		unload functions
	fi
	reports "$@" >/tmp/wanted
	reported
	diff /tmp/wanted /tmp/found || fail "mechanism=$mechanism: other reports than wanted (-)"
}

load functions_target
several=kprobe
! $fprobes || several=fprobe
if $direct; then
	check '' 'direct call' ftrace 'direct call' kprobe kprobe $several
	same "$(log | grep -Ec '^functions: functions_target_add\+0x0/.* is probed by kprobe, not by direct call: something else has it, such as a BPF program \(-EBUSY, -16\)$')" 2
	check direct 'direct call' refused 'direct call' busy refused refused
	expect '^functions: no probe by direct call at functions_target_add.*: a direct call is for one function$' \
		'^functions: no probe by direct call at functions_target_ten.*: its arguments are not known to be in registers: declare it with kernel_types!, if they are$'
else
	check '' ftrace ftrace kprobe kprobe kprobe $several
	refuse functions what=many mechanism=direct
	expect '^functions: no probe by direct call at .*: there are no direct calls on this kernel$'
	reported
fi
check ftrace ftrace ftrace refused refused refused refused
expect '^functions: no probe by ftrace at functions_target_add.*: ftrace calls nothing when a function returns$'
if $fprobes; then
	check fprobe fprobe fprobe fprobe fprobe fprobe fprobe
else
	refuse functions what=many mechanism=fprobe
	expect '^functions: no probe by fprobe at .*: this kernel has no fprobes, or none that follow calls until they return$'
	reported
fi
check kprobe kprobe kprobe kprobe kprobe kprobe kprobe
unload functions_target
same "$(probes)" ''
