// Package keyed holds a value for each key. One caller at a time works on a value,
// while others work on the values of other keys.
package keyed

import "sync"

// Map holds the values. The zero Map is empty and ready to use.
type Map[V any] struct {
	mu      sync.Mutex
	entries map[string]*entry[V]
}

type entry[V any] struct {
	mu    sync.Mutex
	value V
}

// Lock returns the value of a key, which is zero at first use. It waits until no
// other caller has locked the value. The caller must call unlock.
func (m *Map[V]) Lock(key string) (value *V, unlock func()) {
	m.mu.Lock()
	if m.entries == nil {
		m.entries = map[string]*entry[V]{}
	}
	e := m.entries[key]
	if e == nil {
		e = &entry[V]{}
		m.entries[key] = e
	}
	m.mu.Unlock()
	e.mu.Lock()
	return &e.value, e.mu.Unlock
}
