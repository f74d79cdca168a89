// Package registry reads from container registries over the distribution API.
// It logs in, repeats failed requests, follows redirects to public addresses
// only, and gives up on servers that do not answer. The returned bytes are
// unverified, with one exception: a manifest that was requested by digest has
// that digest.
package registry
