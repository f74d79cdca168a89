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
	changes []Change
	profile []byte
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

// entry is the service's entry in os.yml.
func (t *tracer) entry() (map[string]json.RawMessage, error) {
	var e map[string]json.RawMessage
	err := json.Unmarshal(t.component.Entry, &e)
	return e, err
}

func (t *tracer) propose(r *Report) (*proposal, error) {
	entry, err := t.entry()
	if err != nil {
		return nil, err
	}
	p := &proposal{}
	add := func(op, path string, value any, reason string) {
		p.changes = append(p.changes, Change{Edit: t.edit(op, path, value), Reason: reason})
	}
	note := func(format string, args ...any) { r.Notes = append(r.Notes, fmt.Sprintf(format, args...)) }

	t.proposeCapabilities(r, entry, add)
	tmpfs, changed := t.tmpfs(r, note)
	if !t.spec.Root.Readonly {
		if more, why := t.coverRoot(r); why != "" {
			note("the root file system stays writable: %s", why)
		} else {
			reason := "no file of the root file system was changed"
			if len(more) > 0 {
				reason = "only files in these folders were changed: " + strings.Join(destinations(more), ", ")
			}
			add("set", "/readonly", true, reason)
			tmpfs, changed = append(tmpfs, more...), changed || len(more) > 0
		}
	}
	if changed {
		var list []any
		var reasons []string
		for _, m := range tmpfs {
			list = append(list, m.text)
			reasons = append(reasons, m.reason)
		}
		add("set", "/tmpfs", append([]any{}, list...), "writable folders: "+strings.Join(reasons, "; "))
	}
	t.proposeBinds(r, entry, add, note)
	t.proposeDevices(r, entry, add, note)
	before := t.spec.Linux.Seccomp
	if p.profile, err = r.profile(before); err != nil {
		return nil, err
	}
	add("set", "/seccomp", t.Service+ProfileEnding, fmt.Sprintf("%d system calls were seen; each line of the profile says where", len(r.Calls)))
	return p, nil
}

// proposeCapabilities keeps the needed ones.
func (t *tracer) proposeCapabilities(r *Report, entry map[string]json.RawMessage, add func(op, path string, value any, reason string)) {
	keep := []any{}
	var reasons []string
	for _, c := range r.Capabilities {
		if c.Needed {
			keep = append(keep, c.Name)
			reasons = append(reasons, c.Name+": "+c.Without)
		}
	}
	if len(keep) == len(r.Capabilities) {
		return
	}
	reason := "the service worked without any capability"
	if len(keep) > 0 {
		reason = "without " + strings.Join(reasons, "; without ")
	}
	if _, ok := entry["capabilities.add"]; ok {
		add("remove", "/capabilities.add", nil, "the list of capabilities is complete")
	}
	add("set", "/capabilities", keep, reason)
	if ambient := t.spec.Process.Capabilities.Ambient; len(ambient) > 0 {
		some := []any{}
		for _, c := range keep {
			if slices.Contains(ambient, c.(string)) {
				some = append(some, c)
			}
		}
		if len(some) < len(ambient) {
			add("set", "/ambient", some, "those of the list above that the service had as ambient ones")
		}
	}
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
func (t *tracer) tmpfs(r *Report, note func(string, ...any)) (out []memory, changed bool) {
	for i := range t.spec.Mounts {
		m := &t.spec.Mounts[i]
		if m.Type != "tmpfs" || m.Destination == "/dev" || !t.from(i, "tmpfs") {
			continue
		}
		text := m.Destination
		if len(m.Options) > 0 {
			text += ":" + strings.Join(m.Options, ",")
		}
		used := slices.IndexFunc(r.Files, func(f File) bool { return t.mountOf(f.Path) == m })
		if used < 0 {
			changed = true
			note("the tmpfs on %s is removed: no file on it was changed", m.Destination)
			continue
		}
		out = append(out, memory{m.Destination, text, r.Files[used].seen()})
	}
	return out, changed
}

// from reports whether a mount comes from a key of os.yml or of the label, by the
// entry of the component: mounts of other keys have the same form.
func (t *tracer) from(i int, key string) bool {
	origin, ok := t.component.Origins[fmt.Sprintf("/mounts/%d", i)]
	if !ok || origin.Layer == system.LayerDefault {
		return false
	}
	if key == "tmpfs" {
		return t.spec.Mounts[i].Source == "tmpfs"
	}
	return t.spec.Mounts[i].Type == "bind"
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
		// The highest empty folder of the image: what the service makes in it, other
		// folders too, is then on the tmpfs.
		dir := ""
		for d := path.Dir(f.Path); d != "/"; d = path.Dir(d) {
			if in := r.folders[d]; in.Exists && in.Empty {
				dir = d
				break
			} else if in.Exists {
				break
			}
		}
		if in := r.folders[f.Path]; in.Exists && in.Empty {
			dir = f.Path // the folder itself was changed, for example its owner
		}
		if dir == "" {
			return nil, fmt.Sprintf("%s; the image has files in this folder, which a tmpfs would hide, or has no such folder", f.seen())
		}
		if !plainFolder.MatchString(dir) {
			return nil, fmt.Sprintf("%s; the name of its folder cannot be written in os.yml", f.seen())
		}
		in := r.folders[dir]
		text := fmt.Sprintf("%s:rw,nosuid,nodev,noexec,size=%s,uid=%d,gid=%d,mode=%04o", dir, tmpfsSize, in.UID, in.GID, in.Mode)
		out = append(out, memory{dir, text, f.seen()})
	}
	return out, ""
}

// proposeBinds makes binds read-only on which nothing was changed.
func (t *tracer) proposeBinds(r *Report, entry map[string]json.RawMessage, add func(op, path string, value any, reason string), note func(string, ...any)) {
	var binds []string
	if raw, ok := entry["binds"]; ok && json.Unmarshal(raw, &binds) != nil {
		return
	}
	for i := range t.spec.Mounts {
		m := &t.spec.Mounts[i]
		if !t.from(i, "bind") || slices.Contains(m.Options, "ro") {
			continue
		}
		if slices.ContainsFunc(r.Files, func(f File) bool { return t.mountOf(f.Path) == m }) {
			continue
		}
		at := slices.IndexFunc(binds, func(b string) bool {
			parts := strings.Split(b, ":")
			return len(parts) >= 2 && path.Clean("/"+parts[1]) == path.Clean(m.Destination)
		})
		if at < 0 {
			note("nothing was changed below %s, but its bind is not in the binds of os.yml and stays writable", m.Destination)
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
		add("remove", "/binds", binds[at], "no file below "+m.Destination+" was changed")
		add("append", "/binds", parts[0]+":"+parts[1]+":"+strings.Join(options, ","), "the same bind, read-only")
	}
}

// usual are the devices that every container has.
var usual = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts/ptmx", "/dev/console"}

// proposeDevices removes devices that were not opened.
func (t *tracer) proposeDevices(r *Report, entry map[string]json.RawMessage, add func(op, path string, value any, reason string), note func(string, ...any)) {
	var devices []map[string]any
	if raw, ok := entry["devices"]; ok && json.Unmarshal(raw, &devices) != nil {
		return
	}
	opened := func(name string) bool {
		return slices.ContainsFunc(r.Devices, func(f File) bool { return f.Path == path.Clean(name) })
	}
	var keep []any
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
	for _, f := range r.Devices {
		if slices.Contains(usual, f.Path) || strings.HasPrefix(f.Path, "/dev/pts/") {
			continue
		}
		if all && !slices.ContainsFunc(t.spec.Linux.Devices, func(d specs.LinuxDevice) bool { return path.Clean(d.Path) == f.Path }) {
			note("the service opened the device %s (%s) through a bind; devices: [all] stays, because no smaller entry makes this device", f.Path, f.Device)
			return
		}
	}
	if len(removed) > 0 {
		add("set", "/devices", append([]any{}, keep...), "not opened: "+strings.Join(removed, ", "))
	}
	t.denyDevices(entry, add, note)
}

// denyDevices refuses all devices that the container does not list.
func (t *tracer) denyDevices(entry map[string]json.RawMessage, add func(op, path string, value any, reason string), note func(string, ...any)) {
	if slices.ContainsFunc(t.spec.Linux.Resources.Devices, func(d specs.LinuxDeviceCgroup) bool {
		return !d.Allow && d.Type != "c" && d.Type != "b" && d.Major == nil && d.Minor == nil
	}) {
		return
	}
	var written struct{ Devices []any }
	if raw, ok := entry["resources"]; ok && json.Unmarshal(raw, &written) != nil {
		return
	}
	if t.component.Origins["/linux/resources"].Layer == system.LayerLabel || len(written.Devices) > 0 {
		note("the limits of devices stay as they are: write resources: {devices: [{allow: false, access: rwm}]} with the other limits, so that the service cannot use other devices")
		return
	}
	add("set", "/resources/devices", []any{map[string]any{"allow": false, "access": "rwm"}}, "no other device is opened")
}
