//go:build !unix

package kept

import "os"

// The owner of a folder is known on Unix only.
func private(string) bool  { return false }
func secret(*os.File) bool { return false }
