package spec

import (
	"path"
	"slices"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// ID is a user or group id: a number, or the name of a container, which means
// the id of that container. The names root and "" mean 0.
type ID struct {
	Name   string
	Number uint32
}

func (id *ID) fromNode(d *decoder, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		switch n.ShortTag() {
		case "!!int":
			number, err := strconv.ParseUint(plainInt(n.Value), 0, 32)
			// The kernel reads 2^32-1 as "no change".
			if err != nil || number == 1<<32-1 {
				d.errorf(n, "", "id %s is not between 0 and 4294967294", n.Value)
				return
			}
			id.Number = uint32(number)
			return
		case "!!str":
			if n.Value != "root" {
				id.Name = n.Value
			}
			return
		}
	}
	d.errorf(n, "", "expected a number or the name of a container, found %s", describe(n))
}

// Mode is a file mode with setuid, setgid and sticky bit.
type Mode uint32

var octal = lazyre.New(`^0*[0-7]{1,4}$`)

func (m *Mode) fromNode(d *decoder, n *yaml.Node) {
	*m = Mode(modeOf(d, n))
}

// modeOf reads octal digits from text. An unquoted 0644 is a number in YAML,
// and its value depends on the YAML version.
func modeOf(d *decoder, n *yaml.Node) uint32 {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		d.errorf(n, `put it in quotes: "`+n.Value+`"`, "mode %s is a number: expected octal digits as text", n.Value)
		return 0
	}
	text, ok := d.text(n)
	if !ok {
		return 0
	}
	if len(text) > 8 || !octal.MatchString(text) {
		d.errorf(n, `write up to four octal digits: "0644"`, "mode %q is not an octal number", text)
		return 0
	}
	mode, _ := strconv.ParseUint(text, 8, 32) // cannot fail: checked above
	return uint32(mode)
}

// InnerPath is the path of a file in an image, clean and without a leading
// slash. It is "" if the value is "" or "none".
type InnerPath string

func (p *InnerPath) fromNode(d *decoder, n *yaml.Node) {
	text, ok := d.text(n)
	if !ok || text == "" || text == "none" {
		return
	}
	clean := path.Clean(strings.TrimPrefix(text, "/"))
	if climbs(text) || clean == "." || clean == "/" {
		d.errorf(n, "write the path of a file in the image", "path %q is outside the image", text)
		return
	}
	*p = InnerPath(clean)
}

// climbs reports whether a path has a `..` element.
func climbs(p string) bool {
	return slices.Contains(strings.Split(p, "/"), "..")
}

// Namespace says which namespace a container uses: "" (not set), "host", "new",
// "none" (network only), "auto" (users only: new, with ids that no other container
// has) or the absolute path of a namespace.
type Namespace string

// AutoUsers is the value of userns that gives a container its own range of ids.
const AutoUsers Namespace = "auto"

func (ns *Namespace) fromNode(d *decoder, n *yaml.Node) {
	text, ok := d.text(n)
	key := ""
	if len(d.path) > 0 {
		key = d.path[len(d.path)-1]
	}
	switch {
	case !ok:
	case text == "root":
		text = "host"
	case text == "", text == "host", text == "new", text == "none" && key == "net", text == string(AutoUsers) && key == "userns":
	case strings.HasPrefix(text, "/") && path.Clean(text) == text && text != "/":
	default:
		want := "host, new or the absolute path of a namespace"
		switch key {
		case "net":
			want = "host, new, none or the absolute path of a namespace"
		case "userns":
			want = "host, new, auto or the absolute path of a namespace"
		}
		d.errorf(n, "", "%s: unknown value %q: expected %s", key, text, want)
	}
	*ns = Namespace(text)
}

// HostPath is an absolute path without `.`, `..` or `//`.
type HostPath string

func (p *HostPath) fromNode(d *decoder, n *yaml.Node) {
	if text, ok := d.text(n); ok {
		checkHostPath(d, n, "path", text)
		*p = HostPath(text)
	}
}

// Folder is like HostPath, but may be "".
type Folder string

func (p *Folder) fromNode(d *decoder, n *yaml.Node) {
	if text, ok := d.text(n); ok && text != "" {
		checkHostPath(d, n, "path", text)
		*p = Folder(text)
	}
}

// Propagation is a mount propagation.
type Propagation string

func (p *Propagation) fromNode(d *decoder, n *yaml.Node) {
	text, ok := d.text(n)
	known := []string{"private", "rprivate", "rshared", "rslave", "runbindable", "shared", "slave", "unbindable"}
	if ok && text != "" && !slices.Contains(known, text) {
		d.errorf(n, "use one of: "+strings.Join(known, ", "), "unknown propagation %q", text)
	}
	*p = Propagation(text)
}

// Rlimit is a resource limit, written `nofile,100,200` (soft, hard) with
// `unlimited` for no limit.
type Rlimit struct{ specs.POSIXRlimit }

var rlimitNames = []string{
	"AS", "CORE", "CPU", "DATA", "FSIZE", "LOCKS", "MEMLOCK", "MSGQUEUE", "NICE",
	"NOFILE", "NPROC", "RSS", "RTPRIO", "RTTIME", "SIGPENDING", "STACK",
}

func (r *Rlimit) fromNode(d *decoder, n *yaml.Node) {
	text, ok := d.text(n)
	if !ok {
		return
	}
	parts := strings.Split(text, ",")
	if len(parts) != 3 {
		d.errorf(n, "write NAME,SOFT,HARD: nofile,100,200", "rlimit %q has %s, expected 3", text, words.Count(len(parts), "part", "parts"))
		return
	}
	name := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(parts[0])), "RLIMIT_")
	if !slices.Contains(rlimitNames, name) {
		d.errorf(n, "use one of: "+strings.ToLower(strings.Join(rlimitNames, ", ")), "rlimit %q: unknown limit %q", text, parts[0])
		return
	}
	r.Type = "RLIMIT_" + name
	for i, to := range []*uint64{&r.Soft, &r.Hard} {
		part := strings.ToLower(strings.TrimSpace(parts[i+1]))
		if part == "unlimited" {
			*to = 1<<64 - 1
			continue
		}
		limit, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			d.errorf(n, "write a number, or unlimited", "rlimit %q: %q is not a number", text, part)
			return
		}
		*to = limit
	}
	if r.Soft > r.Hard {
		d.errorf(n, "lower the soft limit, or raise the hard limit", "rlimit %q: the soft limit is above the hard limit", text)
	}
}
