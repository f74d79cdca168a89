package files

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// containerdConfig is the file that containerd reads.
const containerdConfig = "/etc/containerd/config.toml"

// maxContainerd is the largest size of that file. Usual ones have a few kilobytes.
// The limit also bounds how deep values can be nested.
const maxContainerd = 128 << 10

// containerd reads the settings of containerd.
func (s *Sink) containerd() error {
	text, ok, err := s.read(containerdConfig)
	if err == nil && ok {
		s.inv.Containerd = Containerd(containerdConfig, text)
	}
	return err
}

// Containerd reads a file that is written to p, nil if containerd does not read it.
func Containerd(p, text string) *facts.Containerd {
	if path.Clean(p) != containerdConfig {
		return nil
	}
	out := &facts.Containerd{Version: 1, Disabled: []string{}, Servers: []facts.ContainerdServer{}, Owners: []facts.ContainerdSetting{}, Outside: []facts.ContainerdSetting{}}
	if len(text) > maxContainerd {
		out.Error = fmt.Sprintf("it has %d bytes; the limit is %d bytes", len(text), maxContainerd)
		return out
	}
	var c containerdSettings
	if _, err := toml.Decode(text, &c); err != nil {
		out.Error = strings.ToValidUTF8(err.Error(), "?")
		return out
	}
	c.into(out)
	return out
}

// containerdSettings are the settings in the file that rules check. containerd
// ignores the others, or they do not change who controls it.
type containerdSettings struct {
	Version  int64    `toml:"version"`
	Disabled []string `toml:"disabled_plugins"`
	Imports  []string `toml:"imports"`
	Plugins  string   `toml:"plugin_dir"`
	GRPC     struct {
		TCP string `toml:"tcp_address"`
		UID int64  `toml:"uid"`
		GID int64  `toml:"gid"`
	} `toml:"grpc"`
	TTRPC   containerdSocket `toml:"ttrpc"`
	Debug   containerdSocket `toml:"debug"`
	Metrics struct {
		Address string `toml:"address"`
	} `toml:"metrics"`
	Proxies map[string]struct {
		Address string `toml:"address"`
	} `toml:"proxy_plugins"`
	Processors map[string]struct {
		Path string `toml:"path"`
	} `toml:"stream_processors"`
}

type containerdSocket struct {
	Address string `toml:"address"`
	UID     int64  `toml:"uid"`
	GID     int64  `toml:"gid"`
}

func (c *containerdSettings) into(out *facts.Containerd) {
	if c.Version > 1 && c.Version < 1000 {
		out.Version = int(c.Version)
	}
	out.Disabled = append(out.Disabled, c.Disabled...)
	slices.Sort(out.Disabled)
	for _, s := range []facts.ContainerdServer{
		{Kind: "grpc.tcp_address", Address: c.GRPC.TCP}, {Kind: "ttrpc.address", Address: c.TTRPC.Address},
		{Kind: "debug.address", Address: c.Debug.Address}, {Kind: "metrics.address", Address: c.Metrics.Address},
	} {
		if s.Address != "" {
			out.Servers = append(out.Servers, s)
		}
	}
	for _, id := range []struct {
		key   string
		value int64
	}{
		{"grpc.uid", c.GRPC.UID}, {"grpc.gid", c.GRPC.GID}, {"ttrpc.uid", c.TTRPC.UID}, {"ttrpc.gid", c.TTRPC.GID},
		{"debug.uid", c.Debug.UID}, {"debug.gid", c.Debug.GID},
	} {
		if id.value != 0 {
			out.Owners = append(out.Owners, facts.ContainerdSetting{Key: id.key, Value: fmt.Sprint(id.value)})
		}
	}
	for _, i := range c.Imports {
		out.Outside = append(out.Outside, facts.ContainerdSetting{Key: "imports", Value: i})
	}
	if c.Plugins != "" {
		out.Outside = append(out.Outside, facts.ContainerdSetting{Key: "plugin_dir", Value: c.Plugins})
	}
	for name, p := range c.Proxies {
		out.Outside = append(out.Outside, facts.ContainerdSetting{Key: "proxy_plugins." + name, Value: p.Address})
	}
	for name, p := range c.Processors {
		out.Outside = append(out.Outside, facts.ContainerdSetting{Key: "stream_processors." + name, Value: p.Path})
	}
	slices.SortFunc(out.Outside, func(a, b facts.ContainerdSetting) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Value, b.Value))
	})
}
