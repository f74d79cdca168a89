// Package digests writes and reads SHA-256 digests in the form of OCI:
// sha256:HEX. Of is for bytes, Sum for a hash that has read a stream.
package digests

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strings"
)

// prefix is the only algorithm that is used.
const prefix = "sha256:"

// Of is the digest of b.
func Of(b []byte) string {
	sum := sha256.Sum256(b)
	return prefix + hex.EncodeToString(sum[:])
}

// Sum is the digest of the bytes that h, a SHA-256, has read.
func Sum(h hash.Hash) string { return prefix + hex.EncodeToString(h.Sum(nil)) }

// Read is the digest of the bytes of r, and their number.
func Read(r io.Reader) (digest string, size int64, err error) {
	h := sha256.New()
	size, err = io.Copy(h, r)
	return Sum(h), size, err
}

// FromHex makes a digest from its hexadecimal digits.
func FromHex(digits string) string { return prefix + digits }

// Hex returns the digits of a digest. It does not check them: see Valid.
func Hex(digest string) string { return strings.TrimPrefix(digest, prefix) }

// Valid reports whether s is sha256: and 64 lower-case hexadecimal digits. Only
// this form may become part of a file name.
func Valid(s string) bool {
	digits, ok := strings.CutPrefix(s, prefix)
	return ok && ValidHex(digits)
}

// ValidHex reports whether s is 64 lower-case hexadecimal digits.
func ValidHex(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}
