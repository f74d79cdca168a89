//go:build linux

// Package tlsstart is the program tls-start, which starts a server that needs a key and a
// certificate. It makes a key and a self-signed certificate if there is none, so no image
// has a key.
package tlsstart

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() {
	s := starter{exec: unix.Exec}
	(&applet.Program{Name: "tls-start", Usage: "[flags] SERVER [ARGUMENT...]", Flags: s.flags, Run: s.run}).Main()
}

type starter struct {
	folder string
	names  applet.List
	exec   func(path string, args, env []string) error
}

func (s *starter) flags(fs *flag.FlagSet) {
	fs.StringVar(&s.folder, "folder", "", "folder with key.pem and certificate.pem; they are made if there is neither")
	fs.Var(&s.names, "name", "name of the server in a new certificate (repeatable; default: localhost)")
}

func (s *starter) run(_ context.Context, w io.Writer, args []string) error {
	if len(args) == 0 || s.folder == "" {
		return applet.Usagef("give -folder and the server")
	}
	certificate, err := s.certificate()
	if err != nil {
		return err
	}
	path, err := applet.Find(args[0])
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "the SHA-256 of the certificate is %X\n", sha256.Sum256(certificate))
	return s.exec(path, append([]string{path}, args[1:]...), []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"})
}

// certificate returns the certificate. It makes one if there is neither key nor
// certificate.
func (s *starter) certificate() ([]byte, error) {
	keyFile, certFile := filepath.Join(s.folder, "key.pem"), filepath.Join(s.folder, "certificate.pem")
	_, err := os.Lstat(keyFile)
	_, err2 := os.Lstat(certFile)
	if errors.Is(err, fs.ErrNotExist) && errors.Is(err2, fs.ErrNotExist) {
		if err := s.make(keyFile, certFile); err != nil {
			return nil, err
		}
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.folder, err)
	}
	return pair.Certificate[0], nil
}

// noEnd is the end of a certificate that has none (RFC 5280): a machine can start with a
// wrong clock, and a client that knows the fingerprint needs no date.
var noEnd = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

func (s *starter) make(keyFile, certFile string) error {
	names := []string(s.names)
	if len(names) == 0 {
		names = []string{"localhost"}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return err
	}
	t := x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Unix(0, 0), NotAfter: noEnd,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	cert, err := x509.CreateCertificate(rand.Reader, &t, &t, key.Public(), key)
	if err != nil {
		return err
	}
	// The certificate is written last: if the system ends before, the key alone is an
	// error that names the folder.
	return errors.Join(write(keyFile, "PRIVATE KEY", der, 0o600), write(certFile, "CERTIFICATE", cert, 0o644))
}

func write(name, kind string, der []byte, mode os.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	return errors.Join(pem.Encode(f, &pem.Block{Type: kind, Bytes: der}), f.Sync(), f.Close())
}
