package recipe

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/internal/health"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
)

var (
	portRE = lazyre.New(`^[0-9]{1,5}/(tcp|udp|sctp)$`)
	envRE  = lazyre.New(`^[A-Za-z_][A-Za-z0-9_]*=`)
)

func (r *reader) user(n *yaml.Node) User {
	u := User{Pos: r.Pos(n), GID: -1, Home: "/nonexistent", Shell: "/usr/sbin/nologin"}
	r.Fields(n, "a user", map[string]func(*yaml.Node){
		"name":  func(n *yaml.Node) { u.Name = r.match(n, userRE, "user name") },
		"uid":   func(n *yaml.Node) { u.UID = r.id(n) },
		"gid":   func(n *yaml.Node) { u.GID = r.id(n) },
		"home":  func(n *yaml.Node) { u.Home = r.passwdField(n) },
		"shell": func(n *yaml.Node) { u.Shell = r.passwdField(n) },
	})
	if u.GID < 0 {
		u.GID = u.UID
	}
	if n.Kind == yaml.MappingNode && u.Name == "" && !r.Failed() {
		r.fail(n, "a user needs a name")
	}
	return u
}

func (r *reader) group(n *yaml.Node) Group {
	g := Group{Pos: r.Pos(n)}
	r.Fields(n, "a group", map[string]func(*yaml.Node){
		"name": func(n *yaml.Node) { g.Name = r.match(n, userRE, "group name") },
		"gid":  func(n *yaml.Node) { g.GID = r.id(n) },
	})
	if n.Kind == yaml.MappingNode && g.Name == "" && !r.Failed() {
		r.fail(n, "a group needs a name")
	}
	return g
}

func (r *reader) passwdField(n *yaml.Node) string {
	s := r.Text(n)
	if strings.ContainsAny(s, ":\n") || !strings.HasPrefix(s, "/") {
		r.fail(n, "%q must be an absolute path without colons", s)
		return "/"
	}
	return s
}

func (r *reader) image(n *yaml.Node) ImageConfig {
	var c ImageConfig
	list := func(p *[]string, re *lazyre.Regexp, what string) func(*yaml.Node) {
		return func(n *yaml.Node) {
			*p = r.Texts(n)
			for i, s := range *p {
				if re != nil && !re.MatchString(s) {
					r.fail(n.Content[i], "%s %q must match %s", what, s, re)
				}
			}
		}
	}
	r.Fields(n, "image", map[string]func(*yaml.Node){
		"entrypoint": list(&c.Entrypoint, nil, ""),
		"cmd":        list(&c.Cmd, nil, ""),
		"env":        list(&c.Env, envRE, "variable"),
		"ports":      list(&c.Ports, portRE, "port"),
		"user":       func(n *yaml.Node) { c.User = r.Text(n) },
		"workdir":    func(n *yaml.Node) { c.Workdir = r.passwdField(n) },
		"stopsignal": func(n *yaml.Node) { c.StopSignal = r.Text(n) },
	})
	return c
}

// labelKeys are the container keys of LinuxKit's YAML that the label may contain.
var labelKeys = strings.Fields(`capabilities ambient mounts binds devices tmpfs command env cwd net pid ipc uts userns
	hostname readonly maskedPaths readonlyPaths uid gid additionalGids noNewPrivileges oomScoreAdj
	rootfsPropagation cgroupsPath resources sysctl rlimits uidMappings gidMappings annotations runtime seccomp apparmor`)

// label reads the key config: container keys for the label org.mobyproject.config.
// Only the names of the keys are checked here: the builder of a system checks their
// values. The name of a seccomp profile is replaced when the label is made.
func (r *reader) label(n *yaml.Node) (values map[string]any, profile *Profile) {
	known := map[string]func(*yaml.Node){}
	values = map[string]any{}
	for _, k := range labelKeys {
		known[k] = func(n *yaml.Node) { values[k] = r.plain(n, 0) }
	}
	known["seccomp"] = func(n *yaml.Node) {
		name := r.source(n)
		values["seccomp"] = name
		if name != spec.SeccompDefault && name != spec.SeccompUnconfined {
			profile = &Profile{Source: name, Pos: r.Pos(n)}
		}
	}
	r.Fields(n, "config", known)
	return values, profile
}

// confine reads the limits of a confined component.
func (r *reader) confine(n *yaml.Node) *confine {
	c := &confine{}
	r.Fields(n, "confine", map[string]func(*yaml.Node){
		"pids":   func(n *yaml.Node) { c.pids = r.number(n, 1, 1<<22) },
		"memory": func(n *yaml.Node) { c.memory = r.number(n, 1, 1<<20) },
	})
	if (c.pids == 0 || c.memory == 0) && !r.Failed() {
		r.fail(n, "confine needs pids (the most processes) and memory (MiB)")
	}
	return c
}

// confine removes all rights that most components do not need. The keys of config
// then add those that this component needs.
type confine struct{ pids, memory int }

// fill adds the keys that config does not have.
func (c *confine) fill(config map[string]any) {
	for key, value := range map[string]any{
		"capabilities":    []any{},
		"readonly":        true,
		"noNewPrivileges": true,
		"seccomp":         spec.SeccompDefault,
		"ipc":             "new",
		"uts":             "new",
		"maskedPaths": []any{"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
			"/proc/scsi", "/proc/timer_list", "/sys/firmware"},
		"readonlyPaths": []any{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
		"resources": map[string]any{
			"pids":   map[string]any{"limit": c.pids},
			"memory": map[string]any{"limit": c.memory << 20},
			// Only the devices that every container has: null, zero, random, tty.
			"devices": []any{map[string]any{"allow": false, "access": "rwm"}},
		},
	} {
		if _, given := config[key]; !given {
			config[key] = value
		}
	}
}

// plain converts a node for encoding/json: maps with text keys, lists, text,
// numbers and booleans.
func (r *reader) plain(n *yaml.Node, depth int) any {
	if depth > 16 {
		r.fail(n, "the value is nested too deeply")
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode {
				r.fail(key, "a key must be text")
				continue
			}
			if _, twice := m[key.Value]; twice {
				r.fail(key, "duplicate key %q", key.Value)
			}
			m[key.Value] = r.plain(n.Content[i+1], depth+1)
		}
		return m
	case yaml.SequenceNode:
		s := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			s = append(s, r.plain(c, depth+1))
		}
		return s
	case yaml.ScalarNode:
		var v any
		if n.Tag == "!!null" || n.Decode(&v) != nil {
			r.fail(n, "must not be empty")
			return nil
		}
		switch v.(type) {
		case string, bool, int, int64, uint64:
			return v
		}
		r.fail(n, "%q must be text, a whole number or a boolean", n.Value)
		return nil
	}
	r.fail(n, "must not be %s", strictyaml.Kind(n))
	return nil
}

// health reads the checks. They become the label health.Label.
func (r *reader) health(n *yaml.Node) []health.Check {
	var all []health.Check
	r.List(n, func(n *yaml.Node) {
		var c health.Check
		text := func(p *string) func(*yaml.Node) { return func(n *yaml.Node) { *p = r.Text(n) } }
		r.Fields(n, "a check", map[string]func(*yaml.Node){
			"tcp":    func(n *yaml.Node) { c.TCP = r.number(n, 1, 65535) },
			"udp":    func(n *yaml.Node) { c.UDP = r.number(n, 1, 65535) },
			"unix":   func(n *yaml.Node) { c.Unix = "/" + r.path(n) },
			"file":   func(n *yaml.Node) { c.File = "/" + r.path(n) },
			"get":    text(&c.Get),
			"send":   text(&c.Send),
			"hex":    text(&c.Hex),
			"expect": text(&c.Expect),
		})
		if err := c.Validate(); err != nil && !r.Failed() {
			r.fail(n, "%v", err)
		}
		all = append(all, c)
	})
	return all
}
