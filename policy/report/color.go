package report

import "github.com/seaworthy-os/seaworthy/policy/decision"

// SGR parameters: the terminal's text attributes.
const (
	bold      = "1"
	dim       = "2"
	underline = "4"
	red       = "1;31"
	magenta   = "1;35"
	yellow    = "33"
	cyan      = "36"
	green     = "1;32"
)

func (t *textReport) paint(code, s string) string {
	if !t.o.Color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func severityColor(s decision.Severity) string {
	switch s {
	case decision.Critical:
		return magenta
	case decision.High:
		return red
	case decision.Medium:
		return yellow
	}
	return cyan
}

func verdictColor(d *decision.Decision) string {
	switch d.Verdict {
	case decision.Pass:
		return green
	case decision.Deny:
		return red
	}
	return yellow
}
