package component

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// parseConfig reads what specs and rules use of an image config, and the diff
// IDs of the layers.
func parseConfig(raw []byte) (*system.ImageConfig, []string, error) {
	var c struct {
		Architecture string `json:"architecture"`
		OS           string `json:"os"`
		Variant      string `json:"variant"`
		Created      string `json:"created"`
		Config       struct {
			User         string
			Env          []string
			Entrypoint   []string
			Cmd          []string
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
		return nil, nil, fmt.Errorf("rootfs of type %q", c.RootFS.Type)
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
