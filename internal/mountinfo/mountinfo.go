// Package mountinfo reads /proc/PID/mountinfo.
package mountinfo

import (
	"strconv"
	"strings"
)

// Mount is a mount: the folder Root of a file system is mounted on Point.
type Mount struct {
	// Device is MAJOR:MINOR, Kind the type of the file system.
	ID, Device, Root, Point, Kind string
	// Options are those of the mount, and FSOptions those of the file system.
	Options, FSOptions []string
}

// Parse reads the lines, in their order. It ignores lines of another form.
func Parse(text []byte) []Mount {
	var all []Mount
	for line := range strings.Lines(string(text)) {
		mount, fs, ok := strings.Cut(line, " - ")
		m, f := strings.Fields(mount), strings.Fields(fs)
		if !ok || len(m) < 6 || len(f) < 2 {
			continue
		}
		all = append(all, Mount{ID: m[0], Device: m[2], Root: unescape(m[3]), Point: unescape(m[4]), Kind: f[0],
			Options: strings.Split(m[5], ","), FSOptions: strings.Split(unescape(f[len(f)-1]), ",")})
	}
	return all
}

// FSOption returns the value of an option such as lowerdir=VALUE, "" if there is none.
func (m *Mount) FSOption(name string) string {
	for _, o := range m.FSOptions {
		if v, ok := strings.CutPrefix(o, name+"="); ok {
			return v
		}
	}
	return ""
}

// unescape decodes the blanks and other characters that the kernel writes as \ooo.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
