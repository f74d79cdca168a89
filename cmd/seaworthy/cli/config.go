package cli

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/settings"
)

// ApplyConfig sets the flags that were not given, first from SEAWORTHY_* in the
// environment, then from .seaworthy.yaml.
func ApplyConfig(cmd *cobra.Command) error {
	var errs []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name, given := "SEAWORTHY_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")), "--"+f.Name
		if v, ok := os.LookupEnv(name); ok && !f.Changed && f.Name != "help" && !isOwn(f) {
			given = name
			if err := cmd.Flags().Set(f.Name, v); err != nil {
				errs = append(errs, system.BadInput("%s: %q is not a valid %s", name, v, f.Value.Type()))
			}
		}
		// A script may pass an unset variable: `--require-policy "$P"` must not
		// mean no requirement, and `--policy "$P"` must not mean a weaker policy.
		if f.Changed && empty(f.Value) {
			errs = append(errs, system.BadInput("%s is empty", given).Suggest("give %s a value, or leave it out", given))
		}
	})
	errs = append(errs, applyConfigFile(cmd))
	return errors.Join(errs...)
}

// empty reports whether a text is empty, or one text of a list.
func empty(v pflag.Value) bool {
	if list, ok := v.(pflag.SliceValue); ok && v.Type() == "stringArray" {
		return slices.Contains(list.GetSlice(), "")
	}
	return v.Type() == "string" && v.String() == ""
}

// ownMeaning marks a flag whose name has another meaning in the environment and
// in the file.
const ownMeaning = "own-meaning"

// Own marks a flag. For example, output-dir in a repository must not choose where
// a private key is written, and its image format must not choose the format of
// an SBOM.
func Own(cmd *cobra.Command, name string) {
	f := cmd.Flags().Lookup(name)
	f.Annotations = map[string][]string{ownMeaning: nil}
}

func isOwn(f *pflag.Flag) bool {
	_, ok := f.Annotations[ownMeaning]
	return ok
}

func applyConfigFile(cmd *cobra.Command) error {
	path, err := settings.Find()
	if err != nil || path == "" {
		return err
	}
	values, err := settings.Read(path)
	if err != nil {
		return err
	}
	var errs []error
	for _, v := range values {
		f := cmd.Flags().Lookup(v.Key)
		if f == nil || f.Changed || isOwn(f) {
			continue
		}
		for _, text := range v.Texts {
			if err := f.Value.Set(text); err != nil {
				errs = append(errs, system.BadInput("%s: %q is not a valid %s", v.Key, text, f.Value.Type()).At(v.Pos))
			}
		}
	}
	return errors.Join(errs...)
}
