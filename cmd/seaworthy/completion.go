package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/report"
)

// Shells call the program again to complete a word. Completion reads only what is
// built in: pressing a key must not evaluate a folder of rules, or contact a registry.

// addCompletion completes the values of flags, and the arguments, of cmd and of all
// its subcommands.
func addCompletion(cmd *cobra.Command) {
	severities := []string{"low", "medium", "high", "critical"}
	for name, complete := range map[string]cobra.CompletionFunc{
		"arch":      oneOf(builder.Architectures()),
		"fail-on":   oneOf(append(severities, policy.FailOnNone)),
		"format":    commaList(image.Formats()),
		"framework": completeFrameworks,
		"pack":      oneOf(decision.Packs()),
		"policy":    oneOfOrFiles(decision.Packs()),
		"report":    oneOf(reportFormats(cmd)),
		"severity":  oneOf(severities),
	} {
		if cmd.Flags().Lookup(name) == nil {
			continue
		}
		if cmd.CommandPath() == "seaworthy diff" && name == "fail-on" {
			complete = oneOf([]string{"weaker", policy.FailOnNone})
		}
		// It fails only for a flag that does not exist or has a completion.
		_ = cmd.RegisterFlagCompletionFunc(name, complete)
	}
	if name := "output-dir"; cmd.Flags().Lookup(name) != nil {
		_ = cmd.MarkFlagDirname(name)
	}
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = arguments(cmd)
	}
	for _, sub := range cmd.Commands() {
		addCompletion(sub)
	}
}

// reportFormats are the values of --report for a verb.
func reportFormats(cmd *cobra.Command) []string {
	switch f := cmd.Flags().Lookup("report"); {
	case f != nil && strings.Contains(f.Usage, cli.TextOrJSONUsage):
		return []string{"text", "json"}
	case cmd.Name() == "diff":
		return report.DiffFormats()
	}
	return report.Formats()
}

// arguments completes the arguments of a verb, which its usage line names.
func arguments(cmd *cobra.Command) cobra.CompletionFunc {
	switch _, args, _ := strings.Cut(cmd.Use, " "); {
	case strings.HasPrefix(args, "RULE"):
		return func(c *cobra.Command, given []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(given) == 0 {
				return completeRules(c, given, word)
			}
			return yamlFiles(c, given, word)
		}
	case strings.Contains(args, "OS.yml"):
		return yamlFiles
	case cmd.Name() == "frameworks":
		return func(c *cobra.Command, given []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(given) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeFrameworks(c, given, word)
		}
	case args == "":
		return cobra.NoFileCompletions
	}
	return nil
}

func yamlFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yml", "yaml"}, cobra.ShellCompDirectiveFilterFileExt
}

// oneOf completes one of a few words.
func oneOf(list []string) cobra.CompletionFunc {
	return cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)
}

// oneOfOrFiles completes one of a few words, else a file name.
func oneOfOrFiles(list []string) cobra.CompletionFunc {
	return cobra.FixedCompletions(list, cobra.ShellCompDirectiveDefault)
}

// commaList completes the last word of a list with commas. It offers no word twice.
func commaList(list []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		given, begun := "", word
		if i := strings.LastIndexByte(word, ',') + 1; i > 0 {
			given, begun = word[:i], word[i:]
		}
		var out []string
		for _, w := range list {
			if strings.HasPrefix(w, begun) && !slices.Contains(strings.Split(given, ","), w) {
				out = append(out, given+w)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// completeRules completes the id of a built-in rule, in any letter case, with its
// title.
func completeRules(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	infos, err := policy.Rules(cmd.Context(), policy.Options{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var out []string
	for _, r := range infos {
		if strings.HasPrefix(r.ID, strings.ToUpper(word)) {
			out = append(out, cobra.CompletionWithDesc(r.ID, r.Title))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeFrameworks completes the name of a built-in catalogue of controls.
func completeFrameworks(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	all, err := policy.Frameworks(cmd.Context(), policy.Options{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var out []string
	for _, f := range all {
		out = append(out, cobra.CompletionWithDesc(f.ID, f.Title))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
