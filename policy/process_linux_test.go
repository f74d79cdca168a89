package policy

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Where a limit is lower already, it stays: raising it would fail for all but
// root, and so would each policy that is not built in.
func TestSetLimit(t *testing.T) {
	const resource = unix.RLIMIT_MSGQUEUE // which nobody here needs
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
