# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# Who opens what, and what comes of it, as several readers see it; what is lost of it; and a filter that changes.
[ -e /modules/opensnoop.ko ] || skip "the kernel has no BTF, which names arguments"
opens=/sys/kernel/debug/opensnoop/opens
filter=/sys/module/opensnoop/parameters/filter
# Lines begin with the time, and end with how long it took.
seen() {
	for regex; do
		poll grep -Eq "^[0-9]+\.[0-9]{6} $regex, [1-9][0-9]* ns\$" /tmp/opens || fail "no line $regex in: $(tail -n 20 /tmp/opens)"
	done
}
reader() {
	cat $opens >"$1" &
	# It has the file open from here on.
	pid=$!
	poll eval "ls -l /proc/$pid/fd | grep -q ' $opens'"
}

echo text >/tmp/there
printf '/no/such/path/in/a/file\0' >/tmp/long
load opensnoop filter=comm=cat
same "$(stat -c %a $opens $opens.bin | xargs)" '400 400'
same "$(head -c 8 $opens.bin)" RPSTREAM
reader /tmp/opens
reader /tmp/opens.2
cat /tmp/there >/dev/null &
cat=$!
wait $cat
! cat /tmp/missing 2>/dev/null || fail "there is a missing file"
seen "$cat cat: /tmp/there O_RDONLY: 3" '[0-9]+ cat: /tmp/missing O_RDONLY: -2'
# Another name that begins like it, and another program.
sh -c 'printf catch >/proc/$$/comm; : </tmp/there'
: </tmp/there
cat /tmp/there >/dev/null
# Another filter.
echo "tgid=$$" >$filter
same "$(cat $filter)" "tgid=$$"
: >/tmp/new
: >>/tmp/new
seen "$$ sh: /tmp/new O_WRONLY\|O_CREAT\|O_TRUNC: [0-9]+" "$$ sh: /tmp/new O_WRONLY\|O_CREAT\|O_APPEND: [0-9]+"
echo >$filter
ls /tmp >/dev/null
calls untouched /tmp/long
seen '[0-9]+ ls: /tmp O_RDONLY\|O_NONBLOCK\|O_DIRECTORY\|O_CLOEXEC: 3'
# Its page is not there before the kernel reads it.
seen '[0-9]+ calls: /no/such/path/in/a/file O_RDONLY: -2'
# Who waits in the file does not hold up rmmod, and reads all that there is.
poll cmp -s /tmp/opens /tmp/opens.2 || true
unload opensnoop
wait || fail "a reader fails"
cmp /tmp/opens /tmp/opens.2 || fail "two readers see $(tail -n 20 /tmp/opens /tmp/opens.2)"
awk '$1 < last { exit 1 } { last = $1 }' /tmp/opens || fail "not in order of time: $(tail -n 20 /tmp/opens)"
same "$(grep -c ' cat: /tmp/there ' /tmp/opens)" 2
! grep -E ' (sh|catch): /tmp/there ' /tmp/opens || fail "these do not match"

# As many as there were, and all of a path in full: 100 directories deep, and the longest that there may be.
path=/tmp
for _ in $(seq 100); do
	path=$path/directory-that-has-a-long-name
done
longest=/$(printf 'x/%.0s' $(seq 2047))
load opensnoop filter=comm=sh
sh -c "for _ in \$(seq 200); do : </tmp/there; done; true <$path; true <$longest" 2>/dev/null || true
echo "every=10 comm=sh" >$filter
sh -c 'for _ in $(seq 200); do : </dev/null; done'
rm -f /tmp/opens
cat $opens >/tmp/opens &
poll grep -q "/dev/null" /tmp/opens
unload opensnoop
wait
lost=$(awk '/^# [0-9]+ lost$/ { lost += $2 } END { print lost + 0 }' /tmp/opens)
same "$lost" 0
same "$(grep -c ' sh: /tmp/there O_RDONLY: [0-9]*, ' /tmp/opens)" 200
same "$(grep -cF " sh: $path O_RDONLY: -2, " /tmp/opens)" 1
same "$(grep -cF " sh: $longest O_RDONLY: -" /tmp/opens)" 1
nulls=$(grep -c ' sh: /dev/null ' /tmp/opens)
# The shell opens a few files more.
if [ "$nulls" -lt 19 ] || [ "$nulls" -gt 21 ]; then
	fail "$nulls of 200 are every tenth"
fi

# More than there is room for, and one reader is stopped, one comes late: what they have read and lost is all that there was.
load opensnoop filter=comm=storm
rm -f /tmp/opens
cat $opens >/tmp/opens &
slow=$!
poll eval "ls -l /proc/$slow/fd | grep -q ' $opens'"
kill -STOP $slow
sh -c 'list=$(seq 5000); printf storm >/proc/$$/comm; for _ in $list; do : </tmp/there; done'
rm -f /tmp/opens.2
cat $opens >/tmp/opens.2 &
kill -CONT $slow
all() { awk '/ storm: \/tmp\/there / { lines++ } /^# [0-9]+ lost$/ { lost += $2 } END { print lines + lost, (lost > 0), (lines > 0) }' "$1"; }
for file in /tmp/opens /tmp/opens.2; do
	poll eval "[ \"\$(all $file)\" = '5000 1 1' ]" || fail "$file: $(all $file), and not all of 5000"
done
unload opensnoop
wait || fail "a reader fails"

# More than are followed at a time wait in it: readers are told, also if nothing else happens.
mkfifo /tmp/fifo
load opensnoop filter=comm=waits
rm -f /tmp/opens
cat $opens >/tmp/opens &
sh -c 'printf waits >/proc/$$/comm; for _ in $(seq 115); do (: </tmp/fifo) & done; wait' &
waits=$!
poll grep -q '^# [1-9][0-9]* lost$' /tmp/opens || fail "nothing is lost: $(tail -n 20 /tmp/opens)"
all_wait() { [ "$(grep -l waits /proc/[0-9]*/comm 2>/dev/null | wc -l)" = 116 ]; }
poll all_wait || fail "they are not there"
# Who opens it for both does not wait, and those who do are let go.
exec 9<>/tmp/fifo
wait $waits
exec 9>&-
unload opensnoop
wait
lines=$(grep -c ' waits: /tmp/fifo O_RDONLY: ' /tmp/opens)
lost=$(awk '/^# [0-9]+ lost$/ { lost += $2 } END { print lost + 0 }' /tmp/opens)
if [ "$lines" -lt 90 ] || [ $((lines + lost)) -lt 115 ]; then
	fail "$lines lines and $lost lost of 115"
fi

refuse opensnoop filter=com=cat
expect '^opensnoop: filter: "com=cat" is none of pid=, tgid=, comm=, uid=, cpu= and every=; '
[ ! -e /sys/kernel/debug/opensnoop ] || fail "its files are still there"
# Nothing is printed.
expect_no ' O_RDONLY'
same "$(probes)" ''
rm /tmp/there /tmp/long /tmp/new /tmp/fifo /tmp/opens /tmp/opens.2
