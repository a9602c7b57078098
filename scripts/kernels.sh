# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# shellcheck shell=bash disable=SC2034
#
# The kernels that set-up can prepare, and which packages of Debian they are made of.

# A line each: what KERNEL= calls it, and the release of Debian that it is in. With "-arm64" it is of that architecture,
# otherwise amd64. "debug" kernels are built by set-up, from the source of the stock one of that series.
KERNEL_TABLE="
debian-7.3		trixie-backports
debian-7.2		trixie-backports
debian-6.12		trixie
debian-6.1		bookworm
debian-7.3-arm64	trixie-backports
debian-6.12-arm64	trixie
debug-7.3		trixie-backports
"
mapfile -t KERNELS < <(awk 'NF { print $1 }' <<<"$KERNEL_TABLE")

# The release of Debian whose newest kernels have Rust, and their source; and the series of them that rprobes is known to
# work with, the newest first.
RUST_SUITE=trixie-backports
mapfile -t KNOWN_SERIES < <(sed -n "s/^debian-\([0-9.]*\)[[:blank:]]*$RUST_SUITE\$/\1/p" <<<"$KERNEL_TABLE")

# The packages that decide: "apt-cache dumpavail" on stdin, "NAME VERSION" on stdout.
kernel_packages() {
	awk '/^Package: / { name = $2 } /^Version: / && name ~ /^linux-(headers|source)-[0-9]/ { print name, $2 }'
}

# kernel_series NAME: the series of a kernel, "7.3"; fails if set-up does not know such a kernel. Of a series that is
# newer than all that are known it is tried.
kernel_series() {
	local series=${1#*-}
	series=${series%-arm64}
	case $1 in
	debian-*.* | debug-*.*) ;;
	*) return 1 ;;
	esac
	grep -q "^$1[[:blank:]]" <<<"$KERNEL_TABLE" || {
		[[ $series =~ ^[0-9]+\.[0-9]+$ ]] && is_newer "$series" "${KNOWN_SERIES[0]}" || return 1
	}
	echo "$series"
}

# is_newer A B: whether the series A is newer than B.
is_newer() {
	[ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort -V | tail -n 1)" = "$1" ]
}

kernel_arch() {
	case $1 in
	*-arm64) echo arm64 ;;
	*) echo amd64 ;;
	esac
}

kernel_suite() {
	awk -v name="$1" -v other="$RUST_SUITE" '$1 == name { suite = $2 } END { print suite ? suite : other }' <<<"$KERNEL_TABLE"
}

# check_kernel_name NAME: refuses a name that is not known.
check_kernel_name() {
	kernel_series "$1" >/dev/null ||
		die "unknown KERNEL=$1; known: ${KERNELS[*]} (or give KDIR=<your kernel build tree>)"
}

# resolve_kernel SERIES ARCH <PACKAGES: the newest packages of a series, as "release=", "version=", and "source=" with
# yes if its source package is to be had. The versions must agree, so the source decides. Fails if there are none.
resolve_kernel() {
	awk -v series="$1" -v arch="$2" '
		BEGIN { gsub(/\./, "\\.", series) }
		$1 ~ "^linux-source-" series "$" { source[$2] = 1 }
		$1 ~ "^linux-headers-" series "\\.[0-9]+([+-][a-z]*[0-9]+)?-" arch "$" { sub(/^linux-headers-/, "", $1); print $1, $2 }
		END { for (version in source) print "source", version }' |
		sort -V | awk '
		$1 == "source" { source[$2] = 1; next }
		{ release[++n] = $1; version[n] = $2 }
		END {
			for (i = n; i > 0 && !(version[i] in source); i--)
				;
			has = i > 0
			if (!has)
				i = n
			if (!i)
				exit 1
			printf "release=%s\nversion=%s\nsource=%s\n", release[i], version[i], has ? "yes" : "no"
		}'
}

# resolve_rust_series <PACKAGES: the series whose source is to be had, and which is known; the newest first. If none
# is known, the newest that there is. Fails if there is no source of a kernel with Rust.
resolve_rust_series() {
	local there known
	there=$(sed -n 's/^linux-source-\([0-9]*\.[0-9]*\) .*/\1/p' | sort -uV)
	for known in "${KNOWN_SERIES[@]}"; do
		! grep -qxF "$known" <<<"$there" || {
			echo "$known"
			return
		}
	done
	there=$(tail -n 1 <<<"$there")
	[ -n "$there" ] && is_newer "$there" "${KNOWN_SERIES[0]}" && echo "$there"
}

# gone NAME PACKAGES: what to take instead of a kernel that the mirror has no more, by the list in the file PACKAGES.
gone() {
	local instead
	instead=$(resolve_rust_series <"$2") || instead=
	echo "$(kernel_suite "$1") has no Linux $(kernel_series "$1") any more: take KERNEL=${instead:+debian-$instead, or }debian-6.12"
}
