//go:build !unix

package kept

import "os"

// Who may write to a folder is known on Unix alone.
func private(string) bool  { return false }
func secret(*os.File) bool { return false }
