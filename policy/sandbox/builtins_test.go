package sandbox

import (
	"strings"
	"testing"
)

func TestAllowedBuiltins(t *testing.T) {
	if got, want := len(Capabilities().Builtins), len(allowed); got != want {
		t.Errorf("%d of %d allowed builtins exist", got, want)
	}
	if net := Capabilities().AllowNet; net == nil || len(net) != 0 {
		t.Errorf("AllowNet %v: must be empty, and not nil", net)
	}
	for _, b := range Capabilities().Builtins {
		for _, bad := range []string{"http.", "opa.", "rand.", "uuid.", "io.jwt", "net.lookup", "providers.", "time.now", "trace"} {
			if strings.HasPrefix(b.Name, bad) {
				t.Errorf("%s is allowed", b.Name)
			}
		}
	}
}
