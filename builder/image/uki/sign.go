package uki

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"io"

	"github.com/sassoftware/relic/v8/lib/pkcs7"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// The object identifiers of Authenticode.
var (
	oidIndirectData  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 4}
	oidPEImageData   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 15}
	oidStatementType = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 11}
	oidIndividual    = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 21}
	oidOpusInfo      = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 12}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
)

// noFlags is SpcPeImageData: no flags, and a file whose name is empty.
var noFlags = []byte{0x30, 0x09, 0x03, 0x01, 0x00, 0xa0, 0x04, 0xa2, 0x02, 0x80, 0x00}

// indirectData is what is signed: the digest of the image.
type indirectData struct {
	Data struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue `asn1:"optional"`
	}
	MessageDigest struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}
}

// One entry of the certificate table, behind which the signature comes.
const (
	certHeader   = 8
	certRevision = 0x0200
	certPKCS7    = 0x0002
)

// maxCerts bounds the certificate table of an image that is read.
const maxCerts = 1 << 20

// Sign writes the image in the first size bytes of r to w, with a signature for
// Secure Boot. It replaces a signature that is there. Equal inputs give equal
// bytes.
func Sign(ctx context.Context, w io.Writer, r io.ReaderAt, size int64, signer Signer) error {
	p, err := parse(r, size)
	if err == nil {
		err = p.checkSignable()
	}
	if err != nil {
		return invalid(err)
	}
	if err := CheckCertificate(signer.Certificate()); err != nil {
		return err
	}
	end := p.bodyEnd()
	digest, err := p.digest(r)
	if err != nil {
		return err
	}
	sig, err := signDigest(ctx, signer, digest)
	if err != nil {
		return system.Unusable("cannot sign with the certificate %q", signer.Certificate().Subject).Because(err)
	}
	entry := make([]byte, certHeader, certHeader+len(sig)+8)
	binary.LittleEndian.PutUint32(entry, uint32(align(int64(certHeader+len(sig)), 8)))
	binary.LittleEndian.PutUint16(entry[4:], certRevision)
	binary.LittleEndian.PutUint16(entry[6:], certPKCS7)
	entry = append(entry, sig...)
	entry = append(entry, make([]byte, align(int64(len(entry)), 8)-int64(len(entry)))...)

	begin := align(end, 8)
	if begin+int64(len(entry)) > maxImage {
		return tooLarge()
	}
	header := bytes.Clone(p.header)
	put32 := func(at int, v int64) { binary.LittleEndian.PutUint32(header[at:], uint32(v)) }
	put32(p.dir(dirSecurity), begin)
	put32(p.dir(dirSecurity)+4, int64(len(entry)))
	put32(p.opt+optChecksum, 0)
	signed := func() io.Reader {
		body := io.NewSectionReader(r, p.headerSize, end-p.headerSize)
		return io.MultiReader(bytes.NewReader(header), body, bytes.NewReader(make([]byte, begin-end)), bytes.NewReader(entry))
	}
	sum, err := checksum(signed())
	if err != nil {
		return err
	}
	put32(p.opt+optChecksum, int64(sum))
	_, err = io.Copy(w, signed())
	return err
}

// checkSignable requires that sections follow each other without a gap, and
// that there is room for the place of a signature. What lies in a gap is read
// differently by signers and by firmware.
func (p *image) checkSignable() error {
	if p.numDirs <= dirSecurity {
		return bad("its headers have no room for a signature")
	}
	at := p.headerSize
	for _, s := range p.sections {
		if s.rawSize == 0 {
			continue
		}
		if int64(s.rawOffset) != at {
			return bad("there are bytes between its sections, at %#x", at)
		}
		at = s.rawEnd()
	}
	return nil
}

// bodyEnd is the offset of what a signature does not cover: the signature.
func (p *image) bodyEnd() int64 {
	if p.certs > 0 {
		return p.certs
	}
	return p.size
}

// Digest is the Authenticode digest (SHA-256) of the image in the first size
// bytes of r. A signature does not change it. Firmware refuses an image whose
// digest is in dbx.
func Digest(r io.ReaderAt, size int64) ([sha256.Size]byte, error) {
	p, err := parse(r, size)
	if err == nil {
		err = p.checkSignable()
	}
	if err != nil {
		return [sha256.Size]byte{}, invalid(err)
	}
	d, err := p.digest(r)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return [sha256.Size]byte(d), nil
}

// digest is the Authenticode digest: of all bytes but the checksum, and the
// place of the signature, and the signature.
func (p *image) digest(r io.ReaderAt) ([]byte, error) {
	h := sha256.New()
	sum, dir := p.opt+optChecksum, p.dir(dirSecurity)
	h.Write(p.header[:sum])
	h.Write(p.header[sum+4 : dir])
	h.Write(p.header[dir+dirSize:])
	end := p.bodyEnd()
	n, err := io.Copy(h, io.NewSectionReader(r, p.headerSize, end-p.headerSize))
	if err != nil || n < end-p.headerSize {
		return nil, system.Unusable("cannot read the EFI image").Because(noEOF(err))
	}
	h.Write(make([]byte, align(end, 8)-end))
	return h.Sum(nil), nil
}

// signDigest makes the PKCS #7 signature of an Authenticode digest.
func signDigest(ctx context.Context, signer Signer, digest []byte) ([]byte, error) {
	var content indirectData
	content.Data.Type = oidPEImageData
	content.Data.Value = asn1.RawValue{FullBytes: noFlags}
	content.MessageDigest.Algorithm = pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}
	content.MessageDigest.Digest = digest

	b := pkcs7.NewBuilder(CryptoSigner(ctx, signer), []*x509.Certificate{signer.Certificate()}, crypto.SHA256)
	if err := b.SetContent(oidIndirectData, content); err != nil {
		return nil, err
	}
	if err := b.AddAuthenticatedAttribute(oidStatementType, []asn1.ObjectIdentifier{oidIndividual}); err != nil {
		return nil, err
	}
	// It must be there, and may be empty.
	if err := b.AddAuthenticatedAttribute(oidOpusInfo, struct{}{}); err != nil {
		return nil, err
	}
	signed, err := b.Sign()
	if err != nil {
		return nil, err
	}
	return signed.Marshal()
}

// checksum is the sum of PE headers: of all 16-bit words, with the carry added,
// and the length. The field of the checksum must be 0.
func checksum(r io.Reader) (uint32, error) {
	var sum, length uint32
	buf := make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(r, buf)
		length += uint32(n)
		if n%2 == 1 {
			buf[n] = 0
			n++
		}
		for i := 0; i < n; i += 2 {
			sum += uint32(binary.LittleEndian.Uint16(buf[i:]))
			sum = sum&0xffff + sum>>16
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return sum + length, nil
		default:
			return 0, err
		}
	}
}
