package trace

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// proposal is the smallest set of permissions with which the service worked.
type proposal struct {
	*tracer
	report *Report
	// entry is the service's entry in os.yml.
	entry   map[string]json.RawMessage
	changes []Change
	profile []byte
}

// add adds a change of the service's entry.
func (p *proposal) add(op, path string, value any, reason string) {
	p.changes = append(p.changes, Change{Edit: p.edit(op, path, value), Reason: reason})
}

// note adds what is not proposed, and why.
func (p *proposal) note(format string, args ...any) {
	p.report.Notes = append(p.report.Notes, fmt.Sprintf(format, args...))
}

// edits are the edits of the changes, with the path of the profile.
func (p *proposal) edits(profile string) (out []decision.Edit) {
	for _, c := range p.changes {
		if c.Path == "/seccomp" {
			c.Value = profile
		}
		out = append(out, c.Edit)
	}
	return out
}

// mountOf returns the mount of the container that a path is on, or nil for the root.
func (t *tracer) mountOf(name string) (found *specs.Mount) {
	for i := range t.spec.Mounts {
		m := &t.spec.Mounts[i]
		if within(name, m.Destination) && (found == nil || len(m.Destination) >= len(found.Destination)) {
			found = m
		}
	}
	return found
}

// within reports whether a path is a folder or below it.
func within(name, dir string) bool {
	dir = path.Clean(dir)
	return name == dir || dir == "/" || strings.HasPrefix(name, dir+"/")
}

// onRoot lists the files on the root file system that were changed.
func (t *tracer) onRoot(r *Report) (out []File) {
	for _, f := range r.Files {
		if t.mountOf(f.Path) == nil && !f.ReadOnly {
			out = append(out, f)
		}
	}
	return out
}

// look asks for the folders of the image in which the service changes files.
func (t *tracer) look(ctx context.Context, g *guest, r *Report) error {
	r.folders = map[string]tracing.Folder{}
	var paths []string
	for _, f := range t.onRoot(r) {
		for dir := path.Dir(f.Path); dir != "/"; dir = path.Dir(dir) {
			paths = append(paths, dir)
		}
		paths = append(paths, f.Path)
	}
	slices.Sort(paths)
	if paths = slices.Compact(paths); len(paths) == 0 {
		return nil
	}
	reply, err := g.do(ctx, tracing.Command{Do: tracing.DoLook, Root: "/" + t.component.FilesDir, Paths: paths})
	if err != nil {
		return err
	}
	for _, f := range reply.Folders {
		r.folders[f.Path] = f
	}
	return nil
}

func (t *tracer) propose(r *Report) (*proposal, error) {
	p := &proposal{tracer: t, report: r}
	err := json.Unmarshal(t.component.Entry, &p.entry)
	if err != nil {
		return nil, err
	}
	p.capabilities()
	p.folders()
	p.binds()
	p.devices()
	if p.profile, err = r.profile(t.spec.Linux.Seccomp); err != nil {
		return nil, err
	}
	p.add("set", "/seccomp", t.Target.Name+ProfileEnding, fmt.Sprintf("%d system calls were seen; each line of the profile says where", len(r.Calls)))
	return p, nil
}

// capabilities keeps the needed ones.
func (p *proposal) capabilities() {
	keep := []any{}
	var reasons []string
	for _, c := range p.report.Capabilities {
		if c.Needed {
			keep = append(keep, c.Name)
			reasons = append(reasons, c.Name+": "+c.Without)
		}
	}
	if len(keep) == len(p.report.Capabilities) {
		return
	}
	reason := "the service worked without any capability"
	if len(keep) > 0 {
		reason = "without " + strings.Join(reasons, "; without ")
	}
	if _, ok := p.entry["capabilities.add"]; ok {
		p.add("remove", "/capabilities.add", nil, "the list of capabilities is complete")
	}
	p.add("set", "/capabilities", keep, reason)
	if ambient := p.spec.Process.Capabilities.Ambient; len(ambient) > 0 {
		some := []any{}
		for _, c := range keep {
			if slices.Contains(ambient, c.(string)) {
				some = append(some, c)
			}
		}
		if len(some) < len(ambient) {
			p.add("set", "/ambient", some, "those of the list above that the service had as ambient ones")
		}
	}
}

// folders makes the root file system read-only, if the folders in which the service
// changes files can be tmpfs mounts, and removes those that are not used.
func (p *proposal) folders() {
	tmpfs, changed := p.tmpfs()
	if !p.spec.Root.Readonly {
		if more, why := p.coverRoot(p.report); why != "" {
			p.note("the root file system stays writable: %s", why)
		} else {
			reason := "no file of the root file system was changed"
			if len(more) > 0 {
				reason = "only files in these folders were changed: " + strings.Join(destinations(more), ", ")
			}
			p.add("set", "/readonly", true, reason)
			tmpfs, changed = append(tmpfs, more...), changed || len(more) > 0
		}
	}
	if !changed {
		return
	}
	list := []any{}
	var reasons []string
	for _, m := range tmpfs {
		list = append(list, m.text)
		reasons = append(reasons, m.reason)
	}
	p.add("set", "/tmpfs", list, "writable folders: "+strings.Join(reasons, "; "))
}

// memory is a tmpfs.
type memory struct{ destination, text, reason string }

func destinations(list []memory) (out []string) {
	for _, m := range list {
		out = append(out, m.destination)
	}
	return out
}

// tmpfs lists the tmpfs mounts of os.yml or the label that are used, and reports whether
// some are not.
func (p *proposal) tmpfs() (out []memory, changed bool) {
	for i := range p.spec.Mounts {
		m := &p.spec.Mounts[i]
		if m.Type != "tmpfs" || m.Source != "tmpfs" || m.Destination == "/dev" || !p.written(i) {
			continue
		}
		text := m.Destination
		if len(m.Options) > 0 {
			text += ":" + strings.Join(m.Options, ",")
		}
		used := slices.IndexFunc(p.report.Files, func(f File) bool { return p.mountOf(f.Path) == m })
		if used < 0 {
			changed = true
			p.note("the tmpfs on %s is removed: no file on it was changed", m.Destination)
			continue
		}
		out = append(out, memory{m.Destination, text, p.report.Files[used].seen()})
	}
	return out, changed
}

// written reports whether os.yml or the label of the image asks for a mount. The others
// are those that every container has.
func (t *tracer) written(i int) bool {
	origin, ok := t.component.Origins[fmt.Sprintf("/mounts/%d", i)]
	return ok && origin.Layer != system.LayerDefault
}

// plainFolder is a path without the characters that separate options.
var plainFolder = lazyre.New(`^(/[A-Za-z0-9@%+=_.-]+)+$`)

// tmpfsSize limits a proposed tmpfs.
const tmpfsSize = "64m"

// coverRoot finds folders that can become tmpfs mounts, so that the root file system
// can be read-only. why says why there are none.
func (t *tracer) coverRoot(r *Report) (out []memory, why string) {
	for _, f := range t.onRoot(r) {
		if slices.ContainsFunc(out, func(m memory) bool { return within(f.Path, m.destination) && f.Path != m.destination }) {
			continue
		}
		// The lowest folder above it that the image has must be empty. What the service
		// makes in it, other folders too, is then on the tmpfs.
		dir := path.Dir(f.Path)
		for dir != "/" && !r.folders[dir].Exists {
			dir = path.Dir(dir)
		}
		if in := r.folders[f.Path]; in.Exists && in.Empty {
			dir = f.Path // the folder itself was changed, for example its owner
		}
		in := r.folders[dir]
		if !in.Empty {
			return nil, fmt.Sprintf("%s; the image has files in this folder, which a tmpfs would hide, or has no such folder", f.seen())
		}
		if !plainFolder.MatchString(dir) {
			return nil, fmt.Sprintf("%s; the name of its folder cannot be written in os.yml", f.seen())
		}
		text := fmt.Sprintf("%s:rw,nosuid,nodev,noexec,size=%s,uid=%d,gid=%d,mode=%04o", dir, tmpfsSize, in.UID, in.GID, in.Mode)
		out = append(out, memory{dir, text, f.seen()})
	}
	return out, ""
}

// binds makes a bind read-only if no file on it was changed.
func (p *proposal) binds() {
	var binds []string
	if raw, ok := p.entry["binds"]; ok && json.Unmarshal(raw, &binds) != nil {
		return
	}
	for i := range p.spec.Mounts {
		m := &p.spec.Mounts[i]
		if m.Type != "bind" || !p.written(i) || slices.Contains(m.Options, "ro") {
			continue
		}
		if slices.ContainsFunc(p.report.Files, func(f File) bool { return p.mountOf(f.Path) == m }) {
			continue
		}
		at := slices.IndexFunc(binds, func(b string) bool {
			parts := strings.Split(b, ":")
			return len(parts) >= 2 && path.Clean("/"+parts[1]) == path.Clean(m.Destination)
		})
		if at < 0 {
			p.note("no file below %s was changed, but its bind is not in the binds of os.yml and stays writable", m.Destination)
			continue
		}
		parts := strings.Split(binds[at], ":")
		options := []string{"ro"}
		if len(parts) == 3 {
			for _, o := range strings.Split(parts[2], ",") {
				if o != "rw" && o != "" {
					options = append(options, o)
				}
			}
		}
		p.add("remove", "/binds", binds[at], "no file below "+m.Destination+" was changed")
		p.add("append", "/binds", parts[0]+":"+parts[1]+":"+strings.Join(options, ","), "the same bind, read-only")
	}
}

// usual are the devices that every container has.
var usual = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts/ptmx", "/dev/console"}

// devices removes devices that were not opened.
func (p *proposal) devices() {
	var devices []map[string]any
	if raw, ok := p.entry["devices"]; ok && json.Unmarshal(raw, &devices) != nil {
		return
	}
	opened := func(name string) bool {
		return slices.ContainsFunc(p.report.Devices, func(f File) bool { return f.Path == path.Clean(name) })
	}
	keep := []any{}
	removed := []string{}
	for _, d := range devices {
		name, _ := d["path"].(string)
		if name == "all" || !opened(name) {
			removed = append(removed, name)
			continue
		}
		keep = append(keep, d)
	}
	all := slices.Contains(removed, "all")
	for _, f := range p.report.Devices {
		if slices.Contains(usual, f.Path) || strings.HasPrefix(f.Path, "/dev/pts/") {
			continue
		}
		if all && !slices.ContainsFunc(p.spec.Linux.Devices, func(d specs.LinuxDevice) bool { return path.Clean(d.Path) == f.Path }) {
			p.note("the service opened the device %s (%s) through a bind; devices: [all] stays, because no smaller entry makes this device", f.Path, f.Device)
			return
		}
	}
	if len(removed) > 0 {
		p.add("set", "/devices", keep, "not opened: "+strings.Join(removed, ", "))
	}
	p.denyDevices()
}

// denyDevices refuses all devices that the container does not list.
func (p *proposal) denyDevices() {
	if slices.ContainsFunc(p.spec.Linux.Resources.Devices, func(d specs.LinuxDeviceCgroup) bool {
		return !d.Allow && d.Type != "c" && d.Type != "b" && d.Major == nil && d.Minor == nil
	}) {
		return
	}
	var written struct{ Devices []any }
	if raw, ok := p.entry["resources"]; ok && json.Unmarshal(raw, &written) != nil {
		return
	}
	if p.component.Origins["/linux/resources"].Layer == system.LayerLabel || len(written.Devices) > 0 {
		p.note("the limits of devices stay as they are: write resources: {devices: [{allow: false, access: rwm}]} with the other limits, so that the service cannot use other devices")
		return
	}
	p.add("set", "/resources/devices", []any{map[string]any{"allow": false, "access": "rwm"}}, "no other device is opened")
}
