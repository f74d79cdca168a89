// Package keylesstest tests keyless signing end to end: the seaworthy program as a
// user runs it, with the real servers of Sigstore on loopback ports. Fulcio and
// Rekor v2 (tiles, in a folder) run as programs, and the timestamp authority runs in
// the test. Only the identity provider and the log of certificates are our own: they
// are small.
//
// It is a module of its own, because Fulcio's test dependencies break `go mod tidy`
// of other modules. `make test-keyless` compiles the servers, and runs it.
package keylesstest
