// Package oci holds what readers of images share: references, descriptors,
// media types, and a reader that verifies the size and digest of a blob. It
// reads no index, manifest or layer.
package oci
