package guest

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// Limits on runtime.json. LinuxKit's own files have a handful of entries.
const (
	maxRuntimeBytes   = 1 << 20
	maxRuntimeEntries = 256
	maxPathBytes      = 4095 // PATH_MAX - 1
	maxOptionBytes    = 4095 // the kernel takes one page of mount data
)

// Runtime is LinuxKit's runtime.json: what is to be done on the host before a
// container is created (Cgroups, Mounts, Mkdir) and between its creation and
// its start (Interfaces, BindNS).
type Runtime struct {
	Cgroups    []string    `json:"cgroups"`
	Mounts     []Mount     `json:"mounts"`
	Mkdir      []string    `json:"mkdir"`
	Interfaces []Interface `json:"interfaces"`
	BindNS     BindNS      `json:"bindNS"`
	// Namespace is containerd's in LinuxKit. There is no containerd here; it
	// becomes the directory in which the OCI runtime keeps the container's
	// state, so that two containers of one name in two namespaces stay apart.
	Namespace string `json:"namespace"`
}

// Mount is a mount in the OCI runtime spec's form. A Destination without a
// leading slash lies in the container's rootfs.
type Mount struct {
	Destination string   `json:"destination"`
	Type        string   `json:"type"`
	Source      string   `json:"source"`
	Options     []string `json:"options"`
}

// Interface is a network interface that the container gets.
type Interface struct {
	// Name of the interface to move or to create.
	Name string `json:"name"`
	// Add is the kind to create ("veth", "wireguard", "dummy"); "" moves an
	// interface that exists, unless there is a Peer.
	Add string `json:"add"`
	// Peer is the other end of a veth; it stays on the host. It implies Add:
	// veth.
	Peer string `json:"peer"`
	// CreateInRoot creates the interface on the host and then moves it, as
	// wireguard needs to keep its socket on the host's network.
	CreateInRoot bool `json:"createInRoot"`
}

// BindNS names, per kind of namespace, the file to which the container's
// namespace is bound; "" for none.
type BindNS struct {
	Cgroup string `json:"cgroup"`
	IPC    string `json:"ipc"`
	Mnt    string `json:"mnt"`
	Net    string `json:"net"`
	PID    string `json:"pid"`
	User   string `json:"user"`
	UTS    string `json:"uts"`
}

// ParseRuntime reads a runtime.json. It refuses unknown keys (an instruction
// that is not understood must not be skipped), relative or unclean paths,
// names that the kernel would refuse, and anything over its limits; all
// complaints come joined.
func ParseRuntime(data []byte) (*Runtime, error) {
	if len(data) > maxRuntimeBytes {
		return nil, fmt.Errorf("runtime.json: %d bytes, more than %d", len(data), maxRuntimeBytes)
	}
	var r Runtime
	if err := strictjson.DecodeKnown(data, &r); err != nil {
		return nil, fmt.Errorf("runtime.json: %w", err)
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return &r, nil
}

func (r *Runtime) check() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("runtime.json: "+format, args...))
	}
	for key, n := range map[string]int{"cgroups": len(r.Cgroups), "mounts": len(r.Mounts), "mkdir": len(r.Mkdir), "interfaces": len(r.Interfaces)} {
		if n > maxRuntimeEntries {
			return fmt.Errorf("runtime.json: %s: %d entries, more than %d", key, n, maxRuntimeEntries)
		}
	}
	for i, c := range r.Cgroups {
		if !isLocal(strings.TrimPrefix(c, "/")) {
			bad("cgroups[%d]: bad name %q", i, c)
		}
	}
	for i, d := range r.Mkdir {
		if !isAbs(d) {
			bad("mkdir[%d]: not a clean absolute path: %q", i, d)
		}
	}
	for i, m := range r.Mounts {
		if err := m.check(); err != nil {
			bad("mounts[%d]: %w", i, err)
		}
	}
	for i, f := range r.Interfaces {
		if err := f.check(); err != nil {
			bad("interfaces[%d]: %w", i, err)
		}
	}
	for _, b := range r.BindNS.list() {
		if !isAbs(b.path) {
			bad("bindNS.%s: not a clean absolute path: %q", b.key, b.path)
		}
	}
	if n := r.Namespace; n != "" && !validName(n) {
		bad("namespace: bad name %q", n)
	}
	return errors.Join(errs...)
}

func (m *Mount) check() error {
	if !isAbs(m.Destination) && !isLocal(m.Destination) {
		return fmt.Errorf("destination is not a clean path: %q", m.Destination)
	}
	if hasControl(m.Type) || len(m.Type) > 64 {
		return fmt.Errorf("bad type %q", m.Type)
	}
	if hasControl(m.Source) || len(m.Source) > maxPathBytes {
		return fmt.Errorf("bad source %q", m.Source)
	}
	n := 0
	for _, o := range m.Options {
		if hasControl(o) {
			return fmt.Errorf("bad option %q", o)
		}
		n += len(o) + 1
	}
	if n > maxOptionBytes {
		return fmt.Errorf("options take %d bytes, more than %d", n, maxOptionBytes)
	}
	return nil
}

func (f *Interface) check() error {
	if !validInterface(f.Name) {
		return fmt.Errorf("bad interface name %q", f.Name)
	}
	if f.Peer != "" && !validInterface(f.Peer) {
		return fmt.Errorf("bad peer name %q", f.Peer)
	}
	if f.Peer == f.Name {
		return fmt.Errorf("interface %q is its own peer", f.Name)
	}
	if f.Add != "" && !validName(f.Add) {
		return fmt.Errorf("bad kind %q", f.Add)
	}
	kind := f.kind()
	if f.Peer != "" && kind != "veth" {
		return fmt.Errorf("interface %q: only veth has a peer, not %s", f.Name, kind)
	}
	if kind == "veth" && f.Peer == "" {
		return fmt.Errorf("interface %q: veth needs a peer", f.Name)
	}
	return nil
}

// kind is the kind to create, "" to move an interface that exists.
func (f *Interface) kind() string {
	if f.Add == "" && f.Peer != "" {
		return "veth"
	}
	return f.Add
}

type bind struct {
	// key in runtime.json, and the file's name in /proc/PID/ns.
	key, file string
	path      string
}

// list gives the namespaces that are to be bound, in a fixed order.
func (b *BindNS) list() []bind {
	all := []bind{
		{"cgroup", "cgroup", b.Cgroup}, {"ipc", "ipc", b.IPC}, {"mnt", "mnt", b.Mnt}, {"net", "net", b.Net},
		{"pid", "pid", b.PID}, {"user", "user", b.User}, {"uts", "uts", b.UTS},
	}
	var out []bind
	for _, x := range all {
		if x.path != "" {
			out = append(out, x)
		}
	}
	return out
}

// isAbs: p is an absolute path in its shortest form, not the root itself (a
// trailing slash is let pass, since LinuxKit's users write it).
func isAbs(p string) bool {
	return strings.HasPrefix(p, "/") && isLocal(p[1:])
}

// isLocal: p is a relative path that stays below where it starts.
func isLocal(p string) bool {
	p = strings.TrimSuffix(p, "/")
	return p != "" && len(p) < maxPathBytes && !strings.HasPrefix(p, "/") && path.Clean("/"+p) == "/"+p && !hasControl(p)
}

// validName: letters, digits, and . _ - inside: what LinuxKit allows for the
// names of containers, and what the OCI runtimes take.
func validName(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i, c := range []byte(s) {
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return true
}

// validInterface follows the kernel's dev_valid_name, and allows printable
// ASCII only.
func validInterface(s string) bool {
	if s == "" || len(s) > 15 || s == "." || s == ".." {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || c == '/' || c == ':' || c == '%' {
			return false
		}
	}
	return true
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
