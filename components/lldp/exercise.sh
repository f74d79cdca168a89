# The neighbour stands still until it is forgotten, and comes back; the port is switched
# off; a new port appears and goes away.
inside '
file=/run/components/lldp/neighbours.json
known() { grep -q "\"name\":\"other\"" $file; }
ip() { nsenter --net=/run/netns/lldp /bin/busybox ip "$@"; }
for p in $(pidof lldp); do
  if tr "\0" " " </proc/$p/cmdline | grep -q name=other; then other=$p; fi
done
known
kill -STOP $other
while known; do sleep 1; done
kill -CONT $other
until known; do sleep 1; done
ip link set port1 down
sleep 6
ip link set port1 up
until known; do sleep 1; done
ip link add port3 type veth
ip link set port3 up
ip link set veth0 up
until grep -q veth0 $file; do sleep 1; done
ip link del port3
while grep -q veth0 $file; do sleep 1; done
until known; do sleep 1; done
'
