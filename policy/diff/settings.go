package diff

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// maxSetting bounds a value that is told, in bytes of JSON.
const maxSetting = 200

// settings tells what else is different in two specs: no difference is silent
// because nobody has an opinion of it. What rules say of it is told with them.
func (c *comparison) settings(before, now *facts.Component) {
	old, new := parts(before), parts(now)
	names := maps.Clone(old)
	maps.Copy(names, new)
	for _, at := range slices.Sorted(maps.Keys(names)) {
		if reflect.DeepEqual(old[at], new[at]) || c.tells(at) {
			continue
		}
		c.add(Change{Direction: Changed, Area: "settings", Resource: resource(now), Message: "has another value of " + at,
			Old: setting(at, old[at]), New: setting(at, new[at]), Origin: originOf(now, at)})
	}
}

// tells: a change is about this part or something in it.
func (c *comparison) tells(at string) bool {
	for pointer := range c.told {
		if pointer == at || strings.HasPrefix(pointer, at+"/") {
			return true
		}
	}
	return false
}

// parts are the values of a component's spec and of what the runtime does for
// it, by pointer: those of process, root, linux and its resources one by one.
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

// ownRoot: the mount that makes a container's root file system read-only, which
// the spec tells, at a place that hangs on the container's name.
func ownRoot(mount any) bool {
	m, _ := mount.(map[string]any)
	at, _ := m["destination"].(string)
	return at == m["source"] && strings.HasPrefix(at, "/containers/") && strings.HasSuffix(at, "/rootfs")
}

// setting is a value that is short enough to be read. Annotations may hold
// anything, secrets too.
func setting(at string, v any) any {
	raw, err := json.Marshal(v)
	if err != nil || len(raw) > maxSetting || at == "/annotations" {
		return nil
	}
	return v
}
