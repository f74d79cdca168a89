//go:build !linux

package verify

import "os"

// hasCapabilities is false: only Linux has file capabilities.
func hasCapabilities(*os.File) bool { return false }
