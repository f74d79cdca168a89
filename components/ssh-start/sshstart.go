//go:build linux

// Package sshstart is the program ssh-start, which starts an SSH server (sshd or dropbear)
// for one account, with keys only. It makes the key of the host if there is none, and does
// not start a server without users.
package sshstart

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// Main runs the program.
func Main() {
	s := starter{exec: unix.Exec}
	(&applet.Program{Name: "ssh-start", Usage: "[flags] SERVER [ARGUMENT...]", Flags: s.flags, Run: s.run}).Main()
}

type starter struct {
	hostKey, rsaKey, authorized, format string
	exec                                func(path string, args, env []string) error
}

func (s *starter) flags(fs *flag.FlagSet) {
	fs.StringVar(&s.hostKey, "host-key", "", "file of the host's key; it is made if it does not exist")
	fs.StringVar(&s.rsaKey, "rsa-host-key", "", "file of a second key of the host, with RSA: dropbear before 2024 offers RSA, and fails if a client wants it")
	fs.StringVar(&s.format, "key-format", "openssh", "format of a new host key: openssh or dropbear")
	fs.StringVar(&s.authorized, "authorized-keys", "", "file with the keys that may log in")
}

func (s *starter) run(_ context.Context, w io.Writer, args []string) error {
	if len(args) == 0 || s.hostKey == "" || s.authorized == "" {
		return applet.Usagef("give -host-key, -authorized-keys and the server")
	}
	n, err := countKeys(s.authorized)
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("%s has no key: no user could log in. Bind a file with keys there, such as /run/config/ssh/authorized_keys of the component metadata", s.authorized)
	}
	public, err := s.host()
	if err != nil {
		return err
	}
	if s.rsaKey != "" {
		if err := s.rsa(); err != nil {
			return err
		}
	}
	path, err := applet.Find(args[0])
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d keys may log in; the host's key is %s\n", n, public)
	return s.exec(path, append([]string{path}, args[1:]...), []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"})
}

// maxFile limits how much of a file is read.
const maxFile = 1 << 20

// countKeys counts the keys of an authorized_keys.
func countKeys(name string) (int, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	rest, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		if _, _, _, rest, err = ssh.ParseAuthorizedKey(rest); err != nil {
			return n, nil //nolint:nilerr // there is no more key
		}
	}
}

// host makes the key of the host, if there is none, and returns its fingerprint.
func (s *starter) host() (string, error) {
	if data, err := os.ReadFile(s.hostKey); err == nil {
		return fingerprint(data)
	} else if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	data, err := encode(key, s.format)
	if err != nil {
		return "", err
	}
	if err := atomicfile.WriteSynced(s.hostKey, data, 0o600); err != nil {
		return "", err
	}
	return fingerprint(data)
}

// rsa makes the second key, if there is none.
func (s *starter) rsa() error {
	if _, err := os.Stat(s.rsaKey); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		return err
	}
	data, err := encode(key, s.format)
	if err != nil {
		return err
	}
	return atomicfile.WriteSynced(s.rsaKey, data, 0o600)
}

// encode writes a key as OpenSSH or dropbear reads it.
func encode(key crypto.Signer, format string) ([]byte, error) {
	switch format {
	case "openssh":
		block, err := ssh.MarshalPrivateKey(key, "")
		if err != nil {
			return nil, err
		}
		return pem.EncodeToMemory(block), nil
	case "dropbear": // the name of the algorithm, and the parts of the key
		switch k := key.(type) {
		case ed25519.PrivateKey:
			return ssh.Marshal(struct {
				Name string
				Key  []byte
			}{ssh.KeyAlgoED25519, k}), nil
		case *rsa.PrivateKey:
			return ssh.Marshal(struct {
				Name          string
				E, N, D, P, Q *big.Int
			}{ssh.KeyAlgoRSA, big.NewInt(int64(k.E)), k.N, k.D, k.Primes[0], k.Primes[1]}), nil
		}
		return nil, fmt.Errorf("dropbear has no %T", key)
	}
	return nil, applet.Usagef("-key-format %q is neither openssh nor dropbear", format)
}

func fingerprint(data []byte) (string, error) {
	if strings.HasPrefix(string(data), "-----BEGIN") {
		k, err := ssh.ParsePrivateKey(data)
		if err != nil {
			return "", fmt.Errorf("the host's key: %w", err)
		}
		return ssh.FingerprintSHA256(k.PublicKey()), nil
	}
	const head = 4 + len(ssh.KeyAlgoED25519) + 4
	if len(data) != head+ed25519.PrivateKeySize || string(data[4:head-4]) != ssh.KeyAlgoED25519 {
		return "", errors.New("the host's key is damaged, or of another kind than ed25519")
	}
	k, err := ssh.NewPublicKey(ed25519.PrivateKey(data[head:]).Public())
	if err != nil {
		return "", err
	}
	return ssh.FingerprintSHA256(k), nil
}
