# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# shellcheck shell=bash
#
# The build root: the toolchain that Debian built its kernels with, QEMU, and Debian's packages of kernels.

SUITE=trixie
TOOLCHAIN=(rustc cargo rust-src rustfmt rust-clippy bindgen gcc make bc bison flex libelf-dev libssl-dev pahole
	cpio xz-utils kmod python3-minimal busybox-static qemu-system-x86 ca-certificates)
# Only for kernels that need it. gcc has no KASAN for Rust, so clang builds the debug kernel.
EXTRA_arm64=(gcc-aarch64-linux-gnu gcc-14-aarch64-linux-gnu qemu-system-arm)
EXTRA_clang=(clang lld llvm)
# Only for "make bench", which measures BPF programs beside the probes.
EXTRA_bpf=(clang bpftool libbpf-dev)
# The programs of a guest that is not of the build root's architecture, and what they are linked with.
GUEST_PACKAGES=(busybox-static kmod libc6 libssl3t64 zlib1g libzstd1)
# Only for "make test": programs that show people what the kernel traces. The guest gets them, and the libraries they need.
FRONT_ENDS=(trace-cmd linux-perf)

# Any change to what goes into the root makes a new one.
root_wanted() {
	echo "$SUITE ${TOOLCHAIN[*]}"
}

root_is_complete() {
	[ "$(cat "$ROOT/.complete" 2>/dev/null)" = "$(root_wanted)" ]
}

# in_root COMMAND...: runs COMMAND as the root user of the build root, with apt's downloads kept in the cache.
in_root() {
	if [ -n "${RPROBES_IN_ROOT:-}" ]; then
		"$@"
		return
	fi
	mkdir -p "$CACHE/archives/partial" "$ROOT/var/cache/apt/archives"
	bwrap --die-with-parent --unshare-pid --unshare-user-try --uid 0 --gid 0 --bind "$ROOT" / --dev /dev --proc /proc \
		--perms 1777 --tmpfs /tmp --ro-bind "$(readlink -f /etc/resolv.conf)" /etc/resolv.conf \
		--bind "$CACHE/archives" /var/cache/apt/archives --bind "$CACHE" "$CACHE" --ro-bind "$RPROBES" "$RPROBES" \
		--setenv PATH /usr/sbin:/usr/bin:/sbin:/bin --setenv LANG C.UTF-8 --setenv DEBIAN_FRONTEND noninteractive \
		"$@"
}

remove_tree() {
	chmod -R u+w "$@" 2>/dev/null || true
	rm -rf "$@"
}

# The Debian mirror that this host uses, if it is a Debian host; else nothing, and mmdebstrap takes its default.
debian_mirror() {
	apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk '$1 == "Debian" && $2 == "Debian" { print $3; exit }'
}

make_base_root() {
	local mirror options=() line
	mirror=$(debian_mirror)
	while read -r line; do
		options+=(--aptopt="$line")
	done < <(apt-config dump 2>/dev/null | grep -i '^Acquire::https\?::.*Proxy' || true)
	remove_tree "$ROOT" "$ROOT.part"
	# The root holds a toolchain, not a system: manuals are left out, and nothing in it needs an owner but the user.
	mmdebstrap --variant=apt --include=adduser --skip=cleanup/apt --skip=output/dev \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
		--aptopt='Acquire::Retries "3"' --aptopt='APT::Sandbox::User "root"' "${options[@]}" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
		--format=tar "$SUITE" - ${mirror:+"$mirror"} |
		(mkdir -p "$ROOT.part" && tar -x -C "$ROOT.part" --no-same-owner --exclude='./dev/*')
	# Kernels have their headers in the root.
	rm -f "$CACHE"/kernels/*/.complete
	mv "$ROOT.part" "$ROOT"
}

install_toolchain() {
	in_root sh -c '
		set -e
		dpkg --configure -a
		apt-get update
		apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@"' sh "${TOOLCHAIN[@]}"
	root_wanted >"$ROOT/.complete"
	rm -f "$CACHE"/archives/*.deb
}

# install_extra NAME: what is in EXTRA_NAME.
install_extra() {
	local -n packages=EXTRA_$1
	in_root sh -c '
		set -e
		dpkg --configure -a
		apt-get update
		apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@"' sh "${packages[@]}"
	in_root dpkg-query -W rustc "${packages[@]}" >"$ROOT/.extra-$1.part"
	mv "$ROOT/.extra-$1.part" "$ROOT/.extra-$1"
	rm -f "$CACHE"/archives/*.deb
}

make_root() {
	export CURE="See whether this machine reaches a mirror of Debian (http_proxy, https_proxy), and run"
	[ -d "$ROOT" ] || step "build root: base system" 30 make_base_root
	root_is_complete || step "build root: toolchain and QEMU (300 MB)" 45 install_toolchain
	unset CURE
}

# lists_are_fresh SUITE ARCH: whether the root knows these packages, and as they are today.
lists_are_fresh() {
	local lists=$ROOT/var/lib/apt/lists list
	[ "$1" = "$SUITE" ] || [ -e "$ROOT/etc/apt/sources.list.d/$1.list" ] || return 1
	list=$(find "$lists" -name "*_dists_$1_main_binary-$2_Packages*" -print -quit)
	[ -n "$list" ] && [ -n "$(find "$lists" -maxdepth 0 -mmin -60)" ]
}

# update_lists SUITE ARCH
update_lists() {
	[ "$1" = "$SUITE" ] || sed -n "s/^deb \(.*\) $SUITE main.*/deb \1 $1 main/p" "$ROOT/etc/apt/sources.list" |
		head -n 1 >"$ROOT/etc/apt/sources.list.d/$1.list"
	[ "$2" = amd64 ] || in_root dpkg --add-architecture "$2"
	in_root apt-get update -o APT::Update::Error-Mode=any
}

# look_at_mirror SUITE ARCH
look_at_mirror() {
	lists_are_fresh "$1" "$2" || CURE="See whether this machine reaches a mirror of Debian (http_proxy, https_proxy), and run" \
		step "read which packages $1 has for $2" 5 update_lists "$1" "$2"
}

# The headers package of a release, and what of kernels it depends on: modules are built with these.
headers_packages() {
	local release=$1 version=$2 arch=$3
	echo "linux-headers-$release:$arch=$version"
	in_root apt-cache show "linux-headers-$release:$arch=$version" | sed -n 's/^Depends: //p' | tr ',|' '\n\n' |
		sed -n 's/^ *\(linux-headers-[^ ]*-common[^ ]*\|linux-kbuild-[^ ]*\).*/\1/p' | sort -u | sed "s/\$/=$version/"
}

# The package that the image itself is in.
image_package() {
	local release=$1 version=$2 arch=$3 name
	for name in "linux-binary-$release" "linux-image-$release"; do
		! in_root apt-cache show "$name:$arch" >/dev/null 2>&1 || break
	done
	echo "$name:$arch"
}

# front_end_packages ARCH: the packages of FRONT_ENDS, and those of the libraries that these depend on. Which libraries a program
# is linked with is seen in it, and what else the packages want is not for a guest.
front_end_packages() {
	in_root apt-get install --print-uris -y --no-install-recommends -o Dir::State::status=/dev/null \
		-o "APT::Architecture=$1" -o "APT::Architectures::=$1" "${FRONT_ENDS[@]}" |
		sed -n "s/^'[^ ]* \(lib[^_]*\|${FRONT_ENDS[0]}\|${FRONT_ENDS[1]}\)_[^ ]*_$1\.deb .*/\1:$1/p" |
		grep -v -e '-\(stdlib\|minimal\|perl\):'
}

# unpack_image DEB DIR: takes the image out of its package, and the drivers of QEMU's devices that it has as modules.
unpack_image() {
	rm -rf "$2/image.part"
	mkdir "$2/image.part"
	# shellcheck disable=SC2016
	in_root sh -c 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --wildcards --transform "s:.*/::" "*/vmlinuz*" \
		$(dpkg-deb --contents "$1" | sed -n "s/.* \([^ ]*\/virtio\(_ring\|_pci\|_pci_modern_dev\|_pci_legacy_dev\|_console\|\)\.ko\)$/\1/p")' \
		sh "$1" "$2/image.part"
	mv "$2"/image.part/vmlinuz* "$2/vmlinuz"
	rm -rf "$2/drivers"
	mv "$2/image.part" "$2/drivers"
}
