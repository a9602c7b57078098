# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# shellcheck shell=bash disable=SC2034
#
# Looks at a kernel build tree or a headers directory, and at this machine, and finds how modules are built for it.

# What Rust of Linux 7.x needs at least: scripts/min-tool-version.sh of its source.
RUSTC_AT_LEAST=1.85.0
BINDGEN_AT_LEAST=0.71.1

# What is wrong: a line each, with the cure. "look_at_kdir" fills it.
PROBLEMS=()

problem() {
	PROBLEMS+=("$*")
}

is_at_least() {
	[ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

# enabled OPTION: in the configuration of KDIR.
enabled() {
	grep -q "^CONFIG_$1=y$" "$KDIR_CONFIG"
}

# look_at_kdir KDIR: finds
#	KDIR_RELEASE	what "uname -r" says there
#	KDIR_ARCH	as Debian calls it
#	WAY		where Rust comes from: "metadata" that is there; "source", metadata that set-up makes of Debian's source
#			package; "stack", linked into modules
#	PLACE		whose compilers are taken: "host", or "root" for those of the build root
#	KDIR_CC		the C compiler, with PLACE=host, if it is not the one that make would take
#	WHY		both, in words
look_at_kdir() {
	PROBLEMS=() WAY='' PLACE='' WHY='' KDIR_RELEASE='' KDIR_ARCH='' KDIR_CC=''
	look_at_tree "$1"
	[ "${#PROBLEMS[@]}" -gt 0 ] || choose_way "$1"
}

look_at_tree() {
	local kdir=$1 include link version
	[ -d "$kdir" ] || {
		problem "KDIR=$kdir does not exist; give the build directory of a kernel, the one with its .config, or install its headers: sudo apt-get install linux-headers-$(uname -r)"
		return
	}
	KDIR_CONFIG=$kdir/.config
	[ -e "$KDIR_CONFIG" ] || KDIR_CONFIG=$kdir/include/config/auto.conf
	[ -e "$KDIR_CONFIG" ] && [ -e "$kdir/Makefile" ] || {
		problem "KDIR=$kdir is not a configured kernel tree; run 'make defconfig' and 'make' in it"
		return
	}
	# Headers packages are in several parts.
	include=$(sed -n 's/^include  *\(\/.*\)\/Makefile$/\1/p' "$kdir/Makefile" | head -n 1)
	[ -z "$include" ] || [ -e "$include/Makefile" ] ||
		problem "KDIR=$kdir is half installed: $include is missing: sudo apt-get install --reinstall $(basename "$include")"
	for link in scripts tools; do
		[ ! -L "$kdir/$link" ] || [ -e "$kdir/$link" ] || {
			link=$(realpath -m "$kdir/$link")
			problem "KDIR=$kdir is half installed: $link is missing: sudo apt-get install --reinstall $(basename "$(dirname "$link")")"
			break
		}
	done
	[ -e "$kdir/include/generated/utsrelease.h" ] && [ -e "$kdir/include/generated/rustc_cfg" ] || {
		[ "${#PROBLEMS[@]}" -gt 0 ] || problem "KDIR=$kdir is not prepared; run 'make modules_prepare' in it"
		return
	}
	KDIR_RELEASE=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' "$kdir/include/generated/utsrelease.h")
	version=$(sed -n 's/^#define LINUX_VERSION_CODE //p' "$kdir/include/generated/uapi/linux/version.h" 2>/dev/null || echo 0)
	[ "$version" -ge $((6 * 65536 + 256)) ] ||
		problem "KDIR=$kdir is of Linux $KDIR_RELEASE; rprobes needs 6.1 or later"
	if enabled X86_64; then
		KDIR_ARCH=amd64
	elif enabled ARM64; then
		KDIR_ARCH=arm64
	else
		problem "KDIR=$kdir is of an architecture that rprobes does not know; it knows x86_64 and arm64"
	fi
	enabled MODULES || problem "KDIR=$kdir has CONFIG_MODULES off; switch it on and build it again"
	enabled KPROBES || problem "KDIR=$kdir has CONFIG_KPROBES off; switch it on and build it again"
	! enabled X86_64 || enabled SMP ||
		problem "KDIR=$kdir has CONFIG_SMP off, which rprobes needs on x86; switch it on and build it again"
	[ ! -e "$kdir/rust/libcore.rmeta" ] || [ ! -e "$kdir/source/rust/libcore.rmeta" ] ||
		[ "$kdir/rust" -ef "$kdir/source/rust" ] ||
		problem "KDIR=$kdir has Rust metadata, and so has its source, $(realpath "$kdir/source"); run 'make mrproper' there"
}

# The compiler that metadata was made by, as it says itself; rustc takes none of another.
rustc_of_metadata() {
	# Printable as ASCII: what follows is not, and is a letter to some locales.
	{ head -c 300 "$1" | LC_ALL=C grep -a -o 'rustc [0-9][ -~]*' || echo "an unknown compiler"; } | head -n 1
}

# version_in_root PROGRAM
version_in_root() {
	[ ! -e "$ROOT/.complete" ] || "$RPROBES/scripts/enter" "$1" --version 2>/dev/null || true
}

choose_way() {
	local kdir=$1 made_by mine file
	mine=$("${RUSTC:-rustc}" --version 2>/dev/null) || mine=
	if [ -e "$kdir/rust/libcore.rmeta" ]; then
		made_by=$(rustc_of_metadata "$kdir/rust/libcore.rmeta")
		for file in libkernel.rmeta libpin_init.rmeta libmacros.so; do
			[ -e "$kdir/rust/$file" ] || made_by="another build, and rust/$file is missing"
		done
		if [ -e "$(unfit "$kdir" metadata)" ]; then
			WHY="Rust linked into the modules, as its own Rust metadata is of other interfaces (a trial did not compile: $LOG)"
		elif [ "$mine" = "$made_by" ]; then
			look_at_host "$kdir"
			[ -z "$HOST_LACKS" ] || problem "$HOST_LACKS"
			WAY=metadata PLACE=host WHY="its own Rust metadata, with $made_by"
		elif [ "$(version_in_root rustc)" = "$made_by" ] && enabled CC_IS_GCC && [ "$KDIR_ARCH" = amd64 ]; then
			WAY=metadata PLACE=root WHY="its own Rust metadata, with $made_by of the build root, as ${mine:-no rustc} is here"
		else
			WHY="Rust linked into the modules, as its metadata is of $made_by, and ${mine:-no rustc} is here"
		fi
	fi
	if [ -z "$WAY" ] && enabled RUST && has_source "$kdir"; then
		WAY=source PLACE=root WHY="Rust metadata made of Debian's source package, as the headers come without it"
	fi
	[ -z "$WAY" ] || return 0
	WAY=stack
	if [ -z "$WHY" ]; then
		WHY="Rust linked into the modules, as this kernel $(enabled RUST && echo 'comes without its Rust metadata' || echo 'is built without Rust')"
	fi
	look_at_host "$kdir"
	if [ -z "$HOST_LACKS" ]; then
		PLACE=host WHY+=", with $mine"
	else
		PLACE=root WHY+=", with the build root's compiler, as here $HOST_LACKS"
	fi
}

# has_source KDIR: whether it is Debian's, and the mirror has the source of that very version.
has_source() {
	local version
	version=$(debian_version "$1")
	[ -n "$version" ] && [ -e "$ROOT/.complete" ] || return 1
	in_root apt-cache dumpavail | kernel_packages |
		grep -xF "linux-source-$(series_of "$KDIR_RELEASE") $version" >/dev/null
}

# series_of RELEASE: 7.3 of 7.3.4+deb13-amd64.
series_of() {
	cut -d . -f 1,2 <<<"$1"
}

# debian_version KDIR: of which version the headers package is.
debian_version() {
	sed -n 's/^#define LINUX_PACKAGE_ID " Debian \(.*\)"/\1/p' "$1/include/generated/package.h" 2>/dev/null
}

# look_at_host KDIR: HOST_LACKS is what this machine lacks to build modules for it.
look_at_host() {
	local kdir=$1 version cross='' program
	HOST_LACKS=
	[ "$KDIR_ARCH" != arm64 ] || [ "$(uname -m)" = aarch64 ] || cross=${CROSS_COMPILE:-aarch64-linux-gnu-}
	version=$("${RUSTC:-rustc}" --version 2>/dev/null | cut -d ' ' -f 2 || true)
	if [ -z "$version" ]; then
		HOST_LACKS="rustc is missing (sudo apt-get install rustc rust-src)"
	elif ! is_at_least "$version" $RUSTC_AT_LEAST; then
		HOST_LACKS="rustc $version is older than $RUSTC_AT_LEAST"
	elif [ "$WAY" != metadata ] && [ -e "$(unfit "$kdir" stack)" ]; then
		HOST_LACKS="rustc $version did not compile it ($LOG)"
	elif [ ! -e "$("${RUSTC:-rustc}" --print sysroot)/lib/rustlib/src/rust/library/core/src/lib.rs" ] && [ "$WAY" != metadata ]; then
		HOST_LACKS="the source of Rust's library is missing (sudo apt-get install rust-src, or rustup component add rust-src)"
	fi
	[ -z "$HOST_LACKS" ] || return 0
	version=$("${BINDGEN:-bindgen}" --version 2>/dev/null | cut -d ' ' -f 2 || true)
	if [ -z "$version" ]; then
		HOST_LACKS="bindgen is missing (sudo apt-get install bindgen)"
	elif ! is_at_least "$version" $BINDGEN_AT_LEAST; then
		HOST_LACKS="bindgen $version is older than $BINDGEN_AT_LEAST"
	elif ! echo 'int i;' | "${BINDGEN:-bindgen}" --allowlist-var i /dev/stdin -- -x c >/dev/null 2>&1; then
		HOST_LACKS="libclang, which bindgen needs, is missing (sudo apt-get install libclang-dev)"
	fi
	[ -z "$HOST_LACKS" ] || return 0
	# Headers packages name the compiler that the kernel was built with; another version of it will do.
	program=${CC:-$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\([^ "]*\).*/\1/p' "$KDIR_CONFIG")}
	[ -z "$cross" ] || [[ $program = "$cross"* ]] || program=$cross$program
	if [ -z "${CC:-}" ] && ! command -v "$program" >/dev/null; then
		enabled CC_IS_CLANG && program=clang || program=${cross}gcc
		KDIR_CC=$program
	fi
	for program in make "$program" "$(enabled CC_IS_CLANG && echo ld.lld || echo "${cross}ld")"; do
		command -v "$program" >/dev/null || {
			HOST_LACKS="$program is missing (sudo apt-get install $(package_of "$program"))"
			return 0
		}
	done
}

# unfit KDIR metadata|stack: where it is written down that its metadata, or compilers of this machine, did not do: as they are,
# and as this rprobes is.
unfit() {
	echo "$CACHE/unfit/$({
		echo "$1" "$2"
		cat "$1/include/config/auto.conf" "$RPROBES"/rust/compat/{Kbuild,build,overlay,*.[ch]}
		stat -c '%Y %i' "$1/rust/libkernel.rmeta"
		"${RUSTC:-rustc}" --version
		"${BINDGEN:-bindgen}" --version
	} 2>/dev/null | sha256sum | cut -c 1-16)"
}

# host_arguments: what make is told if the compilers are this machine's, a line each.
host_arguments() {
	local cc=${CC:-$KDIR_CC}
	[ -z "${RUSTC:-}" ] || echo "RUSTC=$RUSTC"
	[ -z "${BINDGEN:-}" ] || echo "BINDGEN=$BINDGEN"
	if enabled CC_IS_CLANG; then
		echo "LLVM=${LLVM:-1}"
	elif [ -n "$cc" ]; then
		echo "CC=$cc"
	fi
	[ "$KDIR_ARCH" = amd64 ] || printf '%s\n' ARCH=arm64 "CROSS_COMPILE=${CROSS_COMPILE:-aarch64-linux-gnu-}"
}

# needed_by KDIR: the directories that it leads to, for the build root to see them: some headers packages are links to
# others.
needed_by() {
	local kdir=$1 link target
	realpath "$kdir"
	sed -n 's/^include  *\(\/.*\)\/Makefile$/\1/p' "$kdir/Makefile"
	for link in "$kdir"/* "$kdir"/include/*; do
		[ -L "$link" ] && [ -e "$link" ] || continue
		target=$(realpath "$link")
		dirname "$target"
		[ ! -d "$target" ] || echo "$target"
	done | sort -u
}

package_of() {
	case $1 in
	aarch64-linux-gnu-*) echo gcc-aarch64-linux-gnu ;;
	ld) echo binutils ;;
	ld.lld) echo lld ;;
	*) echo "$1" ;;
	esac
}
