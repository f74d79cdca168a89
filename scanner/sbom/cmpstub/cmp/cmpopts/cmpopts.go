// Package cmpopts is empty. It exists for go mod tidy, which resolves the
// imports of libraries' tests. Those tests do not run here.
package cmpopts
