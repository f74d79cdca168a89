package sigstoretest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io"
	"math/bits"
	"net/http"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	pb "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"google.golang.org/protobuf/encoding/protojson"
)

// serveLog adds an entry, and answers with its proof.
func (s *Sigstore) serveLog(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	var req pb.CreateEntryRequest
	if err == nil {
		err = protojson.Unmarshal(raw, &req)
	}
	var body []byte
	if err == nil {
		body, err = entryOf(req.GetHashedRekordRequestV002())
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	entry, err := s.append(body)
	if err == nil {
		raw, err = protojson.Marshal(entry)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(raw)
}

// entryOf checks the signature in a request, and makes the entry.
func entryOf(req *pb.HashedRekordRequestV002) ([]byte, error) {
	cert, err := x509.ParseCertificate(req.GetSignature().GetVerifier().GetX509Certificate().GetRawBytes())
	if err != nil {
		return nil, err
	}
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok || !ecdsa.VerifyASN1(key, req.GetDigest(), req.GetSignature().GetContent()) {
		return nil, errors.New("the signature is not valid")
	}
	raw, err := protojson.Marshal(&pb.Entry{ApiVersion: "0.0.2", Kind: "hashedrekord", Spec: &pb.Spec{Spec: &pb.Spec_HashedRekordV002{
		HashedRekordV002: &pb.HashedRekordLogEntryV002{Signature: req.GetSignature(),
			Data: &v1.HashOutput{Algorithm: v1.HashAlgorithm_SHA2_256, Digest: req.GetDigest()}}}}})
	if err != nil {
		return nil, err
	}
	return jsoncanonicalizer.Transform(raw)
}

func (s *Sigstore) append(body []byte) (*protorekor.TransparencyLogEntry, error) {
	s.mu.Lock()
	s.leaves = append(s.leaves, rfc6962.DefaultHasher.HashLeaf(body))
	leaves, forget := s.leaves[:len(s.leaves):len(s.leaves)], s.Forget
	s.mu.Unlock()
	index := len(leaves) - 1
	if forget {
		leaves = append(leaves[:index:index], rfc6962.DefaultHasher.HashLeaf([]byte("another entry")))
	}
	root := hashOf(leaves)
	checkpoint, err := s.checkpoint(len(leaves), root)
	if err != nil {
		return nil, err
	}
	id, err := logID(s.logKey.Public())
	if err != nil {
		return nil, err
	}
	return &protorekor.TransparencyLogEntry{
		LogIndex: int64(index), LogId: &v1.LogId{KeyId: id[:]}, KindVersion: &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"},
		InclusionProof: &protorekor.InclusionProof{LogIndex: int64(index), TreeSize: int64(len(leaves)), RootHash: root, Hashes: proofOf(leaves, index),
			Checkpoint: &protorekor.Checkpoint{Envelope: string(checkpoint)}},
		CanonicalizedBody: body,
	}, nil
}

func (s *Sigstore) checkpoint(size int, root []byte) ([]byte, error) {
	sv, err := signature.LoadECDSASignerVerifier(s.logKey, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	signer, err := rekornote.NewNoteSigner(context.Background(), s.origin(), sv)
	if err != nil {
		return nil, err
	}
	text := log.Checkpoint{Origin: s.origin(), Size: uint64(size), Hash: root}.Marshal()
	return note.Sign(&note.Note{Text: string(text)}, signer)
}

// split is the size of the left part of a tree (RFC 6962).
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

func hashOf(leaves [][]byte) []byte {
	switch n := len(leaves); n {
	case 0:
		sum := sha256.Sum256(nil)
		return sum[:]
	case 1:
		return leaves[0]
	default:
		k := split(n)
		return rfc6962.DefaultHasher.HashChildren(hashOf(leaves[:k]), hashOf(leaves[k:]))
	}
}

func proofOf(leaves [][]byte, index int) [][]byte {
	if len(leaves) <= 1 {
		return nil
	}
	k := split(len(leaves))
	if index < k {
		return append(proofOf(leaves[:k], index), hashOf(leaves[k:]))
	}
	return append(proofOf(leaves[k:], index-k), hashOf(leaves[:k]))
}
