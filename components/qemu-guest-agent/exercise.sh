# Each question that the agent answers, one that it refuses, one that it does not know, and
# text that is not a question.
python3 - "$SEAWORTHY_AGENT" <<'PY'
import json, socket, sys

s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.settimeout(120)
lines = s.makefile("rb")

def ask(name, **arguments):
    s.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
    return json.loads(lines.readline().lstrip(b"\xff"))

s.sendall(b'\xff{"execute": "guest-sync-delimited", "arguments": {"id": 7}}\n')
while json.loads(lines.readline().split(b"\xff")[-1]).get("return") != 7:
    pass
for name in ["guest-ping", "guest-info", "guest-get-host-name", "guest-get-osinfo", "guest-get-time", "guest-get-timezone", "guest-get-vcpus", "guest-network-get-interfaces"] * 2:
    assert "return" in ask(name), name
assert ask("guest-sync", id=8)["return"] == 8
for name in ["guest-shutdown", "guest-exec", "guest-nothing"]:
    assert "error" in ask(name), name
s.sendall(b"{not a question}\n")
assert "error" in json.loads(lines.readline())
s.close()
PY
