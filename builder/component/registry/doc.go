// Package registry asks container registries over the distribution API: it logs
// in, tries again, follows redirects to public addresses only, and gives up on
// servers that do not answer. The bytes that it gives are unverified, except
// that a manifest asked for by digest has that digest.
package registry
