package pipeline_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/pipeline/waive"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

var digest = "sha256:" + strings.Repeat("a", 64)

func waivable() *decision.Decision {
	return &decision.Decision{
		System: decision.System{Components: []decision.Component{{ID: "services/web", Digest: digest}}},
		Findings: []decision.Finding{
			{ID: "CAP-003", Resource: "component:services/web", Key: "a", State: decision.StateFail},
			{ID: "CAP-003", Resource: "component:services/web", Key: "b", State: decision.StateFail},
			{ID: "MNT-001", Resource: "component:services/web", State: decision.StateFail},
			{ID: "NNP-001", Resource: "component:services/web", State: decision.StatePass},
			{ID: "KCF-001", Resource: "kernel:CONFIG_X", State: decision.StateFail},
		},
	}
}

func TestWaive(t *testing.T) {
	t.Parallel()
	const entry = "rule: CAP-003\n%resource: component:services/web\n%reason: it mounts disks\n%owner: platform\n%expires: 2027-03-31\n"
	lines := func(indent string) string { return strings.ReplaceAll(entry, "%", indent) }
	for name, c := range map[string]struct {
		file   string
		change func(*waive.Options)
		want   string // the file after it
		err    string
	}{
		"no file":       {want: "waivers:\n  - " + lines("    ")},
		"comments":      {file: "# ours", want: "# ours\nwaivers:\n  - " + lines("    ")},
		"empty list":    {file: "# ours\nwaivers: [] # none\n", want: "# ours\nwaivers: # none\n  - " + lines("    ")},
		"another":       {file: "waivers:\n# first\n- {rule: XYZ-001, resource: \"image:a\", reason: r, owner: o, expires: 2027-01-01}\n", want: "waivers:\n# first\n- {rule: XYZ-001, resource: \"image:a\", reason: r, owner: o, expires: 2027-01-01}\n- {rule: CAP-003, resource: component:services/web, reason: it mounts disks, owner: platform, expires: 2027-03-31}\n"},
		"another block": {file: "waivers:\n  - rule: XYZ-001 # why\n    resource: \"image:a\"\n    reason: >-\n      long\n    owner: o\n    expires: 2027-01-01\n\n# the end\n", want: "waivers:\n  - rule: XYZ-001 # why\n    resource: \"image:a\"\n    reason: >-\n      long\n    owner: o\n    expires: 2027-01-01\n  - " + lines("    ") + "\n# the end\n"},
		"by digest": {change: func(o *waive.Options) { o.ByDigest = true },
			want: "waivers:\n  - " + strings.Replace(lines("    "), "resource: component:services/web", "digest: "+digest, 1)},
		"odd reason":        {change: func(o *waive.Options) { o.Reason = "yes: #1\nowner: x" }, want: "waivers:\n  - " + strings.Replace(lines("    "), "it mounts disks", `"yes: #1\nowner: x"`, 1)},
		"today":             {change: func(o *waive.Options) { o.Expires = "2026-11-25" }, want: "waivers:\n  - " + strings.Replace(lines("    "), "2027-03-31", "2026-11-25", 1)},
		"yesterday":         {change: func(o *waive.Options) { o.Expires = "2026-11-24" }, err: "is in the past"},
		"no date":           {change: func(o *waive.Options) { o.Expires = "soon" }, err: "is not a date"},
		"blank owner":       {change: func(o *waive.Options) { o.Owner = " " }, err: "--owner is missing"},
		"no such finding":   {change: func(o *waive.Options) { o.Finding = "CAP-009" }, err: `finding "CAP-009" does not exist`},
		"passes":            {change: func(o *waive.Options) { o.Finding = "NNP-001" }, err: "does not fail: pass"},
		"several":           {change: func(o *waive.Options) { o.Finding = "services/web" }, err: "matches 2 findings"},
		"kernel by digest":  {change: func(o *waive.Options) { o.Finding, o.ByDigest = "KCF-001", true }, err: "is not a component"},
		"already waived":    {file: "waivers:\n  - " + lines("    "), err: "already has a waiver, which expires on 2027-03-31"},
		"broken file":       {file: "waivers:\n  - rule: X\n", err: "rule"},
		"no waivers at all": {file: "other: 1\n", err: "unknown key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := waive.Options{
				Finding: "CAP-003", Owner: "platform", Reason: "it mounts disks", Expires: "2027-03-31",
				Now: time.Date(2026, 11, 25, 23, 0, 0, 0, time.UTC), File: filepath.Join(t.TempDir(), "waivers.yml"),
			}
			if c.file != "" {
				writeFile(t, o.File, []byte(c.file))
			}
			if c.change != nil {
				c.change(&o)
			}
			got, _, err := waive.Add(waivable(), o)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v does not say %q\n%s", err, c.err, got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
