package secureboot

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"slices"
	"time"
	"unicode/utf16"

	"github.com/sassoftware/relic/v8/lib/pkcs7"

	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// attributes of a variable whose changes are signed: it is kept, boot services
// and the running system see it, and each change has a later time.
const attributes = 0x27

const attributeAppend = 0x40

// efiTime is an EFI_TIME of whole seconds.
func efiTime(t time.Time) []byte {
	t = t.UTC()
	b := binary.LittleEndian.AppendUint16(nil, uint16(t.Year()))
	b = append(b, byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second()))
	return append(b, make([]byte, 9)...)
}

// checkTime refuses what an EFI_TIME cannot hold.
func checkTime(t time.Time) error {
	if y := t.UTC().Year(); y < 1900 || y > 9999 {
		return system.BadInput("the time %s of the variables is not between 1900 and 9999", t.UTC().Format(time.DateOnly)).Suggest("use another time")
	}
	return nil
}

func utf16Bytes(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// Auth is a signed change of a variable, as a file that ends with .auth has it.
// It sets the variable, or adds to it if add is true. PK signs PK and KEK; KEK
// signs db and dbx. Firmware accepts no change whose time is before that of the
// last one, but for one that adds.
func Auth(ctx context.Context, v Variable, at time.Time, add bool, signer uki.Signer) ([]byte, error) {
	if err := checkTime(at); err != nil {
		return nil, err
	}
	attr := uint32(attributes)
	if add {
		attr |= attributeAppend
	}
	stamp := efiTime(at)
	digest := sha256.Sum256(slices.Concat(utf16Bytes(v.Name), v.GUID[:], binary.LittleEndian.AppendUint32(nil, attr), stamp, v.Data))
	if err := uki.CheckCertificate(signer.Certificate()); err != nil {
		return nil, err
	}
	b := pkcs7.NewBuilder(uki.CryptoSigner(ctx, signer), []*x509.Certificate{signer.Certificate()}, crypto.SHA256)
	if err := b.SetDetachedContent(pkcs7.OidData, digest[:]); err != nil {
		return nil, err
	}
	signed, err := b.Sign()
	if err != nil {
		return nil, system.Unusable("cannot sign the variable %s with the certificate %q", v.Name, signer.Certificate().Subject).Because(err)
	}
	// Firmware wants the signature without the frame that says what it is.
	sig, err := asn1.Marshal(signed.Content)
	if err != nil {
		return nil, err
	}
	out := binary.LittleEndian.AppendUint32(stamp, uint32(24+len(sig)))
	out = binary.LittleEndian.AppendUint16(out, 0x0200)
	out = binary.LittleEndian.AppendUint16(out, 0x0ef1)
	return slices.Concat(out, guidPKCS7[:], sig, v.Data), nil
}
