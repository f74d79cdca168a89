package keyless

import "testing"

// The unused bits in the base64 of a checkpoint's signature cannot be changed.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	const text = "log.example.org\n7\nAQI=\n\n"
	for signatures, ok := range map[string]bool{
		"\u2014 log.example.org AAAAAQ==\n":                          true,
		"\u2014 log.example.org AAAAAQI=\n":                          true,
		"\u2014 log.example.org AAAAAQID\n\u2014 witness AAAAAQ==\n": true,
		"\u2014 log.example.org AAAAAR==\n":                          false,
		"\u2014 log.example.org AAAAAQJ=\n":                          false,
		"\u2014 log.example.org AAAAAQ==\r\n":                        false,
		"\u2014 log.example.org AAAAAQID\n\u2014 witness AAAAAf==\n": false,
		"\u2014 log.example.org AAAAAQ\n":                            false,
	} {
		size, root, err := checkpoint(text + signatures)
		if ok != (err == nil) || ok && (size != 7 || string(root) != "\x01\x02") {
			t.Errorf("%q: %d, %x, %v", signatures, size, root, err)
		}
	}
}
