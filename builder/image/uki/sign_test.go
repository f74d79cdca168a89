package uki

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

func check(b []byte, certs ...*x509.Certificate) (*x509.Certificate, error) {
	return CheckSignature(bytes.NewReader(b), int64(len(b)), certs)
}

func TestSign(t *testing.T) {
	t.Parallel()
	a, other := testKeys()
	for _, b := range [][]byte{build(t, x64Stub(), sections(0x8664)), build(t, arm64Stub(), sections(0xaa64))} {
		signed := sign(t, b, a)
		if !bytes.Equal(signed, sign(t, b, a)) {
			t.Error("two signatures differ")
		}
		if got, err := check(signed, other.Certificate(), a.Certificate()); err != nil || !got.Equal(a.Certificate()) {
			t.Errorf("signed by %v, %v", got, err)
		}
		if !bytes.Equal(sign(t, sign(t, b, other), a), signed) {
			t.Error("signing again does not replace the signature")
		}
		_, err := check(b, a.Certificate())
		wantError(t, err, system.ErrMismatch, "is not signed")
		_, err = check(signed, other.Certificate())
		wantError(t, err, system.ErrMismatch, `signed by "CN=CN a"`)
		_, err = check(signed)
		wantError(t, err, system.ErrMismatch, `signed by "CN=CN a"`)
	}
}

// A change of any byte is found, but for the checksum, which firmware ignores.
func TestChangedByte(t *testing.T) {
	t.Parallel()
	a, _ := testKeys()
	s := sections(0x8664)
	s.Initrd = nil
	b := sign(t, build(t, x64Stub(), s), a)
	sum := 0x80 + coffHeader + optChecksum
	certs := int(binary.LittleEndian.Uint32(b[0x80+coffHeader+optDirs+dirSecurity*8:]))
	padding := 0
	for i := range b {
		if i >= sum && i < sum+4 || i > 0x400 && i < certs && i%7 != 0 {
			continue
		}
		b[i] ^= 0x01
		if _, err := check(b, a.Certificate()); err == nil {
			// Bytes behind the signature fill its entry up to 8; unused fields of
			// the PKCS #7 structure are not signed either.
			if i < certs {
				t.Errorf("byte %#x was changed", i)
			}
			padding++
		}
		b[i] ^= 0x01
	}
	if padding > 40 {
		t.Errorf("%d bytes of the signature can be changed", padding)
	}
}

// osslsigncode 2.9 computes this digest for this image.
func TestDigest(t *testing.T) {
	t.Parallel()
	b := build(t, arm64Stub(), sections(0xaa64))
	p, err := parse(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	const want = "c9816598ac301f7b1fbe7d9e590515964801246b973c5a5155d44f2d87393749"
	if got, err := p.digest(bytes.NewReader(b)); err != nil || hexOf(got) != want {
		t.Errorf("digest %x, %v", got, err)
	}
}

func TestCheckSignatureRefuses(t *testing.T) {
	t.Parallel()
	a, other := testKeys()
	b := build(t, x64Stub(), sections(0x8664))
	signed := sign(t, b, a)
	certs := int64(binary.LittleEndian.Uint32(signed[0x80+coffHeader+optDirs+dirSecurity*8:]))
	sizeAt := 0x80 + coffHeader + optDirs + dirSecurity*8 + 4
	edit := func(change func([]byte) []byte) []byte { return change(bytes.Clone(signed)) }
	moved := sign(t, build(t, arm64Stub(), sections(0xaa64)), other)
	moved = moved[binary.LittleEndian.Uint32(moved[0x80+coffHeader+optDirs+dirSecurity*8:]):]
	for _, c := range []struct {
		data []byte
		kind error
		text string
	}{
		{edit(func(b []byte) []byte { return append(b, 0) }), system.ErrUnusable, "the signature ends at"},
		{edit(func(b []byte) []byte { return b[:len(b)-8] }), system.ErrUnusable, "the signature ends at"},
		{edit(func(b []byte) []byte { b[certs] = 7; b[certs+1] = 0; return b }), system.ErrUnusable, "has 7 bytes"},
		{edit(func(b []byte) []byte { b[certs+6] = 1; return b }), system.ErrUnusable, "unknown kind 0x1"},
		{edit(func(b []byte) []byte { b[certs+8] = 0; return b }), system.ErrMismatch, "is not valid"},
		{edit(func(b []byte) []byte { // a signature of another image beside the right one
			binary.LittleEndian.PutUint32(b[sizeAt:], uint32(int64(len(b))-certs)+uint32(len(moved)))
			return append(b, moved...)
		}), system.ErrMismatch, "the digest of the image is"},
		{makePE(0x8664, 16, row{".linux", 0x1000, "a"}), system.ErrMismatch, "not signed"},
	} {
		_, err := check(c.data, a.Certificate())
		wantError(t, err, c.kind, c.text)
	}
	// Bytes between sections would be covered by no signature.
	gap := build(t, x64Stub(), sections(0x8664))
	table := 0x80 + coffHeader + fullOptSize
	binary.LittleEndian.PutUint32(gap[table+16:], binary.LittleEndian.Uint32(gap[table+16:])-512)
	err := Sign(t.Context(), &bytes.Buffer{}, bytes.NewReader(gap), int64(len(gap)), a)
	wantError(t, err, system.ErrUnusable, "bytes between its sections")
	six := makePE(0x8664, 4, row{".linux", 0x1000, "a"})
	err = Sign(t.Context(), &bytes.Buffer{}, bytes.NewReader(six), int64(len(six)), a)
	wantError(t, err, system.ErrUnusable, "no room for a signature")
}

// wrongKey signs with another key than its certificate has, as a token that is
// not set up right does.
type wrongKey struct{ *KeyPair }

func (w wrongKey) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	_, other := testKeys()
	return other.SignDigest(ctx, digest)
}

type noToken struct{ *KeyPair }

func (noToken) SignDigest(context.Context, []byte) ([]byte, error) {
	return nil, errors.New("no token in the slot")
}

func TestSignerFails(t *testing.T) {
	t.Parallel()
	a, _ := testKeys()
	b := build(t, x64Stub(), sections(0x8664))
	for _, c := range []struct {
		signer Signer
		text   string
	}{{wrongKey{a}, "made with another key"}, {noToken{a}, "no token in the slot"}} {
		var out bytes.Buffer
		err := Sign(t.Context(), &out, bytes.NewReader(b), int64(len(b)), c.signer)
		if !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), c.text) || out.Len() > 0 {
			t.Errorf("error %v, %d bytes written", err, out.Len())
		}
	}
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// elsewhere is a key that is not in memory.
type elsewhere struct{ *KeyPair }

func (e elsewhere) Public() crypto.PublicKey { return e.key.Public() }

// notRSA is a key of another kind.
type notRSA struct{ *KeyPair }

func (notRSA) Public() crypto.PublicKey { return ed25519.PublicKey{} }

func TestNewSigner(t *testing.T) {
	t.Parallel()
	a, b := testKeys()
	s, err := NewSigner(elsewhere{a}, a.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	if s.Certificate() != a.Certificate() {
		t.Errorf("certificate %v", s.Certificate().Subject)
	}
	if _, err := NewSigner(elsewhere{a}, b.Certificate()); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "does not belong") {
		t.Errorf("another certificate: %v", err)
	}
	if _, err := NewSigner(notRSA{a}, a.Certificate()); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "RSA keys only") {
		t.Errorf("an Ed25519 key: %v", err)
	}
}

func TestParseKeyPair(t *testing.T) {
	t.Parallel()
	a, other := testKeys()
	cert := pemOf("CERTIFICATE", a.Certificate().Raw)
	pkcs8 := func(key any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return pemOf("PRIVATE KEY", der)
	}
	for _, good := range [][2][]byte{{pkcs8(a.key), cert}, {pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(a.key)), a.Certificate().Raw}} {
		if _, err := ParseKeyPair(good[0], good[1]); err != nil {
			t.Error(err)
		}
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key, cert []byte
		text      string
	}{
		{pkcs8(other.key), cert, "does not belong to the certificate"},
		{pkcs8(ec), cert, "accepts RSA keys only"},
		{pkcs8(ec), selfSigned("ec", ec.Public(), ec).Raw, "a key of type ECDSA"},
		{pkcs8(small), selfSigned("small", small.Public(), small).Raw, "an RSA key of 3072 bits"},
		{[]byte("no key"), cert, "not in PEM form"},
		{pemOf("ENCRYPTED PRIVATE KEY", []byte("x")), cert, "the key is encrypted"},
		{pemOf("PRIVATE KEY", []byte("x")), cert, "cannot be read"},
		{pkcs8(a.key), []byte("no certificate"), "certificate cannot be read"},
	} {
		_, err := ParseKeyPair(c.key, c.cert)
		wantError(t, err, system.ErrInput, c.text)
	}
}

// FuzzSignature: no signature makes the checker panic, and none is accepted for
// another digest.
func FuzzSignature(f *testing.F) {
	a, _ := testKeys()
	digest := bytes.Repeat([]byte{7}, 32)
	blob, err := signDigest(f.Context(), a, digest)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(blob)
	f.Fuzz(func(t *testing.T, blob []byte) {
		_, _ = verify(blob, digest)
		if _, err := verify(blob, make([]byte, 32)); err == nil {
			t.Error("accepted for another digest")
		}
	})
}

// Neither signing nor checking takes memory for the contents.
func TestSignStreams(t *testing.T) {
	const size = 200 << 20
	a, _ := testKeys()
	s := sections(0x8664)
	s.Initrd = &Content{io.NewSectionReader(zeros{}, 0, size), size}
	f, err := os.Create(filepath.Join(t.TempDir(), "image"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := Build(f, mustStub(t, x64Stub()), s); err != nil {
		t.Fatal(err)
	}
	signed, err := os.Create(f.Name() + ".signed")
	if err != nil {
		t.Fatal(err)
	}
	defer signed.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, step := range []func(io.ReaderAt, int64) error{
		func(_ io.ReaderAt, n int64) error { return Sign(t.Context(), signed, f, fileSize(t, f), a) },
		func(r io.ReaderAt, n int64) error { _, err := Read(r, n); return err },
		func(r io.ReaderAt, n int64) error {
			_, err := CheckSignature(r, n, []*x509.Certificate{a.Certificate()})
			return err
		},
	} {
		if err := step(signed, fileSize(t, signed)); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("%d bytes allocated", used)
	}
}

func fileSize(t *testing.T, f *os.File) int64 {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
