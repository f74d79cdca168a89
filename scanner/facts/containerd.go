package facts

// Containerd is a configuration of containerd: /etc/containerd/config.toml.
type Containerd struct {
	// Error says why the file cannot be read, "" if it can. Without it, all other
	// fields are those of an empty file.
	Error string `json:"error"`
	// Version of the file's format. Without one it is 1, in which plugins have short
	// names: "cri" instead of "io.containerd.grpc.v1.cri".
	Version int `json:"version"`
	// Disabled are the plugins that containerd does not start.
	Disabled []string `json:"disabled"`
	// Servers are the servers that containerd starts besides its own socket.
	Servers []ContainerdServer `json:"servers"`
	// Owners are settings that give a socket to another user or group than root:
	// "grpc.gid" with the value "100".
	Owners []ContainerdSetting `json:"owners"`
	// Outside are files and programs that containerd uses because of the file:
	// "imports", "plugin_dir", "proxy_plugins.NAME", "stream_processors.NAME".
	Outside []ContainerdSetting `json:"outside"`
}

// ContainerdServer is a server of containerd. Kind is the setting of its address:
// "grpc.tcp_address", "ttrpc.address", "debug.address", "metrics.address".
type ContainerdServer struct {
	Kind    string `json:"kind"`
	Address string `json:"address"`
}

// ContainerdSetting is a setting and its value.
type ContainerdSetting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}
