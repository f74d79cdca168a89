package files

import (
	"path"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// moduleName is a name that init accepts. It is neither a path nor a list of parameters.
var moduleName = lazyre.New(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$`)

// Modules returns the kernel modules that init loads because of the file that is written
// to p. It returns nil if init does not read the file, or if a line has something else
// than one name.
func Modules(p, text string) (names []string) {
	if p = path.Clean(p); path.Dir(p) != "/etc/modules-load.d" || path.Ext(p) != ".conf" {
		return nil
	}
	for line := range strings.Lines(text) {
		switch line = strings.TrimSpace(line); {
		case line == "" || line[0] == '#' || line[0] == ';':
		case !moduleName.MatchString(line):
			return nil
		default:
			names = append(names, line)
		}
	}
	return names
}
