// Package attest seals an image: it writes signed statements about the image's
// files, and an OCI layout that carries files and statements together, so that
// attest/verify, and cosign, can tell later whether the image is to be
// believed. Keys are cosign's; signatures are made with the key alone, without
// a transparency log or a timestamp.
//
// Seal is the whole of it: signatures are deterministic (RFC 6979), so the
// same files, documents and key give the same bytes.
//
// Compatibility: the form of the bundles (Sigstore v0.3), the predicate types,
// the names of files and the layout do not change in a way that an older
// verifier would refuse, or a newer one would refuse of an older seal.
package attest
