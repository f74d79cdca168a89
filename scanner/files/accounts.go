package files

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// maxHead is the number of bytes that are searched for account lines.
const maxHead = 1 << 10

// accountLine is a line of passwd(5) or shadow(5), groupLine one of group(5).
var (
	accountLine = lazyre.New(`^[^:#+\s-][^:]*:[^:]*:(?:[0-9]+:[0-9]+:[^:]*:[^:]*:[^:]*|(?:-?[0-9]*:){6}-?[0-9]*)$`)
	groupLine   = lazyre.New(`^[^:#+\s-][^:]*:[^:]*:[0-9]+:[^:\s]*$`)
)

// isAccounts reports whether the first line with content is an account. The
// name of the file does not matter: a bind, a mount or a link can put any file
// in the place of /etc/passwd.
func isAccounts(head []byte) bool {
	line := firstLine(head)
	n := bytes.Count(line, colon) // much faster than the expression, and true for few files
	return (n == 6 || n == 8) && accountLine.Match(line)
}

func isGroup(head []byte) bool {
	line := firstLine(head)
	return bytes.Count(line, colon) == 3 && groupLine.Match(line)
}

var colon = []byte(":")

// firstLine is the first line that is neither empty nor a comment.
func firstLine(text []byte) []byte {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return line
		}
	}
	return nil
}

// elsewhere checks accounts in files outside /etc: in a root filesystem within
// the image, or in a volume. Their names include the file. A file that ends
// with "-" is a backup, which no program reads.
func (s *Sink) elsewhere() {
	texts := map[string]*bytes.Buffer{}
	maps.Copy(texts, s.alike)
	for p, b := range s.kept {
		if base := path.Base(p); (base == "passwd" || base == "shadow") && isAccounts(b.Bytes()) {
			texts[p] = b
		}
	}
	own := map[string]bool{}
	for _, p := range []string{"/etc/passwd", "/etc/shadow"} {
		real, _, _ := s.tree.Resolve(p)
		own[real] = true
	}
	for _, p := range slices.Sorted(maps.Keys(texts)) {
		text := texts[p].String()
		if !isAccounts([]byte(text)) {
			continue
		}
		if e := s.tree.Get(p); e != nil && e.Mode&0o004 != 0 && sensitive(p) == "" && slices.ContainsFunc(logins(text), func(l login) bool { return isHash(l.hash) }) {
			s.list(&s.inv.Sensitive, obj(p, e, "password hash"))
		}
		if own[p] || strings.HasSuffix(p, "-") {
			continue
		}
		empty, known, untried := passwords(text)
		for list, names := range map[*[]string][]string{&s.inv.EmptyPasswords: empty, &s.inv.KnownPasswords: known, &s.inv.UntriedPasswords: untried} {
			for _, name := range names {
				s.strings(list, name+" in "+p)
			}
		}
	}
}
