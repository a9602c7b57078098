# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# shellcheck shell=bash disable=SC2034
#
# What the scripts share: where things are, which kernels there are, and how a long step reports itself.

RPROBES=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=${RPROBES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rprobes}
ROOT=$CACHE/root
LOG=$CACHE/setup.log

die() {
	printf 'rprobes: %s\n' "$*" >&2
	exit 1
}

# shellcheck source=scripts/kernels.sh
. "$RPROBES/scripts/kernels.sh"

# The source that Rust for kernels without it is made of; a link that set-up makes.
RUST_SOURCE=$CACHE/kernels/rust-source

# The kernel that is taken if none is asked for: the one that set-up found, or else would try first.
default_kernel() {
	cat "$CACHE/kernels/default" 2>/dev/null || echo "${KERNELS[0]}"
}

# kernel_way NAME: "source" if set-up has made its Rust metadata, "stack" if Rust is linked into modules.
kernel_way() {
	cat "$CACHE/kernels/$1/way" 2>/dev/null || true
}

# The process group of the running step, for stop().
STEP_PID=

# stop: ends the running step. For the traps of INT and TERM.
stop() {
	trap '' INT TERM
	# Without a step it is another script that says so.
	[ -n "$STEP_PID" ] || exit 130
	kill -- "-$STEP_PID" 2>/dev/null || true
	wait
	printf '\n' >&2
	die "stopped. Run the same command again to go on from here."
}

# step TITLE USUAL-SECONDS COMMAND...: runs COMMAND with its output in the log, and shows that it is alive.
# A failure quotes the end of the log and names the file, and CURE, if that is set.
step() {
	local title=$1 usual=$2 start=$SECONDS said=$SECONDS from pid rc=0
	shift 2
	from=$(($(stat -c %s "$LOG" 2>/dev/null || echo 0) + 1))
	printf '\n=== %s: %s\n' "$(date '+%F %T')" "$title" >>"$LOG"
	[ -t 2 ] || printf '  %s (usually %s s) ...\n' "$title" "$usual" >&2
	# A process group of its own, so that Ctrl-C can end all of it.
	set -m
	"$@" >>"$LOG" 2>&1 </dev/null &
	pid=$!
	set +m
	STEP_PID=$pid
	if [ -t 2 ]; then
		while kill -0 "$pid" 2>/dev/null; do
			printf '\r\033[K  %s ... %d s (usually %s s)' "$title" $((SECONDS - start)) "$usual" >&2
			# The pace of the display, not a wait for an event: "wait" below takes the result.
			read -r -t 0.5 <> <(:) || true
		done
		printf '\r\033[K' >&2
	else
		# A sign of life for a log, every two minutes.
		while kill -0 "$pid" 2>/dev/null; do
			read -r -t 0.5 <> <(:) || true
			[ $((SECONDS - said)) -lt 120 ] || {
				said=$SECONDS
				printf '  %s ... %d s\n' "$title" $((SECONDS - start)) >&2
			}
		done
	fi
	wait "$pid" || rc=$?
	STEP_PID=
	if [ "$rc" -ne 0 ]; then
		tail -c "+$from" "$LOG" | tail -n 15 | cut -c 1-300 | sed 's/^/    | /' >&2
		die "$title: failed (exit status $rc). The whole log: $LOG. ${CURE-Run} the same command again to go on from here."
	fi
	printf '  %s: done in %d s\n' "$title" $((SECONDS - start)) >&2
}

# host_needs COMMAND PACKAGE: makes sure that the host has COMMAND; root installs PACKAGE, others are told.
host_needs() {
	command -v "$1" >/dev/null 2>&1 && return
	command -v apt-get >/dev/null 2>&1 ||
		die "this host has no apt; install the program '$1' and run again"
	[ "$(id -u)" -eq 0 ] || die "the package $2 is missing: sudo apt-get install $2"
	step "install the host package $2" 10 install_host_package "$2"
}

install_host_package() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$1" || {
		apt-get update
		apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$1"
	}
}
