package attest

import (
	"context"
	"encoding/json"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// SignArtifact signs the manifest of an OCI artifact as cosign does: a Sigstore
// bundle whose statement has the manifest's digest (sha256:HEX) as its only
// subject, and an empty predicate. name is the name of the subject.
func SignArtifact(ctx context.Context, name, digest string, signer Signer) ([]byte, error) {
	set, err := statement.DigestSet(digest)
	if err != nil {
		return nil, system.Unusable("artifact %s cannot be signed", name).Because(err)
	}
	raw, err := bundle(ctx, named{
		predicateType: statement.CosignSign, predicate: json.RawMessage("{}"),
		subject: []statement.Descriptor{{Name: name, Digest: set}},
	}, signer)
	if err != nil {
		return nil, notSigned("artifact "+name, err)
	}
	return raw, nil
}
