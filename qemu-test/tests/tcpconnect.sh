# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# Who connects where, by IPv4 and IPv6, and who is refused.
[ -e /modules/tcpconnect.ko ] || skip "the kernel has no BTF, which names arguments, or no IPv6"
ifconfig lo 127.0.0.1 up
load tcpconnect
connects() { echo text | nc "$1" "$2" 2>/dev/null; }
for address in 127.0.0.1 ::1; do
	nc -l -p 77 >/tmp/received &
	poll connects $address 77 || fail "no connection to $address"
	wait $!
	same "$(cat /tmp/received)" text
	! connects $address 78 || fail "a connection where nobody listens"
done
unload tcpconnect
expect '^tcpconnect: [0-9]+ nc: 127\.0\.0\.1:[1-9][0-9]* to 127\.0\.0\.1:77: 0$'
expect '^tcpconnect: [0-9]+ nc: to 127\.0\.0\.1:78: -111$'
expect '^tcpconnect: [0-9]+ nc: \[::1\]:[1-9][0-9]* to \[::1\]:77: 0$'
expect '^tcpconnect: [0-9]+ nc: to \[::1\]:78: -111$'
same "$(probes)" ''
rm /tmp/received
