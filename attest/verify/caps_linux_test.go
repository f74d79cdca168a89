package verify_test

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// Capabilities of a file are rights that no signature covers, like modes.
func TestFileCapabilities(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	for _, path := range []string{"demo-kernel", "report.html", "attestations/vsa.sigstore.json"} {
		dir := sealtest.New("demo").Seal(t, s)
		// Revision 2, effective: CAP_SYS_ADMIN.
		caps := []byte{1, 0, 0, 2, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
		err := syscall.Setxattr(filepath.Join(dir, path), "security.capability", caps, 0)
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP) {
			t.Skipf("this test needs CAP_SETFCAP and a file system with extended attributes: %v", err)
		} else if err != nil {
			t.Fatal(err)
		}
		r, err := verifier(t, s).Dir(dir)
		refused(t, r, err, verify.CheckFolder, path)
	}
}
