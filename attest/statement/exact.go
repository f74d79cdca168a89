package statement

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// errForm refuses members that two readers could understand differently.
var errForm = errors.New("a member is missing, is null, or is not written exactly as seaworthy writes it")

// DecodeExact reads data into v, a pointer to a structure. It requires that
// data has exactly the members that Marshal writes for v, each once and in the
// same spelling, in any order. A seal contains only members that its verifier
// checks.
func DecodeExact(data []byte, v any) error {
	if err := Decode(data, v); err != nil {
		return err
	}
	again, err := Marshal(v)
	if err != nil {
		return err
	}
	if SameJSON(data, again) {
		return nil
	}
	return explain(data, v)
}

// DecodeKnown is Decode, but refuses members that v does not have.
func DecodeKnown(data []byte, v any) error {
	if err := Decode(data, v); err != nil {
		return err
	}
	return unknown(data, reflect.New(reflect.TypeOf(v).Elem()).Interface())
}

// unknown decodes into v and reports a member that v does not have.
func unknown(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("a seal does not have this member: %w", err)
	}
	return nil
}

// SameJSON reports whether two JSON texts have the same members with the same
// values. Numbers are compared as text.
func SameJSON(a, b []byte) bool {
	var values [2]any
	for i, raw := range [][]byte{a, b} {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		if dec.Decode(&values[i]) != nil {
			return false
		}
	}
	return reflect.DeepEqual(values[0], values[1])
}

// explain says why data is not what Marshal writes for v. It names an unknown
// member if there is one.
func explain(data []byte, v any) error {
	if err := unknown(data, v); err != nil {
		return err
	}
	return errForm
}

// Exact requires that payload, from which the statement was parsed, has no
// other member than a statement; see DecodeExact. It does not check the
// predicate's members.
func (s *Statement) Exact(payload []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(payload, &members); err != nil {
		return err
	}
	for _, known := range []struct {
		name  string
		value any
	}{{"_type", s.Type}, {"subject", s.Subject}, {"predicateType", s.PredicateType}} {
		raw, err := Marshal(known.value)
		if err != nil {
			return err
		}
		if !SameJSON(members[known.name], raw) {
			return explain(payload, &Statement{})
		}
	}
	if len(members) != 4 || members["predicate"] == nil {
		return explain(payload, &Statement{})
	}
	return nil
}

// ExactBundle requires that raw is a seal's bundle: a Sigstore bundle v0.3 with
// a payload and one signature by the key with that hint. Other members are
// refused, because they would be neither signed nor checked.
func ExactBundle(raw []byte, hint string, payload, signature []byte) error {
	type public struct {
		Hint string `json:"hint"`
	}
	var b struct {
		MediaType            string `json:"mediaType"`
		VerificationMaterial struct {
			PublicKey public `json:"publicKey"`
		} `json:"verificationMaterial"`
		DSSEEnvelope struct {
			Payload     string              `json:"payload"`
			PayloadType string              `json:"payloadType"`
			Signatures  []map[string]string `json:"signatures"`
		} `json:"dsseEnvelope"`
	}
	if err := DecodeExact(raw, &b); err != nil {
		return err
	}
	b64 := base64.StdEncoding
	got := b.VerificationMaterial.PublicKey.Hint
	switch e := &b.DSSEEnvelope; {
	case got != hint:
		return fmt.Errorf("its hint names key %q, but key %q signed it", got, hint)
	case b.MediaType != BundleMediaType, e.PayloadType != PayloadType, e.Payload != b64.EncodeToString(payload):
		return errForm
	case len(e.Signatures) != 1 || !reflect.DeepEqual(e.Signatures[0], map[string]string{"sig": b64.EncodeToString(signature)}):
		return errors.New("its signature has other members than sig, or sig is not in canonical base64")
	}
	return nil
}

// KeyHint is the name of a key in a bundle, as in cosign: the SHA-256 of the
// key in PKIX form.
func KeyHint(sum [32]byte) string { return base64.StdEncoding.EncodeToString(sum[:]) }
