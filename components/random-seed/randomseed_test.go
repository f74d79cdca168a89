//go:build linux

package randomseed

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "a", "seed")
	var added []byte
	run := func(s seeder, want string) []byte {
		t.Helper()
		added = nil
		s.add = func(seed []byte, credit bool) error {
			added = append(bytes.Clone(seed), map[bool]byte{true: 1}[credit])
			// The new seed must be on the disk already.
			if b, err := os.ReadFile(name); err != nil || bytes.Equal(b, seed) {
				t.Errorf("the seed was used before a new one was written: %v", err)
			}
			return nil
		}
		var out bytes.Buffer
		if err := s.run(t.Context(), &out, []string{name}); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("printed %q, %v; want %q", out.String(), err, want)
		}
		b, err := os.ReadFile(name)
		if err != nil || len(b) != size {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		return b
	}
	first := run(seeder{}, "there was no seed")
	if added != nil {
		t.Error("something was added")
	}
	second := run(seeder{credit: true}, "used 512 bytes")
	if !bytes.Equal(added, append(first, 1)) {
		t.Error("the first seed was not used with credit")
	}
	third := run(seeder{}, "used")
	if !bytes.Equal(added, append(second, 0)) {
		t.Error("the second seed was not used without credit")
	}
	run(seeder{save: true}, "saved 512 bytes")
	if added != nil {
		t.Error("-save added a seed")
	}
	// A part of a seed is not used.
	if err := os.WriteFile(name, third[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	run(seeder{}, "there was no seed")
	if st, err := os.Stat(name); err != nil || st.Mode() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
	s := seeder{add: func([]byte, bool) error { return errors.New("no") }}
	if err := s.run(t.Context(), &bytes.Buffer{}, []string{name}); err == nil || !strings.Contains(err.Error(), "the kernel refused the seed: no") {
		t.Error(err)
	}
}

// The kernel takes what is written to /dev/urandom from every user.
func TestAdd(t *testing.T) {
	t.Parallel()
	if err := add(make([]byte, size), false); err != nil {
		t.Error(err)
	}
}
