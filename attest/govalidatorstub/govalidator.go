// Package govalidator stands in for asaskevich/govalidator, which reaches this
// module through rekor's pkg/pki. Rekor's server asks it which names in a key
// are mail addresses, to index entries by them; a client never asks. It compiles
// fifty regular expressions at each start of a program that links it, which took
// a tenth of that start.
package govalidator

import "net/mail"

// IsEmail says whether s is a mail address, as RFC 5322 writes one, and nothing
// else.
func IsEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s
}
