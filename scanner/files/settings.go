package files

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// isSettings reports whether accounts, inits, PAM, sshd, sysctl, AppArmor or containerd may read the
// content. Base names decide, so that links to folders do not matter. Files
// that sshd_config includes may have any name below its folder.
func isSettings(p string) bool {
	dir, base := path.Split(p)
	switch base {
	case "inittab", "passwd", "shadow", "group", "sshd_config", "sysctl.conf":
		return true
	case path.Base(containerdConfig):
		return path.Base(dir) == path.Base(path.Dir(containerdConfig))
	}
	if strings.Contains(dir, "/ssh/") || isPAM(p) || path.Clean(dir) == apparmorFolder || path.Clean(p) == debianModules {
		return true
	}
	if !strings.HasSuffix(base, ".conf") {
		return false
	}
	parent := path.Base(dir)
	return parent == "sysctl.d" || parent == "sshd_config.d" || parent == "modules-load.d"
}

// read returns the content of a settings file. It follows links inside the
// image. ok is false if the file does not exist.
func (s *Sink) read(p string) (text string, ok bool, err error) {
	real, e, ok := s.tree.Resolve(p)
	if !ok || e == nil || e.Type != system.TypeFile {
		return "", false, nil
	}
	if e.Size == 0 {
		return "", true, nil
	}
	if b := s.kept[real]; b != nil {
		return b.String(), true, nil
	}
	if b := s.alike[real]; b != nil {
		return b.String(), true, nil
	}
	if n := s.oversize[real]; n > 0 {
		return "", false, fmt.Errorf("%s has %d bytes; the limit is %d bytes", p, n, maxSettings)
	}
	return "", false, fmt.Errorf("%s cannot be read: it is a link to %s, and files of that name are not kept", p, real)
}

// inittab lists the commands that init starts (inittab(5)).
func (s *Sink) inittab() error {
	text, _, err := s.read("/etc/inittab")
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 4)
		if len(f) == 4 && !strings.HasPrefix(f[0], "#") && f[3] != "" {
			s.strings(&s.inv.Inittab, strings.TrimLeft(f[3], "-+@"))
		}
	}
	return nil
}

// accounts finds empty and well-known passwords, and ids that several names
// share.
func (s *Sink) accounts() error {
	passwd, _, err := s.read("/etc/passwd")
	if err != nil {
		return err
	}
	shadow, _, err := s.read("/etc/shadow")
	if err != nil {
		return err
	}
	group, _, err := s.read("/etc/group")
	if err != nil {
		return err
	}
	empty, known, untried := passwords(passwd, shadow)
	for _, name := range empty {
		s.strings(&s.inv.EmptyPasswords, name)
	}
	for _, name := range known {
		s.strings(&s.inv.KnownPasswords, name)
	}
	for _, name := range untried {
		s.strings(&s.inv.UntriedPasswords, name)
	}
	for _, d := range append(duplicates("gid", group), duplicates("uid", passwd)...) {
		s.strings(&s.inv.DuplicateIDs, d)
	}
	s.elsewhere()
	return nil
}

// Logins says who can log in because of a file that is written to p, nil if the
// file does not affect logins. Files with accounts or settings of sshd are also
// recognised by their content, because a bind or a link can give them another
// name.
func Logins(p, text string) *facts.Logins {
	out := &facts.Logins{EmptyPasswords: []string{}, KnownPasswords: []string{}, UntriedPasswords: []string{}, SSHDMatch: []facts.SSHDMatch{}}
	r := sshdReader{settings: map[string]string{}}
	_ = r.text(text, "", 0) // only includes can fail
	switch base := path.Base(p); {
	case base == "sshd_config", r.isServer():
		out.SSHD, out.Partial = r.settings, r.truncated
		out.SSHDMatch = append(out.SSHDMatch, r.match...)
	case isSSHDPart(p):
		out.SSHDMatch, out.Partial = append(out.SSHDMatch, r.part()...), r.truncated
	case base == "passwd", base == "shadow", strings.HasSuffix(base, ".shadow"), isAccounts([]byte(text)):
		empty, known, untried := passwords(text)
		out.EmptyPasswords = append(out.EmptyPasswords, empty...)
		out.KnownPasswords = append(out.KnownPasswords, known...)
		out.UntriedPasswords = append(out.UntriedPasswords, untried...)
	default:
		return nil
	}
	return out
}

// duplicates lists ids that have more than one name: "uid 0: root, toor".
func duplicates(kind, text string) []string {
	names := map[string][]string{}
	for line := range strings.SplitSeq(text, "\n") {
		f := strings.Split(line, ":")
		if len(f) < 3 || f[0] == "" || f[2] == "" || strings.HasPrefix(f[0], "#") || f[0][0] == '+' || f[0][0] == '-' {
			continue
		}
		id := number(f[2])
		if !slices.Contains(names[id], f[0]) && len(names[id]) < 20 {
			names[id] = append(names[id], f[0])
		}
	}
	var out []string
	for id, n := range names {
		if len(n) > 1 {
			slices.Sort(n)
			out = append(out, fmt.Sprintf("%s %s: %s", kind, id, strings.Join(n, ", ")))
		}
	}
	slices.Sort(out)
	return out
}

// number is an id as a C library reads it: text before the digits is skipped,
// and the number has 32 bits.
func number(text string) string {
	text = strings.TrimLeft(text, " \t+")
	var n uint32
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return text
		}
		n = n*10 + uint32(text[i]-'0')
	}
	return strconv.FormatUint(uint64(n), 10)
}

// matching lists the files whose names match a pattern of glob(3), sorted.
// Folders in the path may be links.
func (s *Sink) matching(pattern string) []string {
	found := []string{""}
	for element := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		var next []string
		for _, dir := range found {
			next = append(next, s.named(dir, element)...)
		}
		if found = next; len(found) > facts.MaxListed {
			s.inv.Truncated = true
			return found[:facts.MaxListed]
		}
	}
	slices.Sort(found)
	return slices.DeleteFunc(found, func(p string) bool {
		_, e, ok := s.tree.ResolveParent(p)
		return !ok || e == nil || e.Type == system.TypeDir
	})
}

// named lists the entries of a folder that match a pattern for one name. A
// leading dot is matched only by a dot.
func (s *Sink) named(dir, pattern string) []string {
	if !meta.MatchString(pattern) {
		return []string{dir + "/" + pattern}
	}
	real, e, ok := s.tree.Resolve(dir + "/")
	if !ok || e != nil && e.Type != system.TypeDir {
		return nil
	}
	var out []string
	for _, p := range s.inFolder(real) {
		base := tree.Base(p)
		ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), base)
		if ok && err == nil && strings.HasPrefix(base, ".") == strings.HasPrefix(pattern, ".") {
			out = append(out, dir+"/"+base)
		}
	}
	return out
}

// inFolder lists the entries of a folder, sorted, including folders without an
// entry of their own.
func (s *Sink) inFolder(dir string) []string {
	if s.folders == nil {
		s.folders = map[string][]string{}
		seen := map[string]bool{"/": true}
		for _, p := range s.tree.Paths() {
			for ; !seen[p]; p = tree.Dir(p) {
				seen[p] = true
				s.folders[tree.Dir(p)] = append(s.folders[tree.Dir(p)], p)
			}
		}
		for _, names := range s.folders {
			slices.Sort(names)
		}
	}
	return s.folders[dir]
}

// sysctl lists the settings in /etc/sysctl.d/*.conf, by file name, then those
// in /etc/sysctl.conf. This is the order in which they are applied.
func (s *Sink) sysctl() error {
	for _, p := range append(s.matching("/etc/sysctl.d/*.conf"), "/etc/sysctl.conf") {
		text, ok, err := s.read(p)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		for _, set := range ParseSysctl(text) {
			if len(s.inv.Sysctl) >= facts.MaxListed {
				s.inv.Truncated = true
				return nil
			}
			set.Source, set.Order = p, len(s.inv.Sysctl)
			s.inv.Sysctl = append(s.inv.Sysctl, set)
		}
	}
	return nil
}

// ParseSysctl reads a sysctl.d file: KEY = VALUE lines, and comments with "#"
// and ";". A key that begins with "-" may fail to be set; it is listed too.
// Keys are returned with dots.
func ParseSysctl(text string) []facts.Setting {
	out, _ := ParseSysctlLines(text)
	for i := range out {
		out[i].Line = 0
	}
	return out
}

// ParseSysctlLines is like ParseSysctl, for a file of the user: settings have
// their lines. except are the keys that the file lists as "-KEY" without a
// value: patterns do not set them.
func ParseSysctlLines(text string) (out []facts.Setting, except []string) {
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		plain, dashed := strings.CutPrefix(strings.TrimSpace(key), "-")
		key = SysctlKey(plain)
		switch {
		case !ok && dashed:
			except = append(except, key)
			continue
		case !ok || key == "":
			continue
		}
		out = append(out, facts.Setting{Key: key, Value: strings.Join(strings.Fields(value), " "), Line: n})
	}
	return out, except
}

// SysctlKey returns a key in its form with dots. If the first separator is a
// slash, dots are part of names: net/ipv4/conf/eth0.1/forwarding is
// net.ipv4.conf.eth0/1.forwarding. The key is a path below /proc/sys, where
// kernel//x and kernel/./x are kernel/x.
func SysctlKey(key string) string {
	swapped := strings.NewReplacer("/", ".", ".", "/")
	slash, dot := strings.IndexByte(key, '/'), strings.IndexByte(key, '.')
	if slash < 0 || dot >= 0 && dot < slash {
		key = swapped.Replace(key)
	}
	return swapped.Replace(strings.TrimPrefix(path.Clean("/"+key), "/"))
}
