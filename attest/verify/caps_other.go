//go:build !linux

package verify

import "os"

// hasCapabilities: only Linux has them.
func hasCapabilities(*os.File) bool { return false }
