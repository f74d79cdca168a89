package report

import (
	"os"
	"path"
	"strings"
)

// Cgroup is the control group of the process, and the limits that the kernel applies
// to it.
type Cgroup struct {
	// Path is the path of the group, "" if it is not known. It is "/" in a cgroup
	// namespace of its own.
	Path string `json:"path"`
	// Limits holds the limits by the kernel's name: "pids.max" is "32". The name is
	// absent if the kernel lacks the controller.
	Limits map[string]string `json:"limits"`
}

// limits are the kernel's files with the limits of a group (cgroup v2).
var limits = []string{
	"cpu.max", "cpu.weight", "cpuset.cpus", "io.max", "io.weight",
	"memory.min", "memory.low", "memory.high", "memory.max", "memory.swap.max", "pids.max",
}

// readCgroup reads the limits of a group. self is the content of /proc/self/cgroup, and
// dir is where cgroup v2 is mounted.
func readCgroup(self, dir string) Cgroup {
	g := Cgroup{Limits: map[string]string{}}
	for line := range strings.Lines(self) {
		if p, ok := strings.CutPrefix(strings.TrimSpace(line), "0::/"); ok { // 0 is cgroup v2
			g.Path = "/" + p
		}
	}
	if g.Path == "" {
		return g
	}
	for _, name := range limits {
		if b, err := os.ReadFile(path.Join(dir, g.Path, name)); err == nil {
			g.Limits[name] = strings.TrimSpace(string(b))
		}
	}
	return g
}
