package scanner

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/programs"
)

// started is the part of an effective spec that decides which program starts,
// and what its root must contain.
type started struct {
	Process struct {
		Args []string
		Env  []string
		Cwd  string
	}
	Mounts []struct{ Destination string }
	// Annotations can make the runtime start another program.
	Annotations map[string]string
	// init are the mounts that init makes in the root.
	init []string
}

func readCommand(c *system.Component) (*started, bool) {
	var cmd started
	if c.Spec == nil || json.Unmarshal(c.Spec, &cmd) != nil || len(cmd.Process.Args) == 0 || cmd.Process.Args[0] == "" {
		return nil, false
	}
	var instructions struct {
		Mounts []struct{ Destination string }
	}
	if c.Runtime != nil && json.Unmarshal(c.Runtime, &instructions) != nil {
		return nil, false
	}
	root := "/" + path.Join(c.Dir, "rootfs")
	for _, m := range instructions.Mounts {
		switch d, inside := strings.CutPrefix(path.Clean(m.Destination), root+"/"); {
		case inside:
			cmd.init = append(cmd.init, "/"+d)
		case !strings.HasPrefix(m.Destination, "/"):
			cmd.init = append(cmd.init, path.Join("/", m.Destination))
		}
	}
	return &cmd, true
}

// Questions are the paths of a component's image that its command and its
// mounts use. A pass over the image, or its entry in the cache, answers them.
func Questions(c *system.Component) []string {
	cmd, ok := readCommand(c)
	if !ok {
		return nil
	}
	out, _ := cmd.candidates()
	for _, m := range cmd.Mounts {
		out = append(out, absolute(m.Destination))
	}
	out = append(out, cmd.init...)
	slices.Sort(out)
	return slices.Compact(out)
}

// absolute is a mount's destination in the runtime's form.
func absolute(p string) string { return path.Join("/", p) }

// usualPath is where programs are searched for if PATH is not set.
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// candidates are the paths at which the runtime may look for the program, in
// order. If why is not empty, it is unknown which of them counts. Without any
// path, nothing is known.
func (cmd *started) candidates() (out []string, why string) {
	name, cwd := cmd.Process.Args[0], cmd.Process.Cwd
	if !strings.HasPrefix(cwd, "/") {
		cwd = "/"
	}
	for key := range cmd.Annotations {
		if key == "run.oci.handler" || strings.HasPrefix(key, "module.wasm") {
			return nil, "the annotation " + key + " changes what the runtime starts"
		}
	}
	if strings.Contains(name, "/") {
		return []string{in(cwd, name)}, ""
	}
	var search []string
	for _, e := range cmd.Process.Env {
		if v, ok := strings.CutPrefix(e, "PATH="); ok && v != "" {
			search = append(search, v)
		}
	}
	if len(search) != 1 {
		why = "its environment must have exactly one PATH"
		search = append(search, usualPath)
	}
	for _, dir := range strings.Split(strings.Join(search, ":"), ":") {
		out = append(out, in(in(cwd, dir), name))
	}
	return out, why
}

// in is a path below a folder. It keeps "..", because links on the way decide
// what ".." means.
func in(dir, p string) string {
	if strings.HasPrefix(p, "/") {
		return p
	}
	return strings.TrimSuffix(dir, "/") + "/" + p
}

// root answers questions about one container's root.
type root struct {
	found map[string]programs.Found
	// covered are the paths at which something is mounted.
	covered []string
}

func newRoot(cmd *started, found map[string]programs.Found) *root {
	r := &root{found: found}
	for _, m := range cmd.Mounts {
		r.cover(absolute(m.Destination))
	}
	for _, p := range cmd.init {
		r.cover(p)
	}
	return r
}

func (r *root) cover(p string) { r.covered = append(append(r.covered, p), r.found[p].Via...) }

// hidden is the mount that covers a path, "" if the path is in the image.
func (r *root) hidden(f programs.Found) string {
	for _, p := range f.Via {
		for _, m := range r.covered {
			if p == m || strings.HasPrefix(p, strings.TrimSuffix(m, "/")+"/") {
				return m
			}
		}
	}
	return ""
}

// programFacts describes the program that the runtime would start in a
// component.
func programFacts(c *system.Component, found map[string]programs.Found) facts.Program {
	cmd, ok := readCommand(c)
	if !ok {
		return facts.Program{}
	}
	out := facts.Program{Name: cmd.Process.Args[0], State: "unknown"}
	paths, why := cmd.candidates()
	if len(paths) == 0 {
		out.Why = why
		return out
	}
	r := newRoot(cmd, found)
	state := "missing"
	for _, p := range paths {
		f, known := found[p]
		mount := r.hidden(f)
		switch {
		case !known:
			out.Why = "the image was not searched for it"
			return out
		case mount != "":
			out.Why = "the mount at " + mount + " may contain it"
			return out
		case why != "" && f.Type != "":
			out.Why = why
			return out
		case f.Type == "file" && f.Mode&0o111 != 0:
			out.State, out.Path, out.Format, out.Arch = "found", f.Real, f.Head.Format, f.Head.Arch
			r.interpreted(&out, f.Head)
			return out
		case f.Type == "file":
			state, out.Path = "closed", f.Real
		case f.Type != "" && len(paths) == 1:
			state, out.Path = "folder", f.Real
		}
	}
	out.State = state
	return out
}

// interpreted follows a program to the file that the kernel starts as its
// interpreter.
func (r *root) interpreted(out *facts.Program, head programs.Head) {
	for range 6 {
		if !strings.HasPrefix(head.Interpreter, "/") {
			return
		}
		f, known := r.found[head.Interpreter]
		switch {
		case !known || r.hidden(f) != "":
			return
		case f.Type != "file" || f.Mode&0o111 == 0:
			out.Lacks = head.Interpreter
			return
		}
		if head = f.Head; head.Arch != "" && out.Arch == "" {
			out.Arch = head.Arch
		}
	}
}

// made are the paths that the builder creates in every root, or leaves out.
var made = []string{"/", "/dev", "/dev/pts", "/dev/shm", "/etc", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/etc/mtab", "/proc", "/sys"}

// missingTargets are the destinations of the spec's mounts that do not exist in
// the image and that nothing else creates.
func missingTargets(c *system.Component, found map[string]programs.Found) []string {
	out := []string{}
	cmd, ok := readCommand(c)
	if !ok {
		return out
	}
	for i, m := range cmd.Mounts {
		p := absolute(m.Destination)
		f, known := found[p]
		if !known || f.Type != "" || slices.Contains(made, p) || slices.Contains(out, m.Destination) {
			continue
		}
		others := &root{found: found}
		for k, other := range cmd.Mounts {
			if k != i && absolute(other.Destination) != p {
				others.cover(absolute(other.Destination))
			}
		}
		for _, init := range cmd.init {
			others.cover(init)
		}
		if others.hidden(f) == "" {
			out = append(out, m.Destination)
		}
	}
	slices.Sort(out)
	return out
}
