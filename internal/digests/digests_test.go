package digests

import (
	"crypto/sha256"
	"strings"
	"testing"
)

func TestDigests(t *testing.T) {
	t.Parallel()
	// The digest of no bytes, from the test vectors of FIPS 180-4.
	const empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if got := Of(nil); got != empty {
		t.Error(got)
	}
	if got, n, err := Read(strings.NewReader("")); got != empty || n != 0 || err != nil {
		t.Error(got, n, err)
	}
	if got := Sum(sha256.New()); got != empty {
		t.Error(got)
	}
	if got := FromHex(Hex(empty)); got != empty {
		t.Error(got)
	}
	for s, want := range map[string]bool{
		empty: true, Hex(empty): false, strings.ToUpper(empty): false, "sha256:" + strings.ToUpper(Hex(empty)): false,
		empty + "0": false, empty[:70]: false, "sha512:" + Hex(empty): false, "": false, "sha256:": false, "sha256:../" + Hex(empty)[3:]: false,
	} {
		if Valid(s) != want {
			t.Errorf("%q is valid: %v", s, !want)
		}
	}
}
