package engine

import (
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Prepare does not check the built-in packs again: they compile strictly.
func TestPacksCompileStrictly(t *testing.T) {
	t.Parallel()
	l, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, pack := range decision.Packs() {
		s, err := builtinSet(l, pack)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := compile(s, "2026-11-20", nil, false); err != nil {
			t.Errorf("%s: %v", pack, err)
		}
	}
}
