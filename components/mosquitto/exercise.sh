# Messages of all three levels, kept ones, a will, sessions that stay, and refused clients.
pub() { mosquitto_pub -p $SEAWORTHY_PORT -u test -P test "$@"; }
sub() { mosquitto_sub -p $SEAWORTHY_PORT -u test -P test "$@"; }
for q in 0 1 2; do
  sub -t news -q $q -C 1 -W 20 >/tmp/exercise-mosquitto.$$ & p=$!
  sleep 2; pub -t news -q $q -m hello; wait $p
  grep -q hello /tmp/exercise-mosquitto.$$; rm /tmp/exercise-mosquitto.$$
done
pub -t kept -r -m text
sub -t '#' -C 1 -W 20 >/dev/null
sub -t later -q 1 -i stays -c -E
pub -t later -q 1 -m text --will-topic will --will-payload gone
sub -t later -q 1 -i stays -c -C 1 -W 20 >/dev/null
sub -t '$SYS/#' -C 3 -W 20 >/dev/null
head -c 100000 /dev/zero | pub -t large -s
! mosquitto_pub -p $SEAWORTHY_PORT -u test -P wrong -t news -m x 2>/dev/null
pub -V mqttv5 -t news -m five -D publish message-expiry-interval 5
for i in $(seq 10); do pub -t "many/$i" -q 1 -m x & done; wait
sleep 2
