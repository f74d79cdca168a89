// Package attest seals an image: it writes signed statements that cover the
// image's files, and an OCI layout that contains the files and the statements.
// attest/verify and cosign verify them later.
//
// The entry point is Seal. A Signer makes the signatures: KeySigner with a key in a
// file, in a KMS or HSM, or behind a command; Keyless with an identity, through
// Sigstore's services. With a key in a file, signatures are deterministic (RFC
// 6979), so the same files, documents and key give the same bytes. With other
// signers, the statements are the same, and the signatures differ.
//
// Compatibility: the form of the bundles (Sigstore v0.3), the predicate types,
// the names of files and the layout stay compatible. An older verifier accepts
// a newer seal, and a newer verifier accepts an older seal.
package attest
