// Package examples holds the example systems of the rules. Tests run the rules
// on them, and the page of a rule shows them.
package examples

import "embed"

//go:embed */fires.yml */silent.yml
var systems embed.FS

// System returns an example system of a rule as os.yml: a system with a
// finding, or one without. It must be merged with base.yml, a system without
// findings. It is "" if os.yml alone cannot show the example.
func System(id string, fires bool) string {
	name := "silent"
	if fires {
		name = "fires"
	}
	text, err := systems.ReadFile(id + "/" + name + ".yml")
	if err != nil {
		return ""
	}
	return string(text)
}
