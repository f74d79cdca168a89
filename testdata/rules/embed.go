// Package rules holds the systems that rules are tested on; a rule's page shows
// them as examples.
package rules

import "embed"

//go:embed */fires.yml */silent.yml
var systems embed.FS

// Example gives a rule's system as os.yml, to be merged with one that is
// otherwise as it should be: one that fires it, or one that does not. It is ""
// where os.yml cannot say what the rule asks for.
func Example(id string, fires bool) string {
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
