load types
mkdir -p /tmp/a/b
! rmdir /tmp/a 2>/dev/null
echo hello >/tmp/file_of_mine
cat /tmp/file_of_mine
unload types
expect '^types: [0-9]* bytes of file_of_mine$' '^types: vfs_rmdir returned -39$'
