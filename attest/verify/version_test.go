package verify

import "testing"

func TestOlderVersion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b      string
		older, ok bool
	}{
		{"v1.2.3", "v1.2.3", false, true},
		{"1.2.3", "v1.2.3", false, true},
		{"v1.2.2", "v1.2.3", true, true},
		{"v1.2.3", "v1.2.2", false, true},
		{"v1.9.0", "v1.10.0", true, true},
		{"v2.0.0", "v1.99.99", false, true},
		{"v1.2.3-rc1", "v1.2.3", true, true},
		{"v1.2.3", "v1.2.3-rc1", false, true},
		{"v1.2.3+local", "v1.2.3", false, true},
		{"devel", "v1.0.0", false, false},
		{"v1.0", "v1.0.0", false, false},
		{"v1.0.0", "v1.0.0.0", false, false},
		{"v1.02.0", "v1.0.0", false, false},
		{"", "v1.0.0", false, false},
	} {
		if older, ok := olderVersion(c.a, c.b); older != c.older || ok != c.ok {
			t.Errorf("%q older than %q: %t, %t", c.a, c.b, older, ok)
		}
	}
}
