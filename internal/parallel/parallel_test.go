package parallel

import (
	"errors"
	"sync/atomic"
	"testing"
)

// All calls are made, and the error is that of the least number, whichever call ends first.
func TestEach(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	if err := Each(100, func(int) error { calls.Add(1); return nil }); err != nil || calls.Load() != 100 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
	first, last := errors.New("first"), errors.New("last")
	err := Each(50, func(i int) error {
		switch i {
		case 20:
			return first
		case 21, 49:
			return last
		}
		return nil
	})
	if !errors.Is(err, first) {
		t.Errorf("%v, want the error of the first call", err)
	}
	if err := Each(0, nil); err != nil {
		t.Error(err)
	}
}
