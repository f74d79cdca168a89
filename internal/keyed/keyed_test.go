package keyed

import (
	"sync"
	"testing"
)

func TestMap(t *testing.T) {
	t.Parallel()
	var m Map[int]
	other, unlock := m.Lock("other") // it must not block the key "a"
	*other = 5
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			n, unlock := m.Lock("a")
			defer unlock()
			*n++
		})
	}
	wg.Wait()
	unlock()
	for key, want := range map[string]int{"a": 100, "other": 5, "new": 0} {
		n, unlock := m.Lock(key)
		if *n != want {
			t.Errorf("%s is %d, want %d", key, *n, want)
		}
		unlock()
	}
}
