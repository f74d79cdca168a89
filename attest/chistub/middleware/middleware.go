// Package middleware replaces go-chi/chi, an HTTP router. Rekor's pkg/log
// imports it for one key of a context. It would link handlers that publish
// profiles and the command line, and register them with net/http.
package middleware

type contextKey struct{}

// RequestIDKey is the key under which rekor's server has the number of a request.
// A client has none.
var RequestIDKey = contextKey{}
