// Package cmpopts is empty. It is here for go mod tidy, which looks for what the
// tests of libraries import; those tests do not run here.
package cmpopts
