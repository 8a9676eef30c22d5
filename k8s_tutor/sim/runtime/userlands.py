"""Which commands a userland brings, and where: busybox (also Alpine's) and Debian's."""

_BUSYBOX_BIN = ["ash", "base64", "cat", "chgrp", "chmod", "chown", "cp", "date", "dd", "df", "dmesg", "echo", "egrep", "false", "fgrep", " ", "grep", "gunzip", "gzip", "hostname", "kill", "ln", "ls", "mkdir", " ", "mktemp", "more", "mount", "mv", "netstat", "nice", "pidof", "ping", "printenv", "ps", "pwd", "rev", "rm", "rmdir", "sed", "sh", "sleep", "stat", "stty", "sync", "tar", "touch", "true", "umount", "uname", "usleep", "zcat"]
_BUSYBOX_USR = ["[", "[[", "awk", "basename", "bc", "cksum", "clear", "cmp", "comm", "cut", " ", "diff", "dirname", "du", "env", "expand", "expr", "find", "fold", "free", "groups", "head", "hexdump", " ", "id", "install", "killall", "less", "logname", "md5sum", "mkfifo", "nc", "nl", "nohup", "nproc", "nslookup", "od", "paste", "pgrep", "pkill", "printf", "pstree", "readlink", "realpath", "renice", "reset", "seq", "sha1sum", "sha256sum", "sha512sum", "shuf", "sort", "split", "strings", "sum", "tac", "tail", "tee", "telnet", "test", "time", "timeout", "top", "tr", " ", "tty", "unexpand", "uniq", "unlink", "uptime", "vi", "watch", "wc", "wget", "which", " ", "whoami", "xargs", "xxd", "yes"]
_BUSYBOX_SBIN = ["ifconfig", "ip", "route", "sysctl"]
_DEBIAN = ["[", "awk", "base64", "basename", "bash", "cat", "chgrp", "chmod", "chown", "cksum", "clear", "cmp", "comm", "cp", "cut", "dash", "date", "dd", "df", "diff", "dirname", "du", "echo", "egrep", "env", "expand", "expr", "false", "fgrep", "find", "fold", " ", "grep", "groups", "gunzip", "gzip", "head", " ", "hostname", "id", "install", " ", "kill", "ln", "logname", "ls", "mawk", "md5sum", "mkdir", "mkfifo", " ", "mktemp", "more", "mount", "mv", "nice", "nl", "nohup", "nproc", " ", "od", "paste", "perl", "pidof", " ", "printenv", "printf", "pwd", "readlink", "realpath", "rev", "rm", "rmdir", "sed", "seq", "sh", "sha1sum", "sha256sum", "sha512sum", " ", "shuf", "sleep", "sort", "split", "stat", "stty", "sum", "sync", "tac", "tail", "tar", "tee", "test", "timeout", "touch", "tr", "true", "truncate", "tty", "umount", "uname", "unexpand", "uniq", "unlink", "wc", "which", " ", "whoami", "xargs", "yes", "zcat"]

COMMANDS: dict[str, dict[str, str]] = {
    "busybox": {
        **{name: f"/bin/{name}" for name in (*_BUSYBOX_BIN, "busybox")},
        **{name: f"/usr/bin/{name}" for name in _BUSYBOX_USR},
        **{name: f"/sbin/{name}" for name in _BUSYBOX_SBIN},
    },
    "debian": {name: f"/usr/bin/{name}" for name in _DEBIAN},
    "none": {},
}

PASSWD = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nbin:x:2:2:bin:/bin:/bin/false\n"
    "www-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
    "group": "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nwheel:x:10:root\nwww-data:x:33:\nusers:x:100:\n"
    "nogroup:x:65534:\n",
}

OS_RELEASE = {
    "debian": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n',
}
