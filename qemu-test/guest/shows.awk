# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# Usage: awk -f shows.awk WANTED FOUND
#
# Prints the first line of WANTED that does not stand in FOUND, behind the ones before it, if there is one.

# A line without what differs from run to run.
function plain(line) {
	gsub(/0x[0-9a-f]+|[0-9]+([.:][0-9]+)*/, "N", line)
	gsub(/[ \t]+/, " ", line)
	sub(/^ /, "", line)
	sub(/ $/, "", line)
	# Where an entry was written: interrupts off, to be scheduled, in an interrupt, depth of preemption and of migration.
	sub(/ [.dDbB][.nNpPlLgGbB][.hHsSzZ][.N][.N]? /, " FLAGS ", line)
	# That a function took long.
	sub(/ [+!#*@$] N us/, " N us", line)
	return line
}

# Whether a line has these parts in this order, "..." between them.
function matches(line, wanted,    count, parts, i, at, rest) {
	count = split(wanted, parts, / ?\.\.\. ?/)
	if (substr(line, 1, length(parts[1])) != parts[1])
		return 0
	rest = substr(line, length(parts[1]) + 1)
	for (i = 2; i < count; i++) {
		at = index(rest, parts[i])
		if (!at)
			return 0
		rest = substr(rest, at + length(parts[i]))
	}
	if (count == 1)
		return rest == ""
	return length(rest) >= length(parts[count]) && substr(rest, length(rest) - length(parts[count]) + 1) == parts[count]
}

FNR == NR {
	wanted[NR] = $0
	count = NR
	next
}

FNR == 1 {
	next_line = 1
}

next_line <= count && matches(plain($0), plain(wanted[next_line])) {
	next_line++
}

END {
	if (next_line == "")
		next_line = 1
	if (next_line <= count)
		print wanted[next_line]
}
