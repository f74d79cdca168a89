package diff

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// maxSetting limits a reported value, in bytes of JSON.
const maxSetting = 200

// settings reports all other differences of two specs, including settings without a
// rule.
func (c *comparison) settings(before, now *facts.Component) {
	old, new := parts(before), parts(now)
	names := maps.Clone(old)
	maps.Copy(names, new)
	for _, at := range slices.Sorted(maps.Keys(names)) {
		if reflect.DeepEqual(old[at], new[at]) || c.mentions(at) {
			continue
		}
		c.add(Change{Direction: Changed, Area: "settings", Resource: resource(now), Message: "has another value of " + at,
			Old: setting(at, old[at]), New: setting(at, new[at]), Origin: originOf(now, at)})
	}
}

// mentions reports whether a change is about the value at this pointer or a part of
// it.
func (c *comparison) mentions(at string) bool {
	for pointer := range c.reported {
		if pointer == at || strings.HasPrefix(pointer, at+"/") {
			return true
		}
	}
	return false
}

// parts returns the values of a component's spec and of its runtime settings by
// pointer. The members of process, root, linux and linux.resources have their own
// entries.
func parts(c *facts.Component) map[string]any {
	out := map[string]any{}
	var add func(at string, v any)
	add = func(at string, v any) {
		if m, ok := v.(map[string]any); ok && slices.Contains([]string{"", "/process", "/process/user", "/root", "/linux", "/linux/resources", "/runtime"}, at) {
			for key, value := range m {
				add(at+"/"+key, value)
			}
			return
		}
		out[at] = v
	}
	var spec any
	if json.Unmarshal(c.Spec, &spec) == nil {
		add("", spec)
	}
	var runtime map[string]any
	if json.Unmarshal(c.Runtime, &runtime) == nil && runtime != nil {
		if mounts, ok := runtime["mounts"].([]any); ok {
			runtime["mounts"] = slices.DeleteFunc(mounts, ownRoot)
		}
		add("/runtime", runtime)
	}
	return out
}

// ownRoot recognizes the mount that makes a container's root file system read-only.
// The spec reports that setting, and the mount's path contains the container's name.
func ownRoot(mount any) bool {
	m, _ := mount.(map[string]any)
	at, _ := m["destination"].(string)
	return at == m["source"] && strings.HasPrefix(at, "/containers/") && strings.HasSuffix(at, "/rootfs")
}

// setting returns a value if it is short enough to read. Annotations are left out,
// because they can contain secrets.
func setting(at string, v any) any {
	raw, err := json.Marshal(v)
	if err != nil || len(raw) > maxSetting || at == "/annotations" {
		return nil
	}
	return v
}
