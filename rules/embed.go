// Package rules holds the policies of Seaworthy: one Rego package for each
// rule, with helpers, tests, tables and packs. Package policy evaluates them.
package rules

import (
	"embed"
	"io/fs"
)

//go:embed lib kernel os data packs frameworks
var files embed.FS

// FS returns the rules as a file tree. lib, kernel and os hold Rego files and
// their tests. data holds the JSON tables, each under its own top-level key.
// packs holds the lists of rule ids, and frameworks the mappings to controls.
// Stock opa loads the same folders without changes.
func FS() fs.FS { return files }
