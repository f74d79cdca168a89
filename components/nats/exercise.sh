# Messages between clients, a refused one, a large one, and many connections.
say() { { printf "$@"; sleep 1; } | curl -sS --no-progress-meter --max-time 10 telnet://127.0.0.1:$SEAWORTHY_PORT || true; }
say 'CONNECT {"verbose":true}\r\nSUB news 1\r\nPUB news 5\r\nhello\r\nPING\r\n' | grep -q 'MSG news 1 5'
say 'CONNECT {"verbose":false,"headers":true}\r\nSUB > 1\r\nHPUB a 22 24\r\nNATS/1.0\r\nName: b\r\n\r\nhi\r\nUNSUB 1\r\n' >/dev/null
say "CONNECT {}\r\nSUB large 1\r\nPUB large 100000\r\n$(head -c 100000 /dev/zero | tr '\0' x)\r\n" >/dev/null
say 'nonsense\r\n' >/dev/null
for i in $(seq 20); do say "CONNECT {}\r\nSUB q.$i group 1\r\nPUB q.$i 1\r\nx\r\n" >/dev/null & done; wait
