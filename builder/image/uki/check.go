package uki

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"

	"github.com/sassoftware/relic/v8/lib/pkcs7"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// CheckSignature requires that the image in the first size bytes of r is signed
// by one of the certificates, and returns that one. The certificate must be the
// signer's own: no chain is followed, and no date is looked at, as in firmware.
// Each signature of the image must be valid.
func CheckSignature(r io.ReaderAt, size int64, certificates []*x509.Certificate) (*x509.Certificate, error) {
	signers, err := Signers(r, size)
	if err != nil {
		return nil, err
	}
	if len(signers) == 0 {
		return nil, system.Mismatch("the EFI image is not signed").Suggest("sign it with a key whose certificate the firmware knows")
	}
	for _, signer := range signers {
		for _, c := range certificates {
			if c.Equal(signer) {
				return c, nil
			}
		}
	}
	return nil, system.Mismatch("the EFI image is signed by %q, which is not one of the certificates that are accepted", signers[len(signers)-1].Subject.String()).
		Suggest("sign it with a key whose certificate the firmware knows")
}

// Signers are the certificates whose keys signed the image in the first size bytes
// of r; none if it is not signed. Each signature must be valid. Nothing says that
// the certificates can be trusted.
func Signers(r io.ReaderAt, size int64) ([]*x509.Certificate, error) {
	p, err := parse(r, size)
	if err == nil {
		err = p.checkSignable()
	}
	if err != nil {
		return nil, invalid(err)
	}
	if p.certs == 0 {
		return nil, nil
	}
	blobs, err := p.signatures(r)
	if err != nil {
		return nil, invalid(err)
	}
	digest, err := p.digest(r)
	if err != nil {
		return nil, err
	}
	var out []*x509.Certificate
	for _, blob := range blobs {
		signer, err := verify(blob, digest)
		if err != nil {
			return nil, system.Mismatch("the signature of the EFI image is not valid").Because(err).
				Suggest("get the image again: it was changed after it was signed")
		}
		out = append(out, signer)
	}
	return out, nil
}

// signatures reads the certificate table.
func (p *image) signatures(r io.ReaderAt) ([][]byte, error) {
	if p.certsSize > maxCerts {
		return nil, bad("its signature has %d bytes: the limit is %d", p.certsSize, maxCerts)
	}
	table := make([]byte, p.certsSize)
	if n, err := r.ReadAt(table, p.certs); n < len(table) {
		return nil, noEOF(err)
	}
	var blobs [][]byte
	for len(table) > 0 {
		if len(table) < certHeader {
			return nil, bad("its certificate table ends with %d bytes that are not an entry", len(table))
		}
		length := int64(binary.LittleEndian.Uint32(table))
		padded := align(length, 8)
		if length <= certHeader || padded > int64(len(table)) {
			return nil, bad("an entry of its certificate table has %d bytes", length)
		}
		if rev, kind := binary.LittleEndian.Uint16(table[4:]), binary.LittleEndian.Uint16(table[6:]); rev != certRevision || kind != certPKCS7 {
			return nil, bad("an entry of its certificate table has the unknown kind %#x, revision %#x", kind, rev)
		}
		blobs = append(blobs, table[certHeader:length])
		table = table[padded:]
	}
	return blobs, nil
}

// verify checks one signature, and that it is of this digest.
func verify(blob, digest []byte) (*x509.Certificate, error) {
	signed, err := pkcs7.Unmarshal(blob)
	if err != nil {
		return nil, err
	}
	content := signed.Content.ContentInfo
	if !content.ContentType.Equal(oidIndirectData) {
		return nil, errors.New("it is not an Authenticode signature")
	}
	// What comes first in the content is what is signed, and firmware reads one
	// signer.
	if n := len(signed.Content.SignerInfos); n != 1 {
		return nil, bad("it has %d signers: it must have one", n)
	}
	if alg := signed.Content.SignerInfos[0].DigestAlgorithm.Algorithm; !alg.Equal(oidSHA256) {
		return nil, bad("it uses the digest algorithm %v: only SHA-256 is accepted", alg)
	}
	sig, err := signed.Content.Verify(nil, false)
	if err != nil {
		return nil, err
	}
	var data indirectData
	if err := content.Unmarshal(&data); err != nil {
		return nil, err
	}
	if alg := data.MessageDigest.Algorithm.Algorithm; !alg.Equal(oidSHA256) {
		return nil, bad("the digest of the image uses the algorithm %v: only SHA-256 is accepted", alg)
	}
	if !bytes.Equal(data.MessageDigest.Digest, digest) {
		return nil, bad("the digest of the image is %x, and the signature is for %x", digest, data.MessageDigest.Digest)
	}
	return sig.Certificate, nil
}
