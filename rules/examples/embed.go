// Package examples holds the systems that rules are tested on; a rule's page shows
// them as examples.
package examples

import "embed"

//go:embed */fires.yml */silent.yml
var systems embed.FS

// System gives a rule's system as os.yml, to be merged with one that is
// otherwise as it should be: one that fires it, or one that does not. It is ""
// where os.yml cannot say what the rule asks for.
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
