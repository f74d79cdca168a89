package sandbox

import (
	"testing"

	"golang.org/x/sys/unix"
)

// A lower limit stays. Raising it would fail for every user except root, and then
// every policy that is not built in would fail.
func TestSetLimit(t *testing.T) {
	const resource = unix.RLIMIT_MSGQUEUE // which this program does not use
	for _, most := range []uint64{4096, 8192, 1024} {
		if err := setLimit(resource, most); err != nil {
			t.Fatal(err)
		}
		var now unix.Rlimit
		if err := unix.Getrlimit(resource, &now); err != nil {
			t.Fatal(err)
		}
		if want := min(most, 4096); now.Max != want || now.Cur != want {
			t.Errorf("%d gives %+v, want %d", most, now, want)
		}
	}
}
