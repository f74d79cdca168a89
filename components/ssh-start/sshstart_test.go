//go:build linux

package sshstart

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func publicLine(t *testing.T) string {
	t.Helper()
	k, err := ssh.NewPublicKey(ed25519.NewKeyFromSeed(make([]byte, 32)).Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(ssh.MarshalAuthorizedKey(k))
}

func TestRun(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"openssh", "dropbear"} {
		dir := t.TempDir()
		ran := ""
		s := starter{hostKey: filepath.Join(dir, "host"), rsaKey: filepath.Join(dir, "rsa"), authorized: filepath.Join(dir, "keys"), format: format,
			exec: func(path string, args, _ []string) error {
				ran = fmt.Sprint(path, args)
				return nil
			}}
		var out bytes.Buffer
		// Without a key, no user could log in.
		for _, text := range []string{"", "# none\n", "garbage\n"} {
			if text != "" {
				if err := os.WriteFile(s.authorized, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.run(t.Context(), &out, []string{"cat", "-x"}); err == nil || !strings.Contains(err.Error(), "no user could log in") || ran != "" {
				t.Errorf("%q: %v, ran %q", text, err, ran)
			}
		}
		if err := os.WriteFile(s.authorized, []byte("# mine\n"+publicLine(t)+publicLine(t)), 0o644); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time, the key is there
			if err := s.run(t.Context(), &out, []string{"cat", "-x"}); err != nil {
				t.Fatal(err)
			}
		}
		lines := strings.Split(out.String(), "\n")
		if len(lines) != 3 || lines[0] != lines[1] || !strings.HasPrefix(lines[0], "2 keys may log in; the host's key is SHA256:") {
			t.Errorf("%q", lines)
		}
		if !strings.HasSuffix(ran, "bin/cat[/usr/bin/cat -x]") {
			t.Errorf("ran %q", ran)
		}
		rsaKey, err := os.ReadFile(s.rsaKey)
		if format == "openssh" {
			if _, err := ssh.ParsePrivateKey(rsaKey); err != nil {
				t.Error(err)
			}
		} else if !bytes.HasPrefix(rsaKey, []byte("\x00\x00\x00\x07ssh-rsa\x00\x00\x00\x03\x01\x00\x01")) || err != nil {
			t.Errorf("%.40q, %v", rsaKey, err)
		}
		if st, err := os.Stat(s.hostKey); err != nil || st.Mode() != 0o600 {
			t.Errorf("%v, %v", st, err)
		}
		if err := os.WriteFile(s.hostKey, []byte("damaged"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.run(t.Context(), &out, []string{"cat"}); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Error(err)
		}
		if err := s.run(t.Context(), &out, nil); err == nil {
			t.Error("no server was accepted")
		}
	}
	if _, err := encode(nil, "putty"); err == nil {
		t.Error("putty was accepted")
	}
	s := starter{hostKey: "/no/such/folder/key"}
	if _, err := s.host(); !errors.Is(err, os.ErrNotExist) && err == nil {
		t.Error(err)
	}
}
