# More messages than fit into the file, and, while the program stands still, more than the
# kernel keeps.
inside '
echo on >/proc/sys/kernel/printk_devkmsg
dir=/run/components/kmsg
echo "<7>the first one" >/dev/kmsg
until grep -q "the first one" $dir/messages*; do sleep 1; done
long=$(head -c 900 /dev/zero | tr "\0" x)
for i in $(seq 400); do echo "<7>$i $long" >/dev/kmsg; done
until [ -f $dir/messages.1 ]; do sleep 1; done
p=$(pidof kmsg)
kill -STOP $p
for i in $(seq 2000); do echo "<7>$i $long" >/dev/kmsg; done
kill -CONT $p
echo "<7>the last one" >/dev/kmsg
until grep -q "the last one" $dir/messages; do sleep 1; done
'
