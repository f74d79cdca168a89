package attest

import (
	"context"
	"encoding/json"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// SignArtifact signs the manifest of an OCI artifact as cosign signs one: a
// Sigstore bundle whose statement has the manifest's digest (sha256:HEX) for
// its subject and says nothing more. name is how the statement calls it.
func SignArtifact(ctx context.Context, name, digest string, signer *Signer) ([]byte, error) {
	set, err := statement.DigestSet(digest)
	if err != nil {
		return nil, system.Unusable("artifact %s", name).Because(err)
	}
	raw, err := bundle(ctx, named{
		predicateType: statement.CosignSign, predicate: json.RawMessage("{}"),
		subject: []statement.Descriptor{{Name: name, Digest: set}},
	}, signer)
	if err != nil {
		return nil, system.Unusable("artifact %s", name).Because(err)
	}
	return raw, nil
}
