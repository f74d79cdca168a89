# A server of time that is a hundred seconds ahead: the clock is set, and then follows it.
python3 - <<'PY'
import select, socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 11123))
end, answers = time.time() + 40, 0
stamp = lambda t: struct.pack("!II", int(t) + 2208988800 & 0xFFFFFFFF, int(t % 1 * 2**32))
while time.time() < end:
    if select.select([s], [], [], 1)[0]:
        data, sender = s.recvfrom(200)
        now = time.time() + 100
        s.sendto(struct.pack("!BBbbIII", 0x24, 2, data[2], -20, 0, 0, 0x7F000001) + stamp(now - 1) + data[40:48] + stamp(now) + stamp(time.time() + 100), sender)
        answers += 1
raise SystemExit(answers < 5)
PY
