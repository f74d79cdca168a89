package cli

import (
	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// TextOrJSONUsage is in the help of such a flag, by which completion knows it.
const TextOrJSONUsage = "text or json"

// AddTextOrJSON adds --report to a verb whose only formats are text and JSON.
func AddTextOrJSON(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "report", "text", TextOrJSONUsage)
}

// TextOrJSON checks the value of that flag.
func TextOrJSON(format string) error {
	if format != "text" && format != "json" {
		return system.BadInput("unknown report format --report %q", format).Suggest("use text or json")
	}
	return nil
}
