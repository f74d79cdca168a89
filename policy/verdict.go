package policy

import (
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// FailOnNone is the value of Options.FailOn with which no finding denies.
const FailOnNone = "none"

// Exit codes of a decision.
const (
	exitPass    = 0
	exitDenied  = 1
	exitUnknown = 3
	exitExpired = 5
)

func checkFailOn(s string) (string, error) {
	switch {
	case s == "":
		return string(decision.Low), nil
	case s == FailOnNone || decision.Severity(s).Rank() > 0:
		return s, nil
	}
	return "", system.BadInput("fail-on %q is not a severity", s).Suggest("use low, medium, high, critical or none")
}

// ExitCode is the exit code of a decision: 1 if a finding fails at or above FailOn, else
// 3 if a finding is unknown, else 5 if a finding fails only because its waiver expired,
// else 0. With FailOn "none" it is always 0; the Verdict does not change.
func ExitCode(d *decision.Decision) int {
	if d.FailOn == FailOnNone {
		return exitPass
	}
	return weigh(d)
}

// verdict follows from the findings. With FailOn "none" every failing finding counts, so
// that no statement claims a pass.
func verdict(d *decision.Decision) decision.Verdict {
	switch weigh(d) {
	case exitPass:
		return decision.Pass
	case exitUnknown:
		return decision.Undecided
	}
	return decision.Deny
}

func weigh(d *decision.Decision) int {
	least := decision.Severity(d.FailOn).Rank()
	var denied, unknown, expired bool
	for i := range d.Findings {
		switch f := &d.Findings[i]; f.State {
		case decision.StatePass, decision.StateWaived, decision.StateNotApplicable:
		case decision.StateFail:
			switch {
			case f.Severity.Rank() != 0 && f.Severity.Rank() < least:
			case f.Waiver != nil && f.Waiver.Expired:
				expired = true
			default:
				denied = true
			}
		default:
			// An unknown state decides nothing.
			unknown = true
		}
	}
	switch {
	case denied:
		return exitDenied
	case unknown:
		return exitUnknown
	case expired:
		return exitExpired
	}
	return exitPass
}
