package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

func sha(c string) string { return "sha256:" + strings.Repeat(c, 64) }

// sample returns a denied system with at least one finding of every state.
func sample() *decision.Decision {
	at := func(line, column int) *decision.Origin {
		return &decision.Origin{Layer: "os.yml", File: "examples/insecure.yml", Line: line, Column: column}
	}
	waiver := decision.Waiver{
		Rule: "CAP-010", Resource: "component:onboot/dhcp", Reason: "sets the address of eth0 before anything runs",
		Owner: "network team", Expires: "2026-12-01", Used: true, Warning: "expires 2026-12-01",
		Origin: decision.Origin{Layer: "waivers", File: "waivers.yml", Line: 2, Column: 5},
	}
	expired := waiver
	expired.Rule, expired.Resource, expired.Expires = "KCF-008", "kernel:CONFIG_MODULE_SIG_FORCE", "2026-11-01"
	expired.Expired, expired.Warning, expired.Reason = true, "expired 2026-11-01", "the signed kernel is not released yet"
	unused := waiver
	unused.Rule, unused.Resource, unused.Used, unused.Warning = "NSP-001", "component:services/old", false, "matches nothing"
	return &decision.Decision{
		SchemaVersion: 1, Verdict: decision.Deny, FailOn: "low", Date: "2026-11-20",
		System: decision.System{
			Name: "insecure", Arch: "amd64", Kernel: "6.12.48-cloud-amd64",
			Sources: []decision.Source{{Path: "examples/insecure.yml", Digest: sha("c")}}, LockDigest: sha("f"),
			Components: []decision.Component{
				{ID: "kernel", Image: "docker.io/seaworthy/kernel:6.12", Digest: sha("1"), Packages: 1, Files: 1480, OwnedFiles: 1480, Origin: at(2, 10)},
				{ID: "onboot/dhcp", Image: "docker.io/seaworthy/dhcp:0.1", Digest: sha("2"), Packages: 3, Files: 1, OwnedFiles: 1, Origin: at(9, 12)},
				{ID: "services/nginx", Image: "docker.io/library/nginx:latest", Digest: sha("3"), Packages: 142, Files: 3120, OwnedFiles: 3075, Distro: "Debian GNU/Linux 13 (trixie)", Origin: at(12, 12)},
			},
		},
		Tool: decision.Tool{Name: "seaworthy", Version: "0.1.0"},
		Policy: decision.Policy{Name: "hardened", Digest: sha("a"), Rules: 6, Parts: []decision.PolicyPart{
			{Name: "hardened", Source: decision.SourceBuiltin, Digest: sha("a"), Rules: 5},
			{Name: "oci:house", Source: decision.SourceOCI, Digest: sha("b"), Rules: 1, Reference: "registry.example.org/policy/house:1", Manifest: sha("7"), Pinned: true},
		}},
		Summary: decision.Summary{Pass: 1, Fail: 3, Waived: 1, NotApplicable: 1, Unknown: 1,
			Failing: map[string]int{"critical": 1, "high": 1, "medium": 1}},
		Findings: []decision.Finding{
			{ID: "CAP-010", Title: "More than the baseline capability set", State: decision.StateWaived, Severity: decision.Medium,
				Resource: "component:onboot/dhcp", Path: "/process/capabilities", Actual: "CAP_NET_ADMIN", Expected: "no CAP_NET_ADMIN",
				Message: "onboot/dhcp may use CAP_NET_ADMIN", Fix: "remove CAP_NET_ADMIN from the capabilities of onboot/dhcp",
				Key: "CAP_NET_ADMIN", Origin: at(10, 19), Controls: []string{"PSS-B Capabilities"}, Waiver: &waiver},
			{ID: "CAP-001", Title: "Service with all capabilities", State: decision.StateFail, Severity: decision.Critical,
				Resource: "component:services/nginx", Path: "/process/capabilities", Actual: "41 capabilities", Expected: "the few that it needs, or none",
				Message: "services/nginx holds all capabilities: an attacker who controls it controls the whole system",
				Because: []string{"CONFIG_MODULE_SIG_FORCE is not set (config of kernel)", "no lockdown= on the command line (examples/insecure.yml:3:12)"},
				Fix:     "capabilities: [CAP_NET_BIND_SERVICE]", Key: "all", Origin: at(14, 7),
				Edits:    []decision.Edit{{Op: "set", Component: "services/nginx", Path: "/capabilities", Value: []any{"CAP_NET_BIND_SERVICE"}}},
				Controls: []string{"CIS-D 5.4", "PSS-B Capabilities"}},
			{ID: "MNT-001", Title: "Service root filesystem not readonly", State: decision.StateFail, Severity: decision.Medium,
				Resource: "component:services/nginx", Path: "/root/readonly", Actual: false, Expected: true,
				Message: "services/nginx may change its own program files", Fix: "readonly: true", Key: "readonly",
				Origin: &decision.Origin{Layer: "default"}, Controls: []string{"CIS-D 5.13"}},
			{ID: "SUP-008", Title: "A component without SBOM", State: decision.StateUnknown, Severity: decision.High,
				Resource: "component:services/nginx", Message: "no SBOM", Key: ""},
			{ID: "IMG-002", Title: "Tag is latest or missing", State: decision.StatePass, Severity: decision.High, Resource: "component:onboot/dhcp"},
			{ID: "JNT-001", Title: "Modules without signatures", State: decision.StateNotApplicable, Severity: decision.Critical, Resource: "image:insecure", Message: "the system has nothing that this rule checks"},
			{ID: "KCF-008", Title: "Module signatures", State: decision.StateFail, Severity: decision.High,
				Resource: "kernel:CONFIG_MODULE_SIG_FORCE", Actual: "n", Expected: "y", Message: "CONFIG_MODULE_SIG_FORCE is n, expected y: a program with CAP_SYS_MODULE could load any code into the kernel",
				Fix: "kernel.image: use a kernel that is built with CONFIG_MODULE_SIG_FORCE=y", Key: "CONFIG_MODULE_SIG_FORCE", Waiver: &expired},
		},
		Frameworks: []decision.Framework{{
			ID: "cis-docker", Title: "CIS Docker Benchmark", Version: "1.6.0", URL: "https://www.cisecurity.org/benchmark/docker", Digest: sha("9"),
			Controls: []decision.Control{
				{ID: "5.4", Title: "Linux kernel capabilities are restricted within containers", State: decision.NotSatisfied, Reason: "1 finding fails", Confidence: "checked", Partial: true, Gap: "capabilities of processes that start later",
					Rules: []decision.ControlRule{{ID: "CAP-001", Confidence: "checked"}, {ID: "CAP-010", Confidence: "unsure"}}, Findings: []int{0, 1}},
				{ID: "5.12", Title: "CPU priority is set appropriately on containers", State: decision.NotAssessed, Reason: "no rule of the policy covers it"},
				{ID: "5.28", Title: "Docker commands always make use of the latest version of their image", State: decision.Satisfied,
					Confidence: "unsure", Rules: []decision.ControlRule{{ID: "IMG-002", Confidence: "unsure"}, {ID: "IMG-020", Confidence: "unsure", OnlyIn: "strict"}}, Findings: []int{4}},
				{ID: "5.31", Title: "The host's user namespaces are not shared", State: decision.ControlWaived, Findings: []int{0}},
			},
		}},
		Waivers:       []decision.Waiver{waiver, expired, unused},
		WaiversDigest: sha("d"),
		Rules: []decision.Rule{
			{ID: "CAP-001", Title: "Service with all capabilities", Description: "A service that holds every capability is root without isolation.", Severity: decision.Critical, Remediation: "List the capabilities that the service needs, or none.", Controls: []string{"CIS-D 5.4"}},
			{ID: "CAP-010", Title: "More than the baseline capability set", Severity: decision.Medium},
			{ID: "IMG-002", Title: "Tag is latest or missing", Severity: decision.High},
			{ID: "JNT-001", Title: "Modules without signatures", Severity: decision.Critical},
			{ID: "KCF-008", Title: "Module signatures", Severity: decision.High},
			{ID: "MNT-001", Title: "Service root filesystem not readonly", Severity: decision.Medium},
			{ID: "SUP-008", Title: "A component without SBOM", Severity: decision.High},
		},
		Notes: []string{"vulnerabilities: not scanned (no vulnerability database was given)"},
	}
}

// evil holds the tricks that the texts of an image can contain: terminal escapes,
// line breaks, right-to-left marks, markup of four languages, invalid UTF-8.
const evil = "\x1b[2J\x1b]0;x\x07\r\nPASS: all is well\u202egnp.exe\u2066\u200b</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`${x}{{.}}[a](javascript:b) \xff\x9b31m ::error::x ##[stop-commands]x ]]> --> | @nobody #1 ```` =cmd()\ufffe"

// diffOf returns a unified diff for a finding with edits, as the program does.
func diffOf(f *decision.Finding) string {
	if len(f.Edits) == 0 {
		return ""
	}
	return "--- a/examples/insecure.yml\n+++ b/examples/insecure.yml\n@@ -12,3 +12,3 @@\n   - name: nginx\n     image: nginx\n-    capabilities: [all]\n+    capabilities: [" + strings.TrimPrefix(f.Fix, "capabilities: [") + "\n"
}

// hostile returns a decision with evil in every text that can come from an image.
func hostile() *decision.Decision { return filled(evil) }

func filled(evil string) *decision.Decision {
	d := sample()
	d.System.Name, d.System.Kernel = evil, evil
	d.System.Sources[0].Path = evil
	d.Notes = []string{evil}
	for i := range d.System.Components {
		c := &d.System.Components[i]
		c.Image, c.Distro, c.Digest = evil, evil, evil
	}
	d.System.Components[2].ID = evil
	d.Policy.Parts[1].Name, d.Policy.Parts[1].Reference = evil, evil
	for i := range d.Findings {
		f := &d.Findings[i]
		f.Title, f.Message, f.Path, f.Fix, f.Key = evil, evil, evil, evil, evil
		f.Actual, f.Expected = map[string]any{evil: []any{evil}}, evil
		f.Controls, f.Because = []string{evil}, []string{evil, evil}
		if strings.HasSuffix(f.Resource, "nginx") {
			f.Resource = "component:" + evil
		}
		f.Origin = &decision.Origin{Layer: evil, File: evil, Line: 1, Column: 1}
		if f.Waiver != nil {
			f.Waiver.Reason, f.Waiver.Owner = evil, evil
		}
	}
	for i := range d.Waivers {
		d.Waivers[i].Reason, d.Waivers[i].Owner, d.Waivers[i].Resource = evil, evil, "file:"+evil
	}
	for i := range d.Frameworks {
		fw := &d.Frameworks[i]
		fw.ID, fw.Title, fw.Version, fw.URL = evil, evil, evil, evil
		for j := range fw.Controls {
			c := &fw.Controls[j]
			c.ID, c.Title, c.Reason, c.Gap = evil, evil, evil, evil
			for k := range c.Rules {
				c.Rules[k].ID, c.Rules[k].Confidence, c.Rules[k].OnlyIn = evil, evil, evil
			}
		}
	}
	for i := range d.Rules {
		d.Rules[i].Title, d.Rules[i].Description, d.Rules[i].Remediation = evil, evil, evil
	}
	return d
}

func render(t *testing.T, format string, d *decision.Decision, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, d, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
