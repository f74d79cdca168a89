package vuln

import (
	"encoding/json"
	"slices"
	"strings"

	cvss30 "github.com/pandatix/go-cvss/30"
	cvss31 "github.com/pandatix/go-cvss/31"
	cvss40 "github.com/pandatix/go-cvss/40"
)

var severities = []string{"", "low", "medium", "high", "critical"}

func worse(a, b string) string {
	if slices.Index(severities, b) > slices.Index(severities, a) {
		return b
	}
	return a
}

// specific has the database-specific fields. Their types differ between
// databases, so they are read with care.
type specific struct{ Severity, Urgency, Exploited any }

// UnmarshalJSON reads the known members, exactly as spelled, and ignores
// others.
func (s *specific) UnmarshalJSON(raw []byte) error {
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return nil //nolint:nilerr // an unknown form, without a severity for us
	}
	for name, to := range map[string]*any{"severity": &s.Severity, "urgency": &s.Urgency, "exploited": &s.Exploited} {
		if v, ok := all[name]; ok {
			if err := json.Unmarshal(v, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// level is the severity in words, "" for none.
func (s specific) level() string { return worse(word(s.Severity), word(s.Urgency)) }

func word(v any) string {
	s, _ := v.(string)
	switch s = strings.ToLower(s); s {
	case "critical", "high", "medium", "low":
		return s
	case "moderate":
		return "medium"
	case "important":
		return "high"
	case "unimportant", "negligible":
		return "low"
	}
	return ""
}

// score is a CVSS vector, or a word.
type score struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

// scored is the worst severity of CVSS vectors and words. CVSS 2 is not read,
// because it has no critical severity.
func scored(list []score) string {
	worst := ""
	for _, s := range list {
		worst = worse(worst, s.level())
	}
	return worst
}

// level: the vector contains the version of CVSS.
func (s score) level() string {
	var base float64
	switch version, _, _ := strings.Cut(s.Score, "/"); version {
	case "CVSS:3.0":
		if v, err := cvss30.ParseVector(s.Score); err == nil {
			base = v.BaseScore()
		}
	case "CVSS:3.1":
		if v, err := cvss31.ParseVector(s.Score); err == nil {
			base = v.BaseScore()
		}
	case "CVSS:4.0":
		if v, err := cvss40.ParseVector(s.Score); err == nil {
			base = v.Score()
		}
	default:
		return word(s.Score)
	}
	switch { // all three versions use this scale
	case base >= 9:
		return "critical"
	case base >= 7:
		return "high"
	case base >= 4:
		return "medium"
	case base > 0:
		return "low"
	}
	return ""
}
