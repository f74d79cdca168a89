package attest

import (
	"context"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// SignOpinion signs a second opinion about the subjects of a provenance. It returns
// a Sigstore bundle.
func SignOpinion(ctx context.Context, subject []statement.Descriptor, p *statement.OpinionPredicate, signer Signer) ([]byte, error) {
	if len(subject) == 0 {
		return nil, system.Unusable("a second opinion needs subjects")
	}
	raw, err := bundle(ctx, named{stem: "opinion", predicateType: statement.Summary, subject: subject, predicate: p}, signer)
	if err != nil {
		return nil, notSigned("the second opinion", err)
	}
	return raw, nil
}

// SignStatement signs any predicate about one subject: an OCI manifest with this
// name and digest (sha256:HEX). It returns a Sigstore bundle.
func SignStatement(ctx context.Context, name, digest, predicateType string, predicate any, signer Signer) ([]byte, error) {
	return signOne(ctx, name, name, digest, predicateType, predicate, signer)
}
