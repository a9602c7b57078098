# Arguments, results and members by name, each with the value that C has.
load types_target
load types
echo 1 >/sys/module/types_target/parameters/run
mkdir -p /tmp/types/inside
! rmdir /tmp/types 2>/dev/null || fail "a directory that is not empty was removed"
echo 12345678901 >/tmp/types/file_of_mine
dd if=/tmp/types/file_of_mine bs=100 count=1 >/dev/null 2>&1
sh -c 'printf types_parent >/proc/$$/comm; busybox true; echo $$ >/tmp/types/pid'
unload types
unload types_target
expect '^types: 100 bytes of file_of_mine \(Some\(12\) letters\) of Some\(12\) at Some\(0\), \(true, true\)$'
expect '^types: vfs_rmdir returned -39$'
expect "^types: a child of $(cat /tmp/types/pid): kernel thread Some\(false\), in_execve Some\(0\), found 1 times$"
expect '^types: eight: -1 200 -3 -4 4000000000 0x123456789abcdef Some\(-7\) Some\(-8\)$'
expect '^types: eight returned 0x12345687816f6a0$'
expect '^types: by_value: -1 -2 -3 120$'
expect '^types: large: -1 \[2, 3, 4\] 5$'
expect '^types: ten: 1 2 3 4 5 \(6 7\) Some\(8\) \(9 10\) Some\(11\)$'
expect '^types: is_odd: true$' '^types: is_odd: false$'
expect '^types: two: -21 42$' '^types: no_registers: NotInRegisters$'
expect '^types: no_result: true -5$' '^types: no_result returned$'
expect '^types: members: Some\(1\) Some\(327686\) Some\(6\) Some\(5\), next -2$'
expect '^types: bits: Some\(5\) Some\(-7\) Some\(78187493520\) Some\(true\) Some\(false\), port Some\(443\)$'
expect '^types: arrays: Some\(77\) Some\(-78\) Some\("eight ch"\) Some\("eig"\) true$'
same "$(log | grep -c '^types: list: Some([-12]*)$')" 2
expect '^types: bound: 1$'
expect '^types: error: cannot read next at 0x' "^types: error: Some\(\"next\"\)$" '^types: list error: true$'
# An outer call takes at least as long as the one inside it.
log | sed -n 's/^types: recursive: depth \([0-9]*\) returned \([0-9]*\) after \([0-9]*\) ns$/\1 \2 \3/p' >/tmp/types/times
same "$(cut -d ' ' -f 1,2 /tmp/types/times | tr '\n' ',')" "0 1,1 2,2 3,3 4,"
same "$(cut -d ' ' -f 3 /tmp/types/times | sort -n -c 2>&1)" ""
rm -r /tmp/types
