package files

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Limits for Include in sshd_config (sshd itself allows 16 levels) and for the
// patterns in AuthorizedKeysFile.
const (
	maxDepth    = 16
	maxIncludes = 100
	maxPatterns = 20
	maxPattern  = 4096
)

// sshd reads the server's settings, and who can log in because of them.
func (s *Sink) sshd() error {
	files := s.sshdFiles()
	defer s.sshdParts(len(files) == 0)
	for _, p := range files {
		text, ok, err := s.read(p)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		r := sshdReader{settings: map[string]string{}, include: s.include}
		err = r.text(text, "", 0)
		s.inv.SSHD, s.inv.SSHDMatch = weaker(s.inv.SSHD, r.settings), append(s.inv.SSHDMatch, r.match...)
		s.inv.Truncated = s.inv.Truncated || r.truncated
		for _, p := range s.keyFiles(&r) {
			if !slices.Contains(s.inv.AuthorizedKeys, p) {
				s.strings(&s.inv.AuthorizedKeys, p)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sshdParts reads parts of a configuration that no file of the image includes.
// Another image may include them, if both share a root or if a volume is
// mounted. onlyParts: the image has no configuration of its own.
func (s *Sink) sshdParts(onlyParts bool) {
	if !onlyParts && !s.root {
		return
	}
	for _, p := range slices.Sorted(maps.Keys(s.kept)) {
		if isSSHDPart(p) && !s.included[p] {
			r := sshdReader{settings: map[string]string{}}
			_ = r.text(s.kept[p].String(), "", 0) // only includes can fail
			s.inv.SSHDMatch = append(s.inv.SSHDMatch, r.part()...)
			s.inv.Truncated = s.inv.Truncated || r.truncated
		}
	}
}

// isSSHDPart: usual configurations include all files of this folder.
func isSSHDPart(p string) bool { return path.Base(path.Dir(p)) == "sshd_config.d" }

// part returns the settings of a file that is a part of a configuration.
// Settings that are missing from it are unknown.
func (r *sshdReader) part() []facts.SSHDMatch {
	var out []facts.SSHDMatch
	for _, key := range slices.Sorted(maps.Keys(r.settings)) {
		out = append(out, facts.SSHDMatch{Criteria: "all", Keyword: key, Value: r.settings[key]})
	}
	return append(out, r.match...)
}

// sshdFiles are the configurations that sshd may read: the usual one or, if the
// image does not have it, any other file of that name. Some programs are built
// for other folders (/usr/etc/ssh), and a volume may be mounted there. Files in
// /usr/share are examples.
func (s *Sink) sshdFiles() []string {
	const usual = "/etc/ssh/sshd_config"
	if _, _, ok := s.tree.Resolve(usual); ok {
		return []string{usual}
	}
	var out []string
	for _, p := range slices.Sorted(maps.Keys(s.kept)) {
		if path.Base(p) == path.Base(usual) && !strings.HasPrefix(p, "/usr/share/") {
			out = append(out, p)
		}
	}
	return out
}

// weaker combines the settings of two servers of which one may run: "no" counts
// only if both have it.
func weaker(a, b map[string]string) map[string]string {
	if a == nil {
		return b
	}
	for key, value := range b {
		if _, ok := a[key]; !ok && value != "no" || a[key] == "no" {
			a[key] = value
		}
	}
	for key, value := range a {
		if _, ok := b[key]; !ok && value == "no" {
			delete(a, key)
		}
	}
	return a
}

// include returns the texts of the files that match a pattern of Include.
func (s *Sink) include(pattern string) ([]string, error) {
	if !strings.HasPrefix(pattern, "/") {
		pattern = "/etc/ssh/" + pattern
	}
	var out []string
	for _, p := range s.matching(pattern) {
		switch text, ok, err := s.read(p); {
		case err != nil:
			return nil, err
		case ok:
			if real, _, ok := s.tree.Resolve(p); ok {
				s.included[real] = true
			}
			out = append(out, text)
		}
	}
	return out, nil
}

// sshdReader reads sshd_config as sshd does. The first of several equal
// keywords counts. Settings after Match override the others if the criteria
// match.
type sshdReader struct {
	settings  map[string]string
	match     []facts.SSHDMatch
	include   func(pattern string) ([]string, error)
	includes  int
	truncated bool
}

// text reads one file. criteria are those of the Match block that includes it.
func (r *sshdReader) text(text, criteria string, depth int) error {
	for line := range strings.SplitSeq(text, "\n") {
		key, value := keyword(line)
		switch key {
		case "":
		case "match":
			criteria = strings.Join(strings.Fields(value), " ")
		case "include":
			if depth >= maxDepth || r.includes >= maxIncludes || r.include == nil {
				r.truncated = true
				continue
			}
			r.includes++
			for _, pattern := range arguments(value) {
				texts, err := r.include(pattern)
				if err != nil {
					return err
				}
				for _, t := range texts {
					if err := r.text(t, criteria, depth+1); err != nil {
						return err
					}
				}
			}
		default:
			r.set(criteria, key, value)
		}
	}
	return nil
}

// isServer reports whether the file has settings that only a server has, and so
// is not an ssh_config.
func (r *sshdReader) isServer() bool {
	for _, key := range []string{"permitrootlogin", "permitemptypasswords", "authorizedkeysfile", "usepam", "strictmodes"} {
		if _, ok := r.settings[key]; ok || slices.ContainsFunc(r.match, func(m facts.SSHDMatch) bool { return m.Keyword == key }) {
			return true
		}
	}
	return false
}

// arguments splits a value as sshd does: quotes may be anywhere in a word.
func arguments(value string) []string {
	var out []string
	var word strings.Builder
	quote, any := byte(0), false
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && i+1 < len(value) && strings.IndexByte(`"'\ `, value[i+1]) >= 0:
			i++
			word.WriteByte(value[i])
			any = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, any = c, true
		case quote == 0 && (c == ' ' || c == '\t'):
			if any {
				out = append(out, word.String())
			}
			word.Reset()
			any = false
		default:
			word.WriteByte(c)
			any = true
		}
	}
	if any {
		out = append(out, word.String())
	}
	return out
}

func (r *sshdReader) set(criteria, key, value string) {
	if len(r.settings)+len(r.match) >= facts.MaxListed {
		r.truncated = true
		return
	}
	if criteria != "" {
		one := facts.SSHDMatch{Criteria: criteria, Keyword: key, Value: value}
		if !slices.ContainsFunc(r.match, func(m facts.SSHDMatch) bool { return m.Criteria == criteria && m.Keyword == key }) {
			r.match = append(r.match, one)
		}
		return
	}
	if _, set := r.settings[key]; !set {
		r.settings[key] = value
	}
}

// sshdAliases are other names of keywords (servconf.c).
var sshdAliases = map[string]string{
	"challengeresponseauthentication": "kbdinteractiveauthentication",
	"skeyauthentication":              "kbdinteractiveauthentication",
	"authorizedkeysfile2":             "authorizedkeysfile",
}

// keyword splits a line of sshd_config: KEYWORD VALUE or KEYWORD=VALUE, both
// possibly in quotes, with "#" comments. The keyword is returned in lower case,
// under its main name.
func keyword(line string) (key, value string) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", ""
	}
	if rest, quoted := strings.CutPrefix(line, `"`); quoted {
		key, value, _ = strings.Cut(rest, `"`)
	} else {
		i := strings.IndexAny(line, " \t=\"")
		if i < 0 {
			i = len(line)
		}
		key, value = line[:i], line[i:]
	}
	key = strings.ToLower(key)
	if name := sshdAliases[key]; name != "" {
		key = name
	}
	value = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(value), "="))
	if at := strings.Index(value, " #"); at >= 0 {
		value = strings.TrimSpace(value[:at])
	}
	if key != "match" && key != "include" && strings.ContainsAny(value, `"'`) {
		value = strings.Join(arguments(value), " ")
	}
	return key, value
}

// keyFiles are files with other names than usual from which sshd reads the keys
// of users.
func (s *Sink) keyFiles(r *sshdReader) []string {
	var patterns []string
	add := func(key, value string) {
		if key == "authorizedkeysfile" || key == "trustedusercakeys" {
			patterns = append(patterns, strings.Fields(value)...)
		}
	}
	for key, value := range r.settings {
		add(key, value)
	}
	for _, m := range r.match {
		add(m.Keyword, m.Value)
	}
	slices.Sort(patterns)
	patterns = slices.Compact(patterns)
	if len(patterns) > maxPatterns {
		s.inv.Truncated, patterns = true, patterns[:maxPatterns]
	}
	var out, exprs []string
	for _, p := range patterns {
		p = strings.Trim(p, `"'`)
		switch fixed := strings.HasPrefix(p, "/") && !strings.Contains(path.Dir(p), "%"); {
		case p == "none":
		case len(p) > maxPattern, !utf8.ValidString(p):
			s.inv.Truncated = true
		case fixed:
			out = append(out, s.matching(glob(p))...)
		default:
			exprs = append(exprs, expression(p))
		}
	}
	if len(exprs) > 0 {
		match := regexp.MustCompile("^(?:" + strings.Join(exprs, "|") + ")$")
		for _, p := range s.tree.Paths() {
			if e := s.tree.Get(p); e.Type != system.TypeDir && match.MatchString(p) {
				out = append(out, p)
			}
		}
	}
	out = slices.DeleteFunc(out, func(p string) bool {
		real, _, ok := s.tree.Resolve(p)
		return ok && s.empty[real]
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// tokens of AuthorizedKeysFile (sshd_config(5)): %u is the user, %h the user's
// home. A pattern without "/" begins in the home.
var (
	tokens = lazyre.New(`%[%hUu]`)
	meta   = lazyre.New(`[*?\[\]\\]`)
)

// glob converts a pattern of AuthorizedKeysFile into a pattern of glob(3).
func glob(pattern string) string {
	return tokens.ReplaceAllStringFunc(meta.ReplaceAllString(pattern, `\$0`), func(t string) string {
		if t == "%%" {
			return "%"
		}
		return "*"
	})
}

// expression converts a pattern into a regular expression for a whole path.
func expression(pattern string) string {
	expr := tokens.ReplaceAllStringFunc(regexp.QuoteMeta(pattern), func(t string) string {
		switch t {
		case "%%":
			return "%"
		case "%h":
			return ".*"
		}
		return "[^/]+"
	})
	if !strings.HasPrefix(pattern, "/") && !strings.HasPrefix(pattern, "%h") {
		expr = ".*/" + expr
	}
	return expr
}
