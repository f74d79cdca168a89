package failure

import "testing"

func TestPositionOf(t *testing.T) {
	t.Parallel()
	data := []byte("ab\ncd\n")
	for offset, want := range map[int64]string{-1: "f:1:1", 0: "f:1:1", 1: "f:1:2", 2: "f:1:3", 3: "f:2:1", 5: "f:2:3", 6: "f:3:1", 99: "f:3:1"} {
		if got := PositionOf("f", data, offset).String(); got != want {
			t.Errorf("%d is %s, want %s", offset, got, want)
		}
	}
}
