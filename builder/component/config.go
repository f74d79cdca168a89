package component

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// parseConfig reads the values of an image config that specs and rules use, and
// the diff IDs of the layers.
func parseConfig(raw []byte) (*system.ImageConfig, []string, error) {
	var c struct {
		Architecture string `json:"architecture"`
		OS           string `json:"os"`
		Variant      string `json:"variant"`
		Created      string `json:"created"`
		Config       struct {
			User         string
			Env          []string
			Entrypoint   strs
			Cmd          strs
			WorkingDir   string
			StopSignal   string
			Labels       map[string]string
			ExposedPorts map[string]json.RawMessage
		} `json:"config"`
		RootFS struct {
			Type    string   `json:"type"`
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
		History []struct {
			CreatedBy string `json:"created_by"`
		} `json:"history"`
	}
	if err := decodeJSON(raw, &c); err != nil {
		return nil, nil, err
	}
	if c.RootFS.Type != "" && c.RootFS.Type != "layers" {
		return nil, nil, fmt.Errorf("rootfs has the unknown type %q", c.RootFS.Type)
	}
	out := &system.ImageConfig{
		Architecture: c.Architecture, OS: c.OS, Variant: c.Variant, Created: c.Created,
		User: c.Config.User, Env: c.Config.Env, Entrypoint: c.Config.Entrypoint, Cmd: c.Config.Cmd,
		WorkingDir: c.Config.WorkingDir, StopSignal: c.Config.StopSignal, Labels: c.Config.Labels,
		ExposedPorts: slices.Sorted(maps.Keys(c.Config.ExposedPorts)),
	}
	for _, h := range c.History {
		out.History = append(out.History, h.CreatedBy)
	}
	return out, c.RootFS.DiffIDs, nil
}

// strs is a command line in an image config. Like Docker, it accepts a string as
// a command of one word, even if it contains spaces.
type strs []string

// UnmarshalJSON reads a list or a string.
func (w *strs) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		*w = make(strs, 1)
		return json.Unmarshal(raw, &(*w)[0])
	}
	return json.Unmarshal(raw, (*[]string)(w))
}

// assume fills in the platform if the config names none, as Docker and
// containerd do. It is the platform that the index lists for the manifest, or the
// wanted one if no index chose the manifest. Rules check the programs themselves.
func assume(c *system.ImageConfig, listed *oci.Platform, noIndex bool, arch string) {
	if listed == nil && noIndex {
		listed = &oci.Platform{OS: "linux", Architecture: arch}
	}
	if listed == nil {
		return
	}
	if c.OS == "" {
		c.OS = listed.OS
	}
	if c.Architecture == "" {
		c.Architecture = listed.Architecture
	}
}
