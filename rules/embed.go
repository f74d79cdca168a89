// Package rules holds the policies that ship with Seaworthy: one Rego package
// per rule, the helpers and tests beside them, the tables that they read and
// the packs that group them. It evaluates nothing; package policy does.
package rules

import (
	"embed"
	"io/fs"
)

//go:embed lib kernel os data packs frameworks
var files embed.FS

// FS returns the rules as a file tree: lib, kernel and os hold Rego and its
// tests, data the JSON tables (each under a top-level key of its own), packs
// the lists of rule ids, frameworks what speaks to which control. Stock opa loads the same folders unchanged.
func FS() fs.FS { return files }
