# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# What is known beforehand, as text, in the kernel log, and as JSON, which the test runner has parsed.
files=/sys/kernel/debug/report
work=/tmp/report
mkdir -p $work
cat >$work/wanted <<'TEXT'
count: 18446744073709551615
least: -9223372036854775808
flags: 0xbeef
nobody: -
name "\\n: a"b\c\n\x1b\xc3\xa9\xc3;
text: café\t"

powers:
                   0 .. 0                             1 |##########                              |
                   1 .. 1                             1 |##########                              |
                   2 .. 3                             0 |                                        |
                   4 .. 7                             4 |########################################|
                   8 .. 15                            0 |                                        |
                  16 .. 31                            1 |##########                              |

top:
 9223372036854775808 .. 18446744073709551615          1 |########################################|

ranges:
                   0 .. 99                            3 |########################################|
                 100 .. 199                           1 |#############                           |

empty:
nothing recorded

nowhere: 0x0

times:
   time            n
   0 ns            0
 999 ns          999
1.00 us         1000
12.3 us        12345
 123 us       123456
9.99 ms      9999999
 60.0 s  60000000000

by value:
who    inode  mode   hits
carol     17  write  1000
a         17  write     7
b         17  write     7

by key:
who    inode  mode   hits
a         17  write     7
b         17  write     7
carol     17  write  1000

by least:
who    inode  mode   hits
a         17  write     7
b         17  write     7
carol     17  write  1000

nothing:
nothing recorded

sizes: count 3, sum 91, average 30, min 10, max 61
no sizes: count 0, sum 0, average -, min -, max -

sizes by who:
who  count  sum  average  min  max
  1      2  300      150  100  200
  5      2    3        1    1    2
  7      1    3        3    3    3

log2:
                   0 .. 0                             1 |####################                    |
                   1 .. 1                             0 |                                        |
                   2 .. 3                             2 |########################################|

distribution:
                   0 .. 0                             1 |####################                    |
                   1 .. 1                             0 |                                        |
                   2 .. 3                             2 |########################################|
count 3, sum 5, average 1, min 0, max 3

linear:
                   0 .. 99                            1 |####################                    |
                 100 .. 119                           2 |########################################|
                 120 .. 139                           1 |####################                    |
                 140 .. 159                           1 |####################                    |
                 160 .. 18446744073709551615          2 |########################################|

log2 by who[1]:
                   0 .. 0                             3 |########################################|

log2 by who[2]:
                   1 .. 1                             1 |####################                    |
                   2 .. 3                             0 |                                        |
                   4 .. 7                             2 |########################################|

latency[a, 17, write]:
                   0 .. 99                            4 |########################################|
                 100 .. 199                           2 |####################                    |

latency[b, 17, write]:
                 100 .. 199                           2 |########################################|
TEXT
cat >$work/wanted.json <<'JSON'
{
"count":18446744073709551615,
"least":-9223372036854775808,
"flags":"0xbeef",
"nobody":null,
"name \"\\\n":"a\"b\\c\n\u001bé�;",
"text":"café\t\"",
"powers":[
{"low":0,"high":0,"count":1},
{"low":1,"high":1,"count":1},
{"low":2,"high":3,"count":0},
{"low":4,"high":7,"count":4},
{"low":8,"high":15,"count":0},
{"low":16,"high":31,"count":1}
],
"top":[
{"low":9223372036854775808,"high":18446744073709551615,"count":1}
],
"ranges":[
{"low":0,"high":99,"count":3},
{"low":100,"high":199,"count":1}
],
"empty":[],
"nowhere":"0x0",
"times":[
{"time":0,"n":0},
{"time":999,"n":999},
{"time":1000,"n":1000},
{"time":12345,"n":12345},
{"time":123456,"n":123456},
{"time":9999999,"n":9999999},
{"time":60000000000,"n":60000000000}
],
"by value":[
{"who":"carol","inode":17,"mode":"write","hits":1000},
{"who":"a","inode":17,"mode":"write","hits":7},
{"who":"b","inode":17,"mode":"write","hits":7}
],
"by key":[
{"who":"a","inode":17,"mode":"write","hits":7},
{"who":"b","inode":17,"mode":"write","hits":7},
{"who":"carol","inode":17,"mode":"write","hits":1000}
],
"by least":[
{"who":"a","inode":17,"mode":"write","hits":7},
{"who":"b","inode":17,"mode":"write","hits":7},
{"who":"carol","inode":17,"mode":"write","hits":1000}
],
"nothing":[],
"sizes":{"count":3,"sum":91,"average":30,"min":10,"max":61},
"no sizes":{"count":0,"sum":0,"average":null,"min":null,"max":null},
"sizes by who":[
{"who":1,"count":2,"sum":300,"average":150,"min":100,"max":200},
{"who":5,"count":2,"sum":3,"average":1,"min":1,"max":2},
{"who":7,"count":1,"sum":3,"average":3,"min":3,"max":3}
],
"log2":[
{"low":0,"high":0,"count":1},
{"low":1,"high":1,"count":0},
{"low":2,"high":3,"count":2}
],
"distribution":{"count":3,"sum":5,"average":1,"min":0,"max":3,"buckets":[
{"low":0,"high":0,"count":1},
{"low":1,"high":1,"count":0},
{"low":2,"high":3,"count":2}
]},
"linear":[
{"low":0,"high":99,"count":1},
{"low":100,"high":119,"count":2},
{"low":120,"high":139,"count":1},
{"low":140,"high":159,"count":1},
{"low":160,"high":18446744073709551615,"count":2}
],
"log2 by who":[
{"who":1,"buckets":[
{"low":0,"high":0,"count":3}
]},
{"who":2,"buckets":[
{"low":1,"high":1,"count":1},
{"low":2,"high":3,"count":0},
{"low":4,"high":7,"count":2}
]}
],
"latency":[
{"who":"a","inode":17,"mode":"write","buckets":[
{"low":0,"high":99,"count":4},
{"low":100,"high":199,"count":2}
]},
{"who":"b","inode":17,"mode":"write","buckets":[
{"low":100,"high":199,"count":2}
]}
]
}
JSON
is() {
	cmp -s "$1" "$2" || fail "$1 and $2 differ: $(diff "$1" "$2" | head -n 20)"
}

load report
is $work/wanted $files/numbers
is $work/wanted.json $files/numbers.json
# Each line is one of the log. A line that is too long is several, and nothing of it is lost.
log | sed -n '/^report: count: /,/^report: long: /{ /^report: long: /d; s/^report:\( \|$\)//p; }' >$work/logged
is $work/wanted $work/logged
log | sed -n '/^report: long: /,$s/^report: //p' >$work/long
[ "$(wc -l <$work/long)" -gt 1 ] || fail "the long line is one: $(cat $work/long)"
same '2506 whole' "$(tr -d '\n' <$work/long | wc -c) $(tr -d '\n' <$work/long | sed 's/^long: \(0123456789\)*$/whole/')"

# In pieces, and from the middle.
dd if=$files/numbers bs=7 2>/dev/null >$work/pieces
is $work/wanted $work/pieces
dd if=$files/numbers.json bs=100 skip=5 2>/dev/null >$work/rest
tail -c +501 $work/wanted.json >$work/wanted-rest
is $work/wanted-rest $work/rest
# However long.
{
	printf '%s\n' large: '  square     n'
	i=5000
	while [ $i -gt 0 ]; do
		i=$((i - 1))
		printf '%8d  %4d\n' $((i * i)) $i
	done
} >$work/large
is $work/large $files/large
{
	printf '{\n"large":[\n'
	awk 'NR > 2 { printf "%s{\"square\":%d,\"n\":%d}", NR == 3 ? "" : ",\n", $1, $2 }' $work/large
	printf '\n]\n}\n'
} >$work/large.json
is $work/large.json $files/large.json
# What cannot be made is an error.
for file in $files/failure $files/failure.json; do
	! cat "$file" >$work/said 2>&1 || fail "$file could be read"
	grep -q 'Numerical argument out of domain' $work/said || fail "$file: $(cat $work/said)"
done
# For root alone, and not to be written.
same 400 "$(stat -c %a $files/numbers)"
# Each write is one text, of whatever bytes. The JSON beside it is as any other.
text() {
	printf 'bytes: %s\ntext: %s\n' "$1" "$2" >$work/wanted-text
	is $work/wanted-text $files/text
}
same '600 400' "$(stat -c %a $files/text) $(stat -c %a $files/text.json)"
! echo no >$files/text.json 2>/dev/null || fail 'wrote to the JSON'
text 0 ''
printf 'a\0\377' >$files/text
text 3 'a\x00\xff'
same "$(printf '{\n"bytes":3,\n"text":"a\\u0000\357\277\275"\n}')" "$(cat $files/text.json)"
(echo one && echo two) >$files/text
text 4 'two\n'
exec 3<>$files/text
echo three >&3
read -r line <&3
same 'bytes: 6' "$line"
exec 3<&-
# What is refused, and what is a page or more, is an error of whoever writes it, and nothing else.
printf bad >$work/bad
! dd if=$work/bad of=$files/text 2>$work/said || fail "took what is refused"
grep -q "Numerical argument out of domain" $work/said || fail "$(cat $work/said)"
text 6 'three\n'
page=$(head -c 4096 /dev/zero | tr '\0' x)
printf %s "$page" >$work/page
! dd if=$work/page bs=4096 of=$files/text 2>$work/said || fail 'took a page'
grep -q 'Argument list too long' $work/said || fail "a page: $(cat $work/said)"
text 6 'three\n'
dd if=$work/page bs=4095 count=1 of=$files/text 2>/dev/null || fail 'refused less than a page'
text 4095 "${page%x}"
# An open file keeps the module, and still takes what is written.
exec 3>$files/text
! rmmod report 2>/dev/null || fail 'unloaded while a file can be written to'
echo four >&3
text 5 'four\n'
exec 3>&-
exec 3<$files/numbers
! rmmod report 2>/dev/null || fail 'unloaded while a file is open'
read -r line <&3
same 'count: 18446744073709551615' "$line"
exec 3<&-
unload report
[ ! -e $files ] || fail "there is still $(ls -d $files/*)"

# Who has a file without having opened it does not keep the module, and cannot open it when that is gone.
load report
for file in numbers text; do
	reopen $files/$file >$work/reopen.$file &
	eval "$file=\$!"
	poll test -s $work/reopen.$file || fail "reopen has not begun"
done
unload report
kill $numbers $text
wait
for file in numbers text; do
	same "$(xargs <$work/reopen.$file)" '+003 -002'
done
# Nor does that keep another one from being loaded.
load report
is $work/wanted $files/numbers
unload report

# Files that are forgotten go with the module.
load report leak=1
is $work/wanted $files/numbers
# Also one that is dropped by who fills it, which would wait for itself.
same 'drops: 1' "$(cat $files/suicidal)"
same 'drops: 0' "$(cat $files/suicidal)"
[ ! -e $files/suicidal.json ] && [ ! -e $files/another ] || fail "there is $(ls $files)"
expect '^report: a file of a report was dropped by its own function'
unload report
[ ! -e $files ] || fail "there is still $(ls -d $files/*)"

refuse report name=large
expect '^report: no file large in debugfs: there is one of that name \(-EEXIST, -17\)$'
refuse report name=a/b
expect '^report: a/b: no name for a file in debugfs$'
refuse report name=
[ ! -e $files ] || fail "there is still $(ls -d $files/*)"
rm -r $work
