//go:build linux

package tlsstart

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ran := ""
	s := starter{folder: dir, names: []string{"vpn.example"}, exec: func(path string, args, _ []string) error {
		ran = fmt.Sprint(path, args)
		return nil
	}}
	var out bytes.Buffer
	for range 2 { // the second time, the certificate is there
		if err := s.run(t.Context(), &out, []string{"cat", "-x"}); err != nil {
			t.Fatal(err)
		}
	}
	if lines := strings.Split(out.String(), "\n"); len(lines) != 3 || lines[0] != lines[1] || !strings.HasSuffix(ran, "bin/cat[/usr/bin/cat -x]") {
		t.Errorf("%q, ran %q", lines, ran)
	}
	keyFile := filepath.Join(dir, "key.pem")
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "certificate.pem"), keyFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := pair.Leaf.VerifyHostname("vpn.example"); err != nil {
		t.Error(err)
	}
	if st, err := os.Stat(keyFile); err != nil || st.Mode() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
	// A key without its certificate is not replaced.
	if err := os.Remove(filepath.Join(dir, "certificate.pem")); err != nil {
		t.Fatal(err)
	}
	if err := s.run(t.Context(), &out, []string{"cat"}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Error(err)
	}
	if err := s.run(t.Context(), &out, nil); err == nil {
		t.Error("no server was accepted")
	}
}
