package secureboot

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// File is a file with keys, or with what is enrolled.
type File struct {
	Name string
	Data []byte
	// Private: only its owner may read the file.
	Private bool
	// Use says what the file is for.
	Use string
}

// Files are the keys and certificates in PEM form, and the signature list and the
// signed change of each variable, dated at.
func (k *Keys) Files(ctx context.Context, at time.Time) ([]File, error) {
	vars, err := k.Enrolment().Variables()
	if err != nil {
		return nil, err
	}
	var out []File
	for i, one := range []struct {
		pair, signer *uki.KeyPair
		key          string
	}{
		{k.PK, k.PK, "signs changes of PK and KEK: keep it offline"},
		{k.KEK, k.PK, "signs changes of db and dbx: keep it offline"},
		{k.DB, k.KEK, "signs images: build --secure-boot-key"},
	} {
		v := vars[i]
		key, cert, err := one.pair.PEM()
		if err != nil {
			return nil, err
		}
		auth, err := Auth(ctx, v, at, false, one.signer)
		if err != nil {
			return nil, err
		}
		use := "certificate of " + v.Name + ".key"
		if one.pair == k.DB {
			use += ": build --secure-boot-cert, verify --secure-boot-cert"
		}
		out = append(out,
			File{v.Name + ".key", key, true, "private key, " + one.key},
			File{v.Name + ".pem", cert, false, use},
			File{v.Name + ".esl", v.Data, false, "the certificate as a signature list: input of other tools"},
			File{v.Name + ".auth", auth, false, "signed change of " + v.Name + ": firmware and systemd-boot enrol it"})
	}
	return out, nil
}

// Enrolment enrols the keys, and nothing else. Its owner follows from PK.
func (k *Keys) Enrolment() Enrolment {
	e := Enrolment{PK: k.PK.Certificate(), KEK: []*x509.Certificate{k.KEK.Certificate()}, DB: []*x509.Certificate{k.DB.Certificate()}}
	sum := sha256.Sum256(e.PK.Raw)
	copy(e.Owner[:], sum[:])
	e.Owner[7] = e.Owner[7]&0x0f | 0x80 // version 8: its bits have our own meaning
	e.Owner[8] = e.Owner[8]&0x3f | 0x80
	return e
}

// Write writes all files, or none. It never replaces a file.
func Write(dir string, files []File) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return system.Unusable("the folder for the keys cannot be created").Because(err)
	}
	var errs []error
	exists := func(path string) error {
		return system.BadInput("%s exists already", path).Suggest("move the keys, or give another --output-dir: seaworthy never replaces a key")
	}
	for _, file := range files {
		if _, err := os.Lstat(filepath.Join(dir, file.Name)); err == nil {
			errs = append(errs, exists(filepath.Join(dir, file.Name)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, file := range files {
		path, mode := filepath.Join(dir, file.Name), fs.FileMode(0o644)
		if file.Private {
			mode = 0o600
		}
		err := atomicfile.WriteNew(path, file.Data, mode)
		if err == nil {
			continue
		}
		if errors.Is(err, fs.ErrExist) {
			err = exists(path)
		} else {
			err = system.Unusable("%s cannot be written", path).Because(err)
		}
		for _, written := range files[:i] {
			err = errors.Join(err, os.Remove(filepath.Join(dir, written.Name)))
		}
		return err
	}
	return nil
}
