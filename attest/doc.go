// Package attest seals an image: it writes signed statements that cover the
// image's files, and an OCI layout that contains the files and the statements.
// attest/verify and cosign verify them later. Keys have cosign's format.
// Signatures are made with the key alone, without a transparency log or a
// timestamp.
//
// The entry point is Seal. Signatures are deterministic (RFC 6979), so the same
// files, documents and key give the same bytes.
//
// Compatibility: the form of the bundles (Sigstore v0.3), the predicate types,
// the names of files and the layout stay compatible. An older verifier accepts
// a newer seal, and a newer verifier accepts an older seal.
package attest
