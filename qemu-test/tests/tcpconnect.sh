# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# Who connects where, by IPv4 and IPv6, and who is refused: as two readers see it, and for whom is asked.
[ -e /modules/tcpconnect.ko ] || skip "the kernel has no BTF, which names arguments, or no IPv6"
connects=/sys/kernel/debug/tcpconnect/connects
seen() {
	for regex; do
		poll grep -Eq "^[0-9]+\.[0-9]{6} $regex\$" /tmp/connects || fail "no line $regex in: $(tail -n 20 /tmp/connects)"
	done
}
ifconfig lo 127.0.0.1 up
load tcpconnect
cat $connects >/tmp/connects &
cat $connects >/tmp/connects.2 &
# connect ADDRESS PORT: sends what is in standard input.
connect() { nc "$1" "$2" 2>/dev/null; }
# port FILE TO: the port from which there is a connection, in hexadecimal, as /proc/net/tcp has it.
port() { awk -v to="$2" '$3 ~ to "$" && $4 == "01" { sub(".*:", "", $2); print $2 }' "/proc/net/$1"; }
# Neither end says anything by itself, so a connection stays.
mkfifo /tmp/says /tmp/silent
exec 8<>/tmp/silent 9<>/tmp/says
for address in 127.0.0.1 ::1; do
	nc -l -p 77 <&8 >/tmp/received &
	server=$!
	poll eval "grep -q ':004D .* 0A ' /proc/net/tcp6 /proc/net/tcp" || fail "nobody listens"
	nc $address 77 <&9 &
	client=$!
	case $address in
	127.0.0.1) file=tcp to='100007F:004D' shown='127\.0\.0\.1' ;;
	*) file=tcp6 to='000000001000000:004D' shown='\[::1\]' ;;
	esac
	poll eval "[ -n \"\$(port $file $to)\" ]" || fail "no connection in $(cat /proc/net/$file /tmp/connects)"
	from=$((0x$(port $file $to)))
	seen "$client nc: $shown:$from to $shown:77: 0"
	echo text >&9
	poll grep -q '^text$' /tmp/received || fail "nothing was received"
	kill $client
	wait $client || true
	wait $server
	! connect $address 78 </dev/null || fail "a connection where nobody listens"
	seen "[0-9]+ nc: to $shown:78: -111"
done
exec 8>&- 9>&-

# For whom is asked, and as many as there were.
echo comm=other >/sys/module/tcpconnect/parameters/filter
! connect 127.0.0.1 79 </dev/null || fail "a connection where nobody listens"
echo comm=nc >/sys/module/tcpconnect/parameters/filter
for _ in $(seq 20); do
	! connect 127.0.0.1 80 </dev/null || fail "a connection where nobody listens"
done
! connect 127.0.0.1 81 </dev/null || fail "a connection where nobody listens"
seen '[0-9]+ nc: to 127\.0\.0\.1:81: -111'
poll cmp -s /tmp/connects /tmp/connects.2 || true
unload tcpconnect
wait || fail "a reader fails"
same "$(grep -c ' nc: to 127\.0\.0\.1:80: -111$' /tmp/connects)" 20
! grep -E ':79|^#' /tmp/connects || fail "these do not match"
cmp /tmp/connects /tmp/connects.2 || fail "two readers see $(tail -n 20 /tmp/connects /tmp/connects.2)"
awk '$1 < last { exit 1 } { last = $1 }' /tmp/connects || fail "not in order of time: $(tail -n 20 /tmp/connects)"

refuse tcpconnect filter=curl
expect '^tcpconnect: filter: "curl" is none of '
expect_no ' to .*:[78]'
[ ! -e /sys/kernel/debug/tcpconnect ] || fail "its files are still there"
same "$(probes)" ''
rm /tmp/connects /tmp/connects.2 /tmp/received /tmp/says /tmp/silent
