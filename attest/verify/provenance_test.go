package verify

import (
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/statement"
)

// Among the dependencies about Secure Boot there is only the certificate, with its
// digest and nothing else.
func TestCertificateDependency(t *testing.T) {
	t.Parallel()
	digest := map[string]string{"sha256": strings.Repeat("a", 64)}
	for _, c := range []struct {
		d  statement.Descriptor
		ok bool
	}{
		{statement.Descriptor{Name: "secure-boot:certificate", Digest: digest}, true},
		{statement.Descriptor{Name: "secure-boot:certificate"}, false},
		{statement.Descriptor{Name: "secure-boot:certificate", Digest: digest, URI: "pkg:generic/x"}, false},
		{statement.Descriptor{Name: "secure-boot:certificates", Digest: digest}, false},
		{statement.Descriptor{Name: "secure-boot:", Digest: digest}, false},
	} {
		if err := checkDependency(c.d); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.d, err)
		}
	}
}
