package files

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// maxHead is how much of a file is looked at to tell whether it holds accounts.
const maxHead = 1 << 10

// accountLine is a line of passwd(5) or shadow(5), groupLine one of group(5).
var (
	accountLine = lazyre.New(`^[^:#+\s-][^:]*:[^:]*:(?:[0-9]+:[0-9]+:[^:]*:[^:]*:[^:]*|(?:-?[0-9]*:){6}-?[0-9]*)$`)
	groupLine   = lazyre.New(`^[^:#+\s-][^:]*:[^:]*:[0-9]+:[^:\s]*$`)
)

// isAccounts: the first line that says anything is an account. Files of any name
// may be bound, mounted or linked to where they are read.
func isAccounts(head []byte) bool { return accountLine.Match(firstLine(head)) }

func isGroup(head []byte) bool { return groupLine.Match(firstLine(head)) }

// firstLine is the first that is neither empty nor a comment.
func firstLine(text []byte) []byte {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return line
		}
	}
	return nil
}

// elsewhere judges accounts that stand in other files than those in /etc: of a
// root filesystem within the image, or of a volume. Names are given with their
// file. What ends with "-" is the former one, which nothing reads.
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
