//go:build linux

package metadata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/ssh"

	"github.com/seaworthy-os/seaworthy/components/hostname"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// Limits for what a provider sends. Clouds allow user data of 16 KiB to 256 KiB.
const (
	maxUserData = 1 << 20
	maxMetaData = 1 << 20
	maxKeys     = 256
)

// Settings are those of one machine. Nothing in them is trusted before it has passed
// the checks of the functions that fill them.
type Settings struct {
	Provider, InstanceID, Hostname string
	// Keys are lines of authorized_keys, without options.
	Keys []string
	// UserData is what the owner of the machine gave the provider, unchanged. nil
	// means that there is none.
	UserData []byte
	// Problems are parts that were left out, with the reason.
	Problems []string
}

func (s *Settings) problem(format string, args ...any) {
	s.Problems = append(s.Problems, fmt.Sprintf(format, args...))
}

// setHostname takes a host name, if it is one. A provider may send a name with a dot at its end.
func (s *Settings) setHostname(name string) {
	name = strings.TrimSuffix(strings.TrimSpace(name), ".")
	switch {
	case name == "":
	case len(name) > 64 && hostname.Valid(strings.Split(name, ".")[0]):
		s.Hostname = strings.Split(name, ".")[0] // the kernel takes 64 characters
	case !hostname.Valid(name):
		s.problem("host name %.80q is not valid", name)
	default:
		s.Hostname = name
	}
}

var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

func (s *Settings) setInstanceID(id string) {
	id = strings.TrimSpace(id)
	switch {
	case id == "":
	case !validID.MatchString(id):
		s.problem("instance id %.80q is not valid", id)
	default:
		s.InstanceID = id
	}
}

// addKey takes one line of authorized_keys. Its options are left out: one could name a
// program, or another environment.
func (s *Settings) addKey(line string) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return
	}
	key, comment, options, rest, err := ssh.ParseAuthorizedKey([]byte(line))
	switch {
	case err != nil || len(rest) > 0:
		s.problem("%.60q is not an SSH key", line)
	case len(options) > 0:
		s.problem("an SSH key with options (%.60q) was left out", strings.Join(options, ","))
	case len(s.Keys) >= maxKeys:
		s.problem("more than %d SSH keys", maxKeys)
	default:
		text := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
		if comment = clean(comment); comment != "" {
			text += " " + comment
		}
		if !slices.Contains(s.Keys, text) {
			s.Keys = append(s.Keys, text)
		}
	}
}

// clean keeps the printable characters of a comment.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), 128)]
}

func (s *Settings) setUserData(b []byte) {
	switch {
	case len(b) > maxUserData:
		s.problem("user data of more than %d bytes", maxUserData)
	case len(b) > 0:
		s.UserData = b
	}
}

// keyList is a list of keys that may also be one text, or a map from names to keys, as in
// NoCloud, EC2 and OpenStack.
type keyList []string

func (k *keyList) set(v any) {
	switch v := v.(type) {
	case string:
		*k = append(*k, strings.Split(v, "\n")...)
	case []any:
		for _, x := range v {
			k.set(x)
		}
	case map[string]any:
		for _, name := range sorted(v) {
			k.set(v[name])
		}
	}
}

func sorted(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// metaData reads a map of JSON or YAML: instance-id, local-hostname and public-keys of
// NoCloud, or uuid, hostname and public_keys of OpenStack.
func (s *Settings) metaData(data []byte, id, name, keys string) error {
	m, err := decode(data)
	if err != nil {
		return err
	}
	if v, ok := m[id]; ok {
		s.setInstanceID(fmt.Sprint(v))
	}
	if v, ok := m[name].(string); ok {
		s.setHostname(v)
	}
	var list keyList
	list.set(m[keys])
	for _, k := range list {
		s.addKey(k)
	}
	return nil
}

// decode reads a map. YAML's aliases are refused: a few of them can make a very large
// document.
func decode(data []byte) (map[string]any, error) {
	if len(data) > maxMetaData {
		return nil, fmt.Errorf("more than %d bytes", maxMetaData)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	var m map[string]any
	if t := bytes.TrimSpace(data); len(t) > 0 && t[0] == '{' {
		dec := json.NewDecoder(bytes.NewReader(t))
		dec.UseNumber()
		if err := dec.Decode(&m); err == nil {
			return m, nil
		}
	}
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err != nil {
		return nil, fmt.Errorf("neither JSON nor YAML: %w", err)
	}
	if err := plain(&n, 0); err != nil {
		return nil, err
	}
	if err := n.Decode(&m); err != nil {
		return nil, fmt.Errorf("not a map: %w", err)
	}
	return m, nil
}

// plain refuses aliases and deep nesting.
func plain(n *yaml.Node, depth int) error {
	if n.Kind == yaml.AliasNode || depth > 20 {
		return fmt.Errorf("line %d: YAML aliases and deep nesting are not read", n.Line)
	}
	for _, c := range n.Content {
		if err := plain(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// write writes the settings below dir: provider, instance-id, hostname,
// ssh/authorized_keys and userdata. What is not there is removed: it is from another
// machine, if dir is on a disk. group lets the group of this process read userdata.
func (s *Settings) write(dir string, group bool) error {
	keys := strings.Join(s.Keys, "\n")
	secret := os.FileMode(0o400)
	if group {
		secret = 0o440
	}
	var errs []error
	for _, f := range []struct {
		name string
		mode os.FileMode
		data string
	}{
		{"provider", 0o444, s.Provider}, {"instance-id", 0o444, s.InstanceID}, {"hostname", 0o444, s.Hostname},
		{"ssh/authorized_keys", 0o444, keys}, {"userdata", secret, string(s.UserData)},
	} {
		path := filepath.Join(dir, f.name)
		if f.data == "" {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
			continue
		}
		if f.name != "userdata" {
			f.data += "\n"
		}
		errs = append(errs, write(path, []byte(f.data), f.mode))
	}
	return errors.Join(errs...)
}

func write(path string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, data, mode)
}
