package fromimage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// mount is a mount in runtime.json.
type mount struct {
	Destination string   `json:"destination"`
	Type        string   `json:"type"`
	Source      string   `json:"source"`
	Options     []string `json:"options"`
}

// ownMounts marks the mounts with which init makes the root of a container. Builders
// write them into each runtime.json, and they say nothing about os.yml.
func ownMounts(c *system.Component) error {
	var runtime struct {
		Mounts []mount `json:"mounts"`
	}
	if err := json.Unmarshal(c.Runtime, &runtime); err != nil {
		return system.Unusable("/%s/runtime.json", c.Dir).Because(err).Suggest("do not boot this image")
	}
	for i, m := range runtime.Mounts {
		if isOwn(m, "/"+c.Dir, "/"+c.FilesDir) {
			c.Origins[fmt.Sprintf("runtime:/mounts/%d", i)] = system.Origin{Layer: system.LayerDefault}
		}
	}
	return nil
}

// isOwn: the mount makes the root in dir from the folder files, and nothing else.
func isOwn(m mount, dir, files string) bool {
	root, tmp := dir+"/rootfs", dir+"/tmp"
	switch m.Destination {
	case tmp:
		return m.Type == "tmpfs" || m.Type == "" && !slices.ContainsFunc(m.Options, func(o string) bool { return o != "remount" && o != "private" })
	case root:
		if m.Type == "overlay" {
			return !slices.ContainsFunc(m.Options, func(o string) bool {
				name, path, _ := strings.Cut(o, "=")
				return !(name == "lowerdir" && path == files || (name == "upperdir" || name == "workdir") && strings.HasPrefix(path, tmp+"/") && !strings.Contains(path, ".."))
			})
		}
		return (m.Type == "" || m.Type == "bind") && m.Source == files && slices.Equal(m.Options, []string{"bind"})
	}
	return false
}
