# All its figures, one of a user with a password, and a refused question.
snmpbulkwalk -m '' -v 2c -c public -t 30 tcp:127.0.0.1:$SEAWORTHY_PORT .1 >/dev/null
snmpget -m '' -v 3 -u test -l authPriv -a SHA -A testtest -x AES -X testtest -t 30 tcp:127.0.0.1:$SEAWORTHY_PORT .1.3.6.1.2.1.1.1.0 >/dev/null
snmpget -m '' -v 2c -c wrong -r 0 -t 5 tcp:127.0.0.1:$SEAWORTHY_PORT .1.3.6.1.2.1.1.1.0 2>/dev/null && exit 1
snmpset -m '' -v 2c -c public -t 5 tcp:127.0.0.1:$SEAWORTHY_PORT .1.3.6.1.2.1.1.6.0 s x 2>/dev/null && exit 1
exit 0
