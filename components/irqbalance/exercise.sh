# The processors are busy, one goes away and comes back, the devices are read again, and
# clients ask for everything and change settings.
inside '
cat /proc/irq/*/smp_affinity_list
for i in 1 2; do { timeout 40 sh -c "while :; do dd if=/dev/vda of=/dev/null bs=1M count=2 iflag=direct; done" & }; done
p=$(pidof irqbalance)
sleep 12
kill -HUP $p
sleep 5
if [ -w /sys/devices/system/cpu/cpu1/online ]; then
  echo 0 >/sys/devices/system/cpu/cpu1/online
  sleep 8
  echo 1 >/sys/devices/system/cpu/cpu1/online
fi
sleep 12
cat /proc/irq/*/smp_affinity_list
'
