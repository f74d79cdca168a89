// Package verify says whether an image is to be believed, and precisely why
// not. It checks, in this order: the signature of every statement, its
// predicate type, the digests of its subjects, and only then what it says.
// Nothing in a folder stays unchecked: each file is a subject, a byproduct, an
// attestation or a part of the OCI layout, or the image is refused.
//
// Use Verifier.Dir for an image; Verifier.File vouches for one file of it and
// for no other. What Dir returns has the image's files open: boot those
// descriptors, not the paths, which may name something else a moment later.
// (Who may write to the files themselves can still change them in place.)
//
// The package is small enough for an initramfs: trust is in public keys alone,
// and it links neither a policy engine, a registry client, YAML nor a network.
package verify
