//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// maxSpecBytes is the size limit of config.json, as in PID 1.
const maxSpecBytes = 8 << 20

// readSpec reads the config.json of a bundle. In the result, the paths that are
// relative to the bundle are absolute: containerd makes a bundle of its own, with
// only this file in it. All else is as in the file.
func readSpec(file, bundle string) ([]byte, error) {
	data, err := bounded.ReadFile(file, maxSpecBytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if bundle, err = filepath.Abs(bundle); err != nil {
		return nil, err
	}
	if data, err = absolute(data, bundle); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return data, nil
}

// absolute makes the path of the root file system and the sources of bind mounts
// absolute. It changes only these values, so the result has every other key of the
// file, known to this program or not.
func absolute(data []byte, bundle string) ([]byte, error) {
	if err := strictjson.Check(data); err != nil {
		return nil, err
	}
	spec, err := object(data)
	if err != nil {
		return nil, err
	}
	root, err := object(spec["root"])
	if err != nil {
		return nil, fmt.Errorf("root: %w", err)
	}
	var path string
	if err := json.Unmarshal(root["path"], &path); err != nil || path == "" {
		return nil, errors.New("root: it has no path")
	}
	if err := set(root, "path", within(bundle, path)); err != nil {
		return nil, err
	}
	if err := set(spec, "root", root); err != nil {
		return nil, err
	}
	if len(spec["mounts"]) == 0 {
		return json.Marshal(spec)
	}
	var mounts []json.RawMessage
	if err := json.Unmarshal(spec["mounts"], &mounts); err != nil {
		return nil, fmt.Errorf("mounts: %w", err)
	}
	for i, m := range mounts {
		if mounts[i], err = absoluteMount(m, bundle); err != nil {
			return nil, fmt.Errorf("mounts[%d]: %w", i, err)
		}
	}
	if err := set(spec, "mounts", mounts); err != nil {
		return nil, err
	}
	return json.Marshal(spec)
}

// rootOf returns the user and the group on the host that are root of the container: 0
// without mappings.
func rootOf(data []byte) (user, group uint32, err error) {
	type mappings []struct{ ContainerID, HostID uint32 }
	var read struct {
		Linux struct{ UIDMappings, GIDMappings mappings }
	}
	if err := json.Unmarshal(data, &read); err != nil {
		return 0, 0, err
	}
	root := func(all mappings) uint32 {
		for _, m := range all {
			if m.ContainerID == 0 {
				return m.HostID
			}
		}
		return 0
	}
	return root(read.Linux.UIDMappings), root(read.Linux.GIDMappings), nil
}

func absoluteMount(data json.RawMessage, bundle string) (json.RawMessage, error) {
	m, err := object(data)
	if err != nil {
		return nil, err
	}
	var read struct {
		Type    string   `json:"type"`
		Source  string   `json:"source"`
		Options []string `json:"options"`
	}
	if err := json.Unmarshal(data, &read); err != nil {
		return nil, err
	}
	bind := read.Type == "bind" || slices.Contains(read.Options, "bind") || slices.Contains(read.Options, "rbind")
	if !bind || read.Source == "" || filepath.IsAbs(read.Source) {
		return data, nil
	}
	if err := set(m, "source", within(bundle, read.Source)); err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

func within(bundle, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(bundle, path)
}

func object(data json.RawMessage) (map[string]json.RawMessage, error) {
	if len(data) == 0 {
		return nil, errors.New("it is missing")
	}
	// containerd ignores the case of names: Path would replace path.
	if err := strictjson.CheckNames(data); err != nil {
		return nil, err
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errors.New("it is not an object")
	}
	return m, nil
}

func set(m map[string]json.RawMessage, key string, value any) error {
	data, err := json.Marshal(value)
	if err == nil {
		m[key] = data
	}
	return err
}
