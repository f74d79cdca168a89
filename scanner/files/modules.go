package files

import (
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// debianModules is the file to which Debian links /etc/modules-load.d/modules.conf.
const debianModules = "/etc/modules"

// moduleName is a name that init accepts. It is neither a path nor a list of parameters.
var moduleName = lazyre.New(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$`)

// modulesLoad lists the names in all files of /etc/modules-load.d. A file that cannot be
// read is left out: rules need the names for the order of a boot, and not for what the
// kernel accepts.
func (s *Sink) modulesLoad() {
	for _, p := range s.matching("/etc/modules-load.d/*.conf") {
		text, ok, err := s.read(p)
		if err != nil || !ok {
			continue
		}
		for _, name := range Modules(p, text) {
			s.strings(&s.inv.ModulesLoad, name)
		}
	}
	slices.Sort(s.inv.ModulesLoad)
	s.inv.ModulesLoad = slices.Compact(s.inv.ModulesLoad)
}

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
