package keyless

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// The object identifiers in a timestamp.
var (
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
)

// timestampResponse is an answer of a timestamp authority (RFC 3161) with a token
// (CMS, RFC 5652). The signature covers only the content and the signed attributes.
type timestampResponse struct {
	Status struct{ Status int }
	Token  struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version    int
			Algorithms []pkix.AlgorithmIdentifier `asn1:"set"`
			Content    struct {
				Type    asn1.ObjectIdentifier
				Content []byte `asn1:"explicit,tag:0"`
			}
			Certificates asn1.RawValue     `asn1:"optional,tag:0"`
			Signers      []timestampSigner `asn1:"set"`
		} `asn1:"explicit,tag:0"`
	}
}

type timestampSigner struct {
	Version int
	Signer  struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	Digest     pkix.AlgorithmIdentifier
	Attributes []struct {
		Type   asn1.ObjectIdentifier
		Values []asn1.RawValue `asn1:"set"`
	} `asn1:"set,tag:0"`
	Algorithm pkix.AlgorithmIdentifier
	Signature []byte
}

// errTimestamp refuses a timestamp with parts that are neither signed nor needed.
var errTimestamp = errors.New("a timestamp has a part that is neither signed nor checked")

// exactTimestamp checks the parts of a timestamp that are not signed: each has only one
// valid value.
func exactTimestamp(der []byte, trusted []*x509.Certificate) error {
	var r timestampResponse
	if rest, err := asn1.Unmarshal(der, &r); err != nil || len(rest) > 0 {
		return errTimestamp
	}
	again, err := asn1.Marshal(r)
	if err != nil || !bytes.Equal(again, der) {
		return errTimestamp
	}
	c := &r.Token.Content
	if r.Status.Status != 0 || !r.Token.Type.Equal(oidSignedData) || c.Version != 3 || !c.Content.Type.Equal(oidTSTInfo) ||
		len(c.Algorithms) != 1 || len(c.Signers) != 1 || c.Signers[0].Version != 1 || !sameAlgorithm(c.Algorithms[0], c.Signers[0].Digest) {
		return errTimestamp
	}
	for rest := c.Certificates.Bytes; len(rest) > 0; {
		var one asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &one); err != nil {
			return errTimestamp
		}
		if !slices.ContainsFunc(trusted, func(t *x509.Certificate) bool { return bytes.Equal(t.Raw, one.FullBytes) }) {
			return errTimestamp
		}
	}
	return nil
}

func sameAlgorithm(a, b pkix.AlgorithmIdentifier) bool {
	return a.Algorithm.Equal(b.Algorithm) && bytes.Equal(a.Parameters.FullBytes, b.Parameters.FullBytes)
}

// timestampCertificates are the certificates of all timestamp authorities.
func timestampCertificates(trusted *root.TrustedRoot) []*x509.Certificate {
	var out []*x509.Certificate
	for _, one := range trusted.TimestampingAuthorities() {
		if a, ok := one.(*root.SigstoreTimestampingAuthority); ok {
			out = append(append(out, a.Root, a.Leaf), a.Intermediates...)
		}
	}
	return slices.DeleteFunc(out, func(c *x509.Certificate) bool { return c == nil })
}
