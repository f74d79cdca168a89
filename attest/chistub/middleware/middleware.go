// Package middleware stands in for go-chi/chi, an HTTP router, which reaches this
// module through rekor's pkg/log for one key of a context. It would link, and
// register with net/http, handlers that publish profiles and the command line.
package middleware

type contextKey struct{}

// RequestIDKey is the key under which rekor's server has the number of a request.
// A client has none.
var RequestIDKey = contextKey{}
