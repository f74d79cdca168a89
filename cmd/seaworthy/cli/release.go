package cli

import (
	"fmt"
	"os"
	"runtime/debug"
)

// release is set by the Makefile. Without it, version uses the module version.
var release string

// Version is the version of the program.
func Version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// build distinguishes programs of the same version, as developers build them. It
// returns size and time of the running file.
func build() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano())
}
