# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# The one entry point; "make help" lists what it does. Kbuild says what is built.
#
#	KERNEL=debian-6.12	a kernel that set-up prepares; scripts/kernels.sh has the list. By default the newest with Rust
#	KDIR=~/build/linux	your own build tree instead, or a headers directory: /lib/modules/$(uname -r)/build
#	TEST=kprobe_ex		with "make test": only the tests whose names contain this, or one of several words
#	V=1			show the commands

KERNEL ?=
NAME ?=
DIR ?=
export KERNEL KDIR LLVM TEST V RUSTC BINDGEN FORMAT FUNCTION TRACEPOINT DEBUG
# scripts/build starts make anew.
unexport MAKEFLAGS MFLAGS MAKELEVEL

.DEFAULT_GOAL := modules
.PHONY: modules demo test bench selftest shell matrix doctor list new clippy fmt doc rust-analyzer clean distclean help

## modules: build the samples and the test modules (the default)
modules:
	@scripts/build modules

## demo: boot a stock kernel in QEMU and show a Rust kprobe hitting in it
## test: run every test
## bench: measure what a hit costs in instructions, next to the same in C
## selftest: run the kernel's own tests of tracing without the samples and with all of them, and compare
## shell: boot with the modules copied in and give a shell; Ctrl-A X leaves
demo test bench selftest shell:
	@scripts/run $@

## matrix: run every test on every kernel; the table is results/matrix.md, too
matrix:
	@scripts/matrix

## doctor: say what this machine lacks, for set-up, a KERNEL or a KDIR; FORMAT=json for programs
doctor:
	@scripts/doctor

## list: say what can be probed: make list FUNCTION='vfs_*', TRACEPOINT='sched:*'; DEBUG=<the kernel's debug file>, FORMAT=json
list:
	@scripts/list

## new: make a module of your own: make new NAME=my_probe DIR=~/my_probe
new:
	@scripts/new "$(NAME)" "$(DIR)"

## clippy: lint the modules and the test runner
clippy:
	@scripts/build clippy
	@scripts/cargo clippy --quiet --workspace --all-targets -- -D warnings

## fmt: format all Rust code
fmt:
	@scripts/build fmt

## doc: make the documentation of the crate, doc/rprobes/index.html
doc:
	@scripts/build doc

## rust-analyzer: write rust-project.json for editors
rust-analyzer:
	@scripts/build rust-analyzer

## clean: remove what was built here
## distclean: remove the build root and the kernels as well
clean distclean:
	@scripts/clean $@

help:
	@sed -n 's/^## /  /p' Makefile
