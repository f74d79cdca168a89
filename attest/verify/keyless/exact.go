package keyless

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	rekor "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/seaworthy-os/seaworthy/attest/statement"
)

// errForm refuses members that two readers could understand differently.
var errForm = errors.New("the bundle has a member that is not written in the usual form, or that is neither signed nor checked")

// exact requires the form in which signers write a bundle.
func exact(raw []byte, b *protobundle.Bundle) error {
	again, err := protojson.Marshal(b)
	if err != nil {
		return err
	}
	if raw, err = withoutEmpty(raw); err != nil {
		return errForm
	}
	if again, err = withoutEmpty(again); err != nil {
		return err
	}
	if !statement.SameJSON(raw, again) || b.GetDsseEnvelope().GetSignatures()[0].GetKeyid() != "" {
		return errForm
	}
	return nil
}

// withoutEmpty removes empty texts and lists: some programs write them, and others
// do not.
func withoutEmpty(raw []byte) ([]byte, error) {
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	var drop func(any)
	drop = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				list, isList := member.([]any)
				if isList && len(list) == 0 || member == any("") {
					delete(v, name)
				}
				drop(member)
			}
		case []any:
			for _, one := range v {
				drop(one)
			}
		}
	}
	drop(v)
	return json.Marshal(v)
}

// checkVerified requires that each timestamp and each log entry was verified, and
// the members of log entries that sigstore-go does not read.
func (v *trusted) checkVerified(b *protobundle.Bundle, result *sigstore.VerificationResult) error {
	stamps := 0
	for _, one := range result.VerifiedTimestamps {
		if one.Type == "TimestampAuthority" {
			stamps++
		}
	}
	m := b.GetVerificationMaterial()
	if n := len(m.GetTimestampVerificationData().GetRfc3161Timestamps()); n != stamps {
		return fmt.Errorf("%d of %d timestamps are not from a trusted authority, or are outside of the validity of the certificate", n-stamps, n)
	}
	for _, one := range m.GetTimestampVerificationData().GetRfc3161Timestamps() {
		if err := exactTimestamp(one.GetSignedTimestamp(), timestampCertificates(v.root)); err != nil {
			return err
		}
	}
	switch n := len(m.GetTlogEntries()); {
	case n > 0 && !v.logged:
		return errors.New("the bundle has a log entry, and no transparency log is trusted")
	case n > 1:
		return fmt.Errorf("the bundle has %d entries of transparency logs, and may have one", n)
	}
	for _, e := range m.GetTlogEntries() {
		if err := checkEntry(e); err != nil {
			return fmt.Errorf("log entry: %w", err)
		}
	}
	return nil
}

// entryKind is the type of a log entry.
type entryKind struct {
	Kind       string `json:"kind"`
	APIVersion string `json:"apiVersion"`
}

// kinds are the types of entries about statements: of Rekor v2, and of v1.
var kinds = []entryKind{{"hashedrekord", "0.0.2"}, {"dsse", "0.0.1"}, {"intoto", "0.0.2"}}

// knownEntry refuses the body of an entry of another type. The library would write
// about it to standard error.
func knownEntry(body []byte) error {
	var k entryKind
	if err := json.Unmarshal(body, &k); err != nil || !slices.Contains(kinds, k) {
		return errors.New("the body of the log entry is malformed, or of an unknown type")
	}
	var e rekor.Entry
	if k == kinds[0] && (protojson.Unmarshal(body, &e) != nil || e.GetSpec().GetHashedRekordV002() == nil) {
		return errors.New("the body of the log entry is malformed")
	}
	return nil
}

// checkEntry requires that all members of a log entry are those of the verified
// checkpoint, and that the body is the entry.
func checkEntry(e *protorekor.TransparencyLogEntry) error {
	p := e.GetInclusionProof()
	size, rootHash, err := checkpoint(p.GetCheckpoint().GetEnvelope())
	if err != nil {
		return err
	}
	var body entryKind
	if err := json.Unmarshal(e.GetCanonicalizedBody(), &body); err != nil {
		return errors.New("its body is malformed")
	}
	k := e.GetKindVersion()
	switch {
	case p.GetTreeSize() != size || !bytes.Equal(p.GetRootHash(), rootHash):
		return errors.New("its proof is not that of its checkpoint")
	case k.GetKind() != body.Kind || k.GetVersion() != body.APIVersion:
		return errors.New("its kind is not that of its body")
	case e.GetInclusionPromise() == nil && (e.GetIntegratedTime() != 0 || e.GetLogIndex() != p.GetLogIndex()):
		return errors.New("its time or its index is not signed")
	case p.GetLogIndex() < 0 || size < 0:
		return errors.New("its index is negative")
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(e.GetCanonicalizedBody())
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(p.GetLogIndex()), uint64(size), leaf, p.GetHashes(), rootHash); err != nil {
		return errors.New("its body is not the entry of the log")
	}
	return nil
}

// checkpoint reads the size and the root hash of a checkpoint (C2SP tlog-checkpoint),
// whose signature was verified before. The base64 of signatures is not signed, so it
// must be canonical.
func checkpoint(text string) (size int64, root []byte, err error) {
	malformed := errors.New("its checkpoint is malformed")
	lines := strings.SplitN(text, "\n", 4)
	end := strings.LastIndex(text, "\n\n")
	if len(lines) < 4 || end < 0 {
		return 0, nil, malformed
	}
	size, err = strconv.ParseInt(lines[1], 10, 64)
	if err == nil {
		root, err = base64.StdEncoding.DecodeString(lines[2])
	}
	if err != nil {
		return 0, nil, malformed
	}
	for line := range strings.Lines(text[end+2:]) {
		signature := strings.TrimSuffix(line[strings.LastIndexByte(line, ' ')+1:], "\n")
		raw, err := base64.StdEncoding.DecodeString(signature)
		if err != nil || base64.StdEncoding.EncodeToString(raw) != signature {
			return 0, nil, malformed
		}
	}
	return size, root, nil
}
