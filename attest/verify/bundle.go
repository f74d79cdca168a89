package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seaworthy-os/seaworthy/attest/statement"
)

// envelope is the content of a bundle: a payload, and one signature of it.
type envelope struct {
	payload   []byte
	signature []byte
}

// bundleJSON is a Sigstore bundle v0.3, with the members that verification by
// key needs. Bundles beside the images of others may also hold entries of a
// transparency log and timestamps; these are ignored. A seal has none: see
// statement.ExactBundle.
type bundleJSON struct {
	MediaType            string `json:"mediaType"`
	VerificationMaterial struct {
		PublicKey            *struct{}       `json:"publicKey"`
		Certificate          json.RawMessage `json:"certificate"`
		X509CertificateChain json.RawMessage `json:"x509CertificateChain"`
	} `json:"verificationMaterial"`
	DSSEEnvelope *struct {
		Payload     []byte `json:"payload"`
		PayloadType string `json:"payloadType"`
		Signatures  []struct {
			Sig []byte `json:"sig"`
		} `json:"signatures"`
	} `json:"dsseEnvelope"`
	MessageSignature json.RawMessage `json:"messageSignature"`
}

// ErrCertificate refuses a bundle with a certificate where only keys are trusted.
var ErrCertificate = errors.New("the bundle is signed with a certificate, but only keys are trusted here")

// claimedPayload returns the payload of a bundle of either kind. It verifies
// nothing.
func claimedPayload(raw []byte) ([]byte, error) {
	e, err := parseBundle(raw)
	if err == nil {
		return e.payload, nil
	}
	if !errors.Is(err, ErrCertificate) {
		return nil, err
	}
	var b bundleJSON
	if err := statement.Decode(raw, &b); err != nil {
		return nil, fmt.Errorf("malformed bundle: %w", err)
	}
	if b.DSSEEnvelope == nil || b.MessageSignature != nil {
		return nil, errors.New("the bundle contains no statement")
	}
	return b.DSSEEnvelope.Payload, nil
}

// PAE returns the bytes that a DSSE signature signs.
func PAE(payloadType string, payload []byte) []byte {
	pae := fmt.Appendf(nil, "DSSEv1 %d %s %d ", len(payloadType), payloadType, len(payload))
	return append(pae, payload...)
}

// Signer returns the index of the key that made this signature of these bytes,
// -1 if no key made it.
func Signer(keys []crypto.PublicKey, signed, signature []byte) int {
	sum := sha256.Sum256(signed)
	for i, key := range keys {
		switch k := key.(type) {
		case *ecdsa.PublicKey:
			if ecdsa.VerifyASN1(k, sum[:], signature) {
				return i
			}
		case ed25519.PublicKey:
			if ed25519.Verify(k, signed, signature) {
				return i
			}
		}
	}
	return -1
}

// OpenBundle reads a Sigstore bundle with a DSSE envelope that is signed with a
// key. It does not verify the signature: call Signer with the PAE of
// statement.PayloadType.
func OpenBundle(raw []byte) (payload, signature []byte, err error) {
	e, err := parseBundle(raw)
	if err != nil {
		return nil, nil, err
	}
	return e.payload, e.signature, nil
}

// parseBundle reads a bundle. It does not verify the signature.
func parseBundle(raw []byte) (*envelope, error) {
	if len(raw) > statement.MaxBundle {
		return nil, fmt.Errorf("the bundle is larger than %d bytes", statement.MaxBundle)
	}
	var b bundleJSON
	if err := statement.Decode(raw, &b); err != nil {
		return nil, fmt.Errorf("malformed bundle: %w", err)
	}
	switch m := &b.VerificationMaterial; {
	case b.MediaType != statement.BundleMediaType:
		return nil, fmt.Errorf("media type %q is not %s", b.MediaType, statement.BundleMediaType)
	case m.Certificate != nil || m.X509CertificateChain != nil:
		return nil, ErrCertificate
	case m.PublicKey == nil:
		return nil, errors.New("the bundle has no verification material")
	case b.MessageSignature != nil || b.DSSEEnvelope == nil:
		return nil, errors.New("the bundle contains no statement")
	case b.DSSEEnvelope.PayloadType != statement.PayloadType:
		return nil, fmt.Errorf("payload type %q is not %s", b.DSSEEnvelope.PayloadType, statement.PayloadType)
	case len(b.DSSEEnvelope.Signatures) != 1:
		return nil, fmt.Errorf("the bundle has %d signatures, and must have one", len(b.DSSEEnvelope.Signatures))
	case len(b.DSSEEnvelope.Payload) == 0:
		return nil, errors.New("the payload is empty")
	}
	return &envelope{payload: b.DSSEEnvelope.Payload, signature: b.DSSEEnvelope.Signatures[0].Sig}, nil
}

// signer returns the index of the key that signed the envelope, -1 if no key
// signed it.
func (e *envelope) signer(keys []crypto.PublicKey) int {
	return Signer(keys, PAE(statement.PayloadType, e.payload), e.signature)
}
