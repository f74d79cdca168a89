package attest

import (
	"context"
	"encoding/json"

	"github.com/seaworthy-os/seaworthy/attest/statement"
)

// SignArtifact signs the manifest of an OCI artifact as cosign does: a Sigstore
// bundle whose statement has the manifest's digest (sha256:HEX) as its only
// subject, and an empty predicate. name is the name of the subject.
func SignArtifact(ctx context.Context, name, digest string, signer Signer) ([]byte, error) {
	return signOne(ctx, "artifact "+name, name, digest, statement.CosignSign, json.RawMessage("{}"), signer)
}
