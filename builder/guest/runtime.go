package guest

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// Limits for runtime.json. LinuxKit's own files have few entries.
const (
	maxRuntimeBytes   = 1 << 20
	maxRuntimeEntries = 256
	maxPathBytes      = 4095 // PATH_MAX - 1
	maxOptionBytes    = 4095 // the kernel takes one page of mount data
)

// Runtime is LinuxKit's runtime.json. It says what to do on the host before a
// container is created (Cgroups, Mounts, Mkdir), and between its creation and
// its start (Interfaces, BindNS).
type Runtime struct {
	Cgroups    []string    `json:"cgroups"`
	Mounts     []Mount     `json:"mounts"`
	Mkdir      []string    `json:"mkdir"`
	Interfaces []Interface `json:"interfaces"`
	BindNS     BindNS      `json:"bindNS"`
	// Namespace is containerd's namespace. Without containerd, the OCI runtime
	// keeps the container's state in a folder of this name, so that two containers
	// with the same name in two namespaces do not conflict.
	Namespace string `json:"namespace"`
}

// Mount is a mount in the OCI runtime spec's form. A Destination without a
// leading slash is relative to the container's rootfs.
type Mount struct {
	Destination string   `json:"destination"`
	Type        string   `json:"type"`
	Source      string   `json:"source"`
	Options     []string `json:"options"`
}

// Interface is a network interface that the container gets.
type Interface struct {
	// Name is the name of the interface to move or to create.
	Name string `json:"name"`
	// Add is the kind of interface to create ("veth", "wireguard", "dummy").
	// With "" and no Peer, an existing interface is moved.
	Add string `json:"add"`
	// Peer is the other end of a veth, which stays on the host. It implies Add:
	// veth.
	Peer string `json:"peer"`
	// CreateInRoot creates the interface on the host and then moves it.
	// wireguard needs this to keep its socket in the host's network.
	CreateInRoot bool `json:"createInRoot"`
}

// BindNS names, for each kind of namespace, the file where the container's
// namespace is bound. "" means none.
type BindNS struct {
	Cgroup string `json:"cgroup"`
	IPC    string `json:"ipc"`
	Mnt    string `json:"mnt"`
	Net    string `json:"net"`
	PID    string `json:"pid"`
	User   string `json:"user"`
	UTS    string `json:"uts"`
}

// ParseRuntime parses a runtime.json. Errors are: unknown keys (an unknown
// instruction must not be skipped), relative or unclean paths, names that the
// kernel does not accept, and anything over the limits. All errors are joined.
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

// kind returns the kind of interface to create, or "" to move an existing one.
func (f *Interface) kind() string {
	if f.Add == "" && f.Peer != "" {
		return "veth"
	}
	return f.Add
}

type bind struct {
	// key is the key in runtime.json, and file the file's name in /proc/PID/ns.
	key, file string
	path      string
}

// list returns the namespaces that must be bound, in a fixed order.
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

// isAbs reports whether p is a clean absolute path other than the root. A
// trailing slash is accepted, because users of LinuxKit write it.
func isAbs(p string) bool {
	return strings.HasPrefix(p, "/") && isLocal(p[1:])
}

// isLocal reports whether p is a relative path that does not leave its start
// folder.
func isLocal(p string) bool {
	p = strings.TrimSuffix(p, "/")
	return p != "" && len(p) < maxPathBytes && !strings.HasPrefix(p, "/") && path.Clean("/"+p) == "/"+p && !hasControl(p)
}

// validName accepts letters and digits, and the characters . _ - inside.
// LinuxKit and the OCI runtimes accept such names of containers.
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

// validInterface follows the kernel's dev_valid_name, but accepts only
// printable ASCII.
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
