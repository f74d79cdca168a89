package files

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/go-crypt/x/crypt"
	"github.com/go-crypt/x/yescrypt"
	"golang.org/x/crypto/bcrypt"
)

// wellKnown are passwords that are tried on every hash, in addition to the
// account's own name: defaults of boards, images, tutorials and test set-ups,
// and the most guessed passwords.
var wellKnown = []string{
	"root", "toor", "password", "admin", "passw0rd", "changeme", "secret", "default", "test", "linux",
	"linuxkit", "docker", "alpine", "debian", "ubuntu", "raspberry", "vagrant", "1234", "12345", "123456",
}

// A hostile image can contain hashes of any cost. So a hash is tried only if
// that takes about a tenth of a second, and all hashes together take a few
// seconds at most: a hundred ordinary ones by SHA-crypt, five by yescrypt.
const (
	maxCost     = 640      // for the hashes of a file, in thousands of rounds of SHA-crypt
	maxRounds   = 100_000  // for SHA-crypt
	maxBcrypt   = 10       // the cost of bcrypt, as a power of two
	maxYescrypt = 32 << 20 // bytes of memory
)

// login is an account and its password field.
type login struct{ name, hash string }

// logins are the accounts in files like passwd and shadow. Lines that begin
// with + or - include accounts from NIS, and are skipped.
func logins(texts ...string) []login {
	var out []login
	for _, text := range texts {
		for line := range strings.SplitSeq(text, "\n") {
			f := strings.Split(strings.TrimRight(line, "\r"), ":")
			if len(f) >= 2 && f[0] != "" && !strings.ContainsRune("#+-", rune(f[0][0])) {
				out = append(out, login{f[0], f[1]})
			}
		}
	}
	return out
}

// passwords checks the accounts in files like passwd and shadow. empty are
// accounts without a password, known those with a well-known password, untried
// those with a hash that is not computed because of its form or cost. Each list
// is sorted and has each account once.
func passwords(texts ...string) (empty, known, untried []string) {
	return try(maxCost, texts...)
}

// try is passwords, with a limit for the cost.
func try(left int, texts ...string) (empty, known, untried []string) {
	for _, l := range logins(texts...) {
		if l.hash == "" {
			empty = append(empty, l.name)
			continue
		}
		if !isHash(l.hash) {
			continue
		}
		check, cost := checker(l.hash)
		if left -= cost; check == nil || left < 0 {
			untried = append(untried, l.name)
			continue
		}
		if slices.ContainsFunc(append([]string{l.name}, wellKnown...), check) {
			known = append(known, l.name)
		}
	}
	return sorted(empty), sorted(known), sorted(untried)
}

// isHash reports whether a field is a hash. A field that begins with ! or * is
// locked, and x means that the hash is in the other file. A hash without a mark
// is a DES hash: it has 13 characters, and more if the password is long
// (bigcrypt) or has an age after a comma.
func isHash(field string) bool {
	const length, alphabet = 13, "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	if strings.HasPrefix(field, "$") || strings.HasPrefix(field, "_") {
		return true
	}
	field, _, _ = strings.Cut(field, ",")
	return len(field) >= length && strings.Trim(field, alphabet) == ""
}

func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// checker returns a function that checks a password against a hash in the form
// of crypt(5), and its cost. It is nil if the cost is too high or the form is
// unknown.
func checker(encoded string) (check func(password string) bool, cost int) {
	part := strings.Split(encoded, "$")
	if len(part) < 4 || part[0] != "" {
		return nil, 0
	}
	switch part[1] {
	case "1":
		return md5Checker(part[2:]), 1
	case "5":
		return shaChecker(sha256.New, part[2:])
	case "6":
		return shaChecker(sha512.New, part[2:])
	case "2a", "2b", "2y":
		cost, err := bcrypt.Cost([]byte(encoded))
		if err != nil || cost > maxBcrypt {
			return nil, 0
		}
		return func(password string) bool {
			return bcrypt.CompareHashAndPassword([]byte(encoded), []byte(password)) == nil
		}, 1 + 1<<cost>>3
	case "y":
		return yescryptChecker(encoded, part[2])
	}
	return nil, 0
}

// md5Checker is for $1$SALT$HASH.
func md5Checker(part []string) func(string) bool {
	if len(part) != 2 || part[0] == "" || len(part[0]) > 8 {
		return nil
	}
	return func(password string) bool {
		return equal(crypt.KeyMD5Crypt([]byte(password), []byte(part[0])), part[1])
	}
}

// shaChecker is for $5$ and $6$. The number of rounds may precede the salt. The
// limits are those of the algorithm.
func shaChecker(algorithm func() hash.Hash, part []string) (check func(string) bool, cost int) {
	rounds := 5000
	if text, ok := strings.CutPrefix(part[0], "rounds="); ok {
		n, err := strconv.Atoi(text)
		if err != nil || n > maxRounds {
			return nil, 0
		}
		rounds, part = max(n, 1000), part[1:]
	}
	if len(part) != 2 || part[0] == "" {
		return nil, 0
	}
	salt := []byte(part[0][:min(len(part[0]), 16)])
	return func(password string) bool {
		return equal(crypt.KeySHACrypt(algorithm, []byte(password), salt, rounds), part[1])
	}, rounds / 1000
}

// yescryptChecker is for $y$PARAMETERS$SALT$HASH.
func yescryptChecker(encoded, parameters string) (check func(string) bool, cost int) {
	_, ln, r, err := yescrypt.DecodeSetting([]byte(parameters))
	if err != nil || ln < 1 || ln > 20 || r < 1 || 128*r<<ln > maxYescrypt {
		return nil, 0
	}
	if _, err := yescrypt.Hash(nil, []byte(encoded)); err != nil {
		return nil, 0
	}
	return func(password string) bool {
		sum, err := yescrypt.Hash([]byte(password), []byte(encoded))
		return err == nil && bytes.Equal(sum, []byte(encoded))
	}, 1 + 128*r<<ln>>17
}

func equal(sum []byte, text string) bool { return subtle.ConstantTimeCompare(sum, []byte(text)) == 1 }
