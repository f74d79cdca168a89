package attest

import "time"

// SetHang changes the limit of a command.
func SetHang(k Key, d time.Duration) { k.(*command).hang = d }
