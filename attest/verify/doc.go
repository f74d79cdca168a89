// Package verify verifies an image, or reports precisely why it is refused. It
// checks, in this order: the signature of every statement, its predicate type,
// the digests of its subjects, and then the content of its predicate. Every
// file in a folder is checked: each file is a subject, a byproduct, an
// attestation or a part of the OCI layout, or the image is refused.
//
// Use Verifier.Dir for an image. Verifier.File covers one file of an image and
// no other file. The Result of Dir has the image's files open. Boot from those
// descriptors and not from the paths: a path may name another file a moment
// later. (A user who can write to the files can still change them in place.)
//
// The package is small enough for an initramfs: it trusts public keys only, and
// links no policy engine, no registry client, no YAML parser and no network
// code.
package verify
