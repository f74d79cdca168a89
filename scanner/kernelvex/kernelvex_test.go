package kernelvex

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

const about = `{"schemaVersion": 1, "source": {"name": "linux-source-6.12", "version": "6.12.117-1~deb12u1", "architecture": "all", "size": 1, "sha256": "aa"},
	"release": "6.12.117-seaworthy", "inputs": "sha256:bb", "tools": [], "dropped": []}`

const (
	sources = "fs/ext4/super.c\ninclude/linux/fs.h\nkernel/fork.c\nsecurity/apparmor/nulldfa.in\n"
	allCode = "drivers/gpu/drm/a.c\ndrivers/gpu/drm/a.h\nfs/ext4/super.c\nfs/smb/client/file.c\ninclude/linux/fs.h\nkernel/fork.c\nscripts/mod/modpost.c\ntools/objtool/check.c\n"
)

func kernel(t testing.TB, release string) *Kernel {
	t.Helper()
	k, err := parseKernel([]byte(strings.Replace(about, "6.12.117-seaworthy", release, 1)), []byte(sources), []byte(allCode))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The ids of the kernel's CNA in the CVE list and in its own repository.
const (
	listed = "416baaa9-dc9f-4396-8d5f-8c081fb06d67"
	own    = "f4215fc3-5b6b-47ff-a258-f7189bd81038"
)

const commits = `{"version": "8b67f04ab9de5d8f3a71aef72bf02c995a506db5", "lessThan": "2a0cf438320cdb783e0378570744c0ef0d83e934", "status": "affected", "versionType": "git"}`

// cve is a record in the form of the kernel's CNA: one entry with commits, one with versions.
func cve(id, files, versions string) string {
	entry := func(status, list string) string {
		return `{"product": "Linux", "vendor": "Linux", "defaultStatus": "` + status + `", "repo": "https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux.git",
			` + files + `"versions": [` + list + `]}`
	}
	return `{"dataType": "CVE_RECORD", "dataVersion": "5.2",
		"cveMetadata": {"cveId": "` + id + `", "assignerOrgId": "` + listed + `", "state": "PUBLISHED", "assignerShortName": "Linux", "dateUpdated": "2026-01-12T21:56:33.220Z"},
		"containers": {"cna": {"providerMetadata": {"orgId": "` + listed + `", "shortName": "Linux"},
			"descriptions": [{"lang": "en", "value": "In the Linux kernel, the following vulnerability has been resolved"}],
			"affected": [` + entry("unaffected", commits) + `, ` + entry("affected", versions) + `],
			"references": [{"url": "https://git.kernel.org/stable/c/2a0cf438320c"}], "title": "x", "x_generator": {"engine": "bippy-1.2.0"}}}}`
}

func names(list ...string) string { return `"programFiles": ["` + strings.Join(list, `", "`) + `"], ` }

func from(start, end string) string {
	return `{"version": "` + start + `", "lessThanOrEqual": "` + end + `", "status": "unaffected", "versionType": "semver"}`
}

const (
	since    = `{"version": "5.1", "status": "affected"}, {"version": "0", "lessThan": "5.1", "status": "unaffected", "versionType": "semver"}`
	mainline = `{"version": "6.13", "lessThanOrEqual": "*", "status": "unaffected", "versionType": "original_commit_for_fix"}`
	open     = since + `, ` + mainline
)

func judge(t *testing.T, release, files, versions string) Statement {
	t.Helper()
	r, err := parse([]byte(cve("CVE-2026-1000", files, versions)))
	if err != nil {
		t.Fatal(err)
	}
	return kernel(t, release).judge(r)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ files, status, note string }{
		"not compiled":          {names("drivers/gpu/drm/a.c", "drivers/gpu/drm/a.h"), NotAffected, "did not read any file that the CVE record names: drivers/gpu/drm/a.c, drivers/gpu/drm/a.h. The files that it read are in kernel.sources of the image (sha256:"},
		"compiled":              {names("fs/ext4/super.c"), Unknown, `The compiler read "fs/ext4/super.c".`},
		"one of two compiled":   {names("drivers/gpu/drm/a.c", "include/linux/fs.h"), Unknown, `The compiler read "include/linux/fs.h".`},
		"no files":              {"", Unknown, "does not name the files"},
		"an empty list":         {`"programFiles": [], `, Unknown, "does not name the files"},
		"an empty name":         {names(""), Unknown, "not C or assembler"},
		"a Makefile":            {names("drivers/gpu/drm/Makefile"), Unknown, `does not decide about "drivers/gpu/drm/Makefile"`},
		"a Kconfig file too":    {names("drivers/gpu/drm/a.c", "drivers/gpu/drm/Kconfig"), Unknown, "Kconfig"},
		"another language":      {names("drivers/gpu/drm/a.rs"), Unknown, "not C or assembler"},
		"renamed":               {names("fs/cifs/file.c"), Unknown, `has no file "fs/cifs/file.c"`},
		"renamed, and another":  {names("drivers/gpu/drm/a.c", "fs/cifs/file.c"), Unknown, "has no file"},
		"generated":             {names("include/generated/autoconf.h"), Unknown, "has no file"},
		"a program of scripts":  {names("scripts/mod/modpost.c"), Unknown, "Programs of the build"},
		"a program of tools":    {names("tools/objtool/check.c"), Unknown, "Programs of the build"},
		"a path with dots":      {names("drivers/gpu/../gpu/drm/a.c"), Unknown, "has no file"},
		"outside":               {names("../../etc/passwd.c"), Unknown, "has no file"},
		"absolute":              {names("/drivers/gpu/drm/a.c"), Unknown, "has no file"},
		"other letters":         {names("Drivers/GPU/drm/a.c"), Unknown, "has no file"},
		"space at the end":      {names("drivers/gpu/drm/a.c "), Unknown, "not C"},
		"read, but no code":     {names("security/apparmor/nulldfa.in"), Unknown, `The compiler read "security/apparmor/nulldfa.in".`},
		"control characters":    {names(`\u001b[2J\u202e.c`), Unknown, `"\x1b[2J\u202e.c"`},
		"a long name":           {names(strings.Repeat("a", 5000) + ".c"), Unknown, "…"},
		"many compiled, and no": {names(strings.Repeat(`kernel/fork.c", "`, 20) + "x.c"), Unknown, `The compiler read "kernel/fork.c". `},
	} {
		s := judge(t, "6.12.117-seaworthy", c.files, open)
		if s.Status != c.status || !strings.Contains(s.Notes, c.note) || (s.Justification != "") != (c.status == NotAffected) || len(s.Notes) > 1000 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	// Versions of another product say nothing about the kernel.
	text := strings.Replace(cve("CVE-2026-1000", names("fs/ext4/super.c"), from("6.12.54", "6.12.*")), `"product": "Linux"`, `"product": "Perf"`, 1)
	if r, err := parse([]byte(text)); err != nil || kernel(t, "6.12.117").judge(r).Status != Unknown {
		t.Errorf("another product: %v", err)
	}
	// Both entries must name files.
	raw := cve("CVE-2026-1000", names("drivers/gpu/drm/a.c"), open)
	last := strings.LastIndex(raw, `"programFiles"`)
	half := raw[:last] + strings.Replace(raw[last:], names("drivers/gpu/drm/a.c"), "", 1)
	for name, text := range map[string]string{"one entry has no files": half,
		"another product": strings.Replace(raw, `"product": "Linux"`, `"product": "Perf"`, 1), "another vendor": strings.Replace(raw, `"vendor": "Linux"`, `"vendor": "Other"`, 1),
		"no entry": `{"dataType": "CVE_RECORD", "dataVersion": "5.2", "cveMetadata": {"cveId": "CVE-2026-1000", "assignerOrgId": "` + listed + `", "state": "PUBLISHED"}, "containers": {"cna": {}}}`} {
		r, err := parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if s := kernel(t, "6.12.117").judge(r); s.Status != Unknown {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	affected := func(start, end string) string {
		return `{"version": "` + start + `", "lessThan": "` + end + `", "status": "affected", "versionType": "semver"}`
	}
	later := `{"version": "6.13", "status": "affected"}, {"version": "0", "lessThan": "6.13", "status": "unaffected", "versionType": "semver"}`
	for name, c := range map[string]struct{ release, versions, status, note string }{
		"fixed in this branch":        {"", since + `, ` + from("6.12.54", "6.12.*") + `, ` + mainline, Fixed, "Linux 6.12.117 has the fix"},
		"fixed in exactly this one":   {"", since + `, ` + from("6.12.117", "6.12.*"), Fixed, ""},
		"fixed in a later one":        {"", since + `, ` + from("6.12.118", "6.12.*") + `, ` + mainline, Unknown, "do not decide about Linux"},
		"fixed in another branch":     {"", since + `, ` + from("6.11.4", "6.11.*") + `, ` + from("6.13.2", "6.13.*"), Unknown, "do not decide about Linux"},
		"fixed before this branch":    {"", since + `, ` + strings.Replace(mainline, "6.13", "6.9", 1), Fixed, ""},
		"fixed in its candidate":      {"", since + `, ` + strings.Replace(mainline, "6.13", "6.12-rc3", 1), Fixed, ""},
		"fixed in a candidate after":  {"", since + `, ` + strings.Replace(mainline, "6.13", "6.13-rc1", 1), Unknown, ""},
		"not fixed":                   {"", open, Unknown, ""},
		"came later":                  {"", later, NotAffected, "Linux 6.12.117 is unaffected"},
		"came with this branch":       {"", strings.ReplaceAll(later, "6.13", "6.12"), Unknown, ""},
		"came later in the branch":    {"", strings.ReplaceAll(later, "6.13", "6.12.118"), NotAffected, ""},
		"came with its backport":      {"", later + `, ` + affected("6.12.100", "6.12.120"), Unknown, "Linux 6.12.117 is affected"},
		"unknown":                     {"", since + `, ` + strings.Replace(affected("6.12.100", "6.12.120"), "affected", "unknown", 1) + `, ` + from("6.12.54", "6.12.*"), Unknown, "do not decide about Linux"},
		"backport elsewhere":          {"", later + `, ` + affected("6.11.4", "6.11.9"), NotAffected, ""},
		"exactly this version":        {"6.12.0", strings.ReplaceAll(later, "6.13", "6.12"), Unknown, "is affected"},
		"only by default":             {"", affected("6.1.70", "6.1.75"), Unknown, "do not decide about Linux"},
		"no versions":                 {"", "", Unknown, ""},
		"only commits":                {"", commits, Unknown, ""},
		"a custom order":              {"", strings.Replace(from("6.12.54", "6.12.*"), "semver", "custom", 1), Unknown, ""},
		"a custom order beside it":    {"", from("6.12.54", "6.12.*") + `, ` + strings.Replace(from("6.1.54", "6.1.*"), "semver", "custom", 1), Unknown, ""},
		"no order":                    {"", strings.Replace(from("6.12.54", "6.12.*"), `, "versionType": "semver"`, "", 1), Unknown, ""},
		"an unknown status":           {"", strings.Replace(from("6.12.54", "6.12.*"), "unaffected", "Unaffected", 1), Unknown, ""},
		"two ends":                    {"", strings.Replace(from("6.12.54", "6.12.*"), `"status"`, `"lessThan": "6.12.100", "status"`, 1), Unknown, ""},
		"two ends that are one":       {"", strings.Replace(later, `"lessThan": "6.13"`, `"lessThan": "6.1", "lessThanOrEqual": "3"`, 1), Unknown, ""},
		"another status":              {"", strings.Replace(from("6.12.54", "6.12.*"), "unaffected", "unknown", 1), Unknown, "do not decide"},
		"unknown from the beginning":  {"", strings.Replace(later, "unaffected", "unknown", 1), Unknown, "do not decide"},
		"up to this version":          {"", from("6.12.54", "6.12.*") + `, ` + strings.Replace(from("6.12.100", "6.12.117"), "unaffected", "affected", 1), Unknown, "is affected"},
		"up to the one before":        {"", from("6.12.54", "6.12.*") + `, ` + affected("6.12.100", "6.12.117"), Fixed, ""},
		"a branch of a branch":        {"6.12.5", from("6.12.4", "6.12.*") + `, ` + strings.Replace(from("6.12.1", "6.12.5.*"), "unaffected", "affected", 1), Unknown, "do not decide"},
		"the original fix at the end": {"", strings.Replace(later, "semver", "original_commit_for_fix", 1), Unknown, ""},
		"no end from the beginning":   {"", strings.Replace(later, `"lessThan": "6.13"`, `"lessThan": "*"`, 1), Unknown, ""},
		"a branch at the end":         {"", strings.Replace(later, `"lessThan": "6.13"`, `"lessThan": "6.13.*"`, 1), Unknown, ""},
		"a fix for a branch":          {"", strings.Replace(mainline, `"6.13", "lessThanOrEqual": "*"`, `"6.9", "lessThanOrEqual": "6.12.*"`, 1), Unknown, ""},
		"a fix in a branch":           {"", strings.Replace(mainline, `"6.13", "lessThanOrEqual": "*"`, `"6.12.54", "lessThanOrEqual": "6.12.*"`, 1), Unknown, ""},
		"up to the next branch":       {"", strings.Replace(from("6.12.54", "6.13"), "lessThanOrEqual", "lessThan", 1), Unknown, ""},
		"changes":                     {"", strings.Replace(from("6.12.54", "6.12.*"), `"status"`, `"changes": [{"at": "6.12.60", "status": "affected"}], "status"`, 1), Unknown, ""},
		"a wide range":                {"", from("6.10", "6.12.*"), Unknown, ""},
		"the whole series":            {"", from("6.10", "6.*"), Unknown, ""},
		"a fix and a later beginning": {"", from("6.12.54", "6.12.*") + `, ` + later, Unknown, ""},
		"not a version":               {"", from("6.12.54", "6.12.*") + `, ` + from("v6.1", "6.1.*"), Unknown, ""},
		"a huge number":               {"", from("6.12.99999999999999999999", "6.12.*"), Unknown, ""},
		"everything":                  {"", `{"version": "0", "lessThanOrEqual": "*", "status": "unaffected", "versionType": "semver"}`, Unknown, ""},
		"zero alone":                  {"", `{"version": "0", "status": "unaffected"}`, Unknown, ""},
		"a release candidate":         {"6.12.117-rc1-x", since + `, ` + from("6.12.54", "6.12.*"), Unknown, ""},
		"another suffix":              {"6.12.117-rcx", since + `, ` + from("6.12.54", "6.12.*"), Fixed, ""},
	} {
		release := c.release
		if release == "" {
			release = "6.12.117-seaworthy"
		}
		s := judge(t, release, names("fs/ext4/super.c"), c.versions)
		if s.Status != c.status || !strings.Contains(s.Notes, c.note) || (s.Justification != "") != (c.status == NotAffected) {
			t.Errorf("%s: %+v", name, s)
		}
	}
	// What was compiled counts before what the record says about versions.
	if s := judge(t, "6.12.117", names("drivers/gpu/drm/a.c"), since+`, `+from("6.12.54", "6.12.*")); s.Status != NotAffected || !strings.Contains(s.Notes, "kernel.sources") {
		t.Errorf("%+v", s)
	}
	// A restriction to a platform is not understood.
	text := strings.ReplaceAll(cve("CVE-2026-1000", names("fs/ext4/super.c"), since+`, `+from("6.12.54", "6.12.*")), `"product"`, `"platforms": ["x86"], "product"`)
	r, err := parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if s := kernel(t, "6.12.117").judge(r); s.Status != Unknown {
		t.Errorf("platforms: %+v", s)
	}
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var options = Options{Author: "Example Ltd", Now: time.Date(2026, 12, 1, 10, 0, 0, 5, time.UTC), Version: "1.0",
	ImageURL: "pkg:oci/kernel@sha256%3Acc?arch=amd64", Manifest: "sha256:cc", PackageURL: "pkg:deb/debian/linux-source-6.12@6.12.117-1~deb12u1?arch=all"}

func TestDocument(t *testing.T) {
	t.Parallel()
	k := kernel(t, "6.12.117-seaworthy")
	newer := strings.Replace(cve("CVE-2026-1000", names("fs/ext4/super.c"), open), "2026-01-12", "2026-01-13", 1)
	dir := write(t, map[string]string{
		"CVE-2026-1000.json": cve("CVE-2026-1000", names("drivers/gpu/drm/a.c"), open), "CVE-newer.json": newer,
		"CVE-2026-10000.json": cve("CVE-2026-10000", names("drivers/gpu/drm/a.c"), open), "CVE-2026-2000.json": cve("CVE-2026-2000", names("fs/ext4/super.c"), since+`, `+from("6.12.54", "6.12.*")),
		"CVE-2025-3000.json": strings.Replace(cve("CVE-2025-3000", "", ""), "PUBLISHED", "REJECTED", 1),
		"CVE-2024-1000.json": strings.Replace(cve("CVE-2024-1000", names("drivers/gpu/drm/a.c"), open), listed, "8254265b-2729-46b6-b9e3-3dfca2d5bfca", 1),
		"readme.txt":         "x",
	})
	r, err := Read(t.Context(), []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	if r.Rejected != 1 || r.Others != 1 {
		t.Errorf("%d rejected, %d others", r.Rejected, r.Others)
	}
	d, err := Make(k, r, options)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range d.Statements {
		got = append(got, s.Vulnerability.Name+" "+s.Status)
	}
	if want := []string{"CVE-2026-1000 under_investigation", "CVE-2026-2000 fixed", "CVE-2026-10000 not_affected"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if d.Count(NotAffected) != 1 || d.Count(Fixed) != 1 || d.Count(Unknown) != 1 {
		t.Error("wrong count")
	}
	raw, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"@context": "https://openvex.dev/ns/v0.2.0"`, `"author": "Example Ltd"`, `"timestamp": "2026-12-01T10:00:00Z"`, `"version": 1`,
		`"sha-256": "cc"`, `"@id": "` + namespace + `sha256-`, `"justification": "vulnerable_code_not_present"`, k.Sources, k.Code, r.Digest, "6.12.117-1~deb12u1"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the document lacks %s:\n%s", want, raw)
		}
	}
	for range 3 { // the order of the map
		again, err := Make(k, r, options)
		if b, _ := json.MarshalIndent(again, "", "  "); err != nil || string(b) != string(raw) {
			t.Errorf("two documents differ: %v", err)
		}
	}
	other := options
	other.Author = "Other"
	if again, err := Make(k, r, other); err != nil || again.ID == d.ID {
		t.Errorf("two documents have one id: %v", err)
	}
}

func TestHostileRecords(t *testing.T) {
	t.Parallel()
	good := cve("CVE-2026-1000", names("drivers/gpu/drm/a.c"), open)
	legacy := strings.NewReplacer(listed, own, `"dataVersion": "5.2"`, `"dataVersion": "5.0"`, `"cveId"`, `"requesterUserId": "x@example.org", "serial": 1, "cveID"`,
		`, "assignerShortName": "Linux", "dateUpdated": "2026-01-12T21:56:33.220Z"`, "").Replace(good)
	for name, c := range map[string]struct{ text, want string }{
		"empty":                   {"", "truncated"},
		"truncated":               {good[:len(good)-1], "truncated"},
		"two values":              {good + good, "more text"},
		"deep":                    {strings.Replace(good, `"title": "x"`, `"title": `+strings.Repeat("[", 5000)+strings.Repeat("]", 5000), 1), "nested deeper"},
		"a duplicate list":        {strings.Replace(good, `"product": "Linux"`, `"programFiles": [], "product": "Linux"`, 1), "duplicate"},
		"a duplicate container":   {strings.Replace(good, `"containers"`, `"containers": {}, "containers"`, 1), "duplicate"},
		"a duplicate unused one":  {strings.Replace(good, `"title": "x"`, `"title": "x", "title": "x"`, 1), "duplicate"},
		"another spelling":        {strings.Replace(good, `"programFiles"`, `"programfiles"`, 1), "programFiles"},
		"another spelling of cna": {strings.Replace(good, `"cna"`, `"CNA"`, 1), "cna"},
		"a text, not a list":      {strings.Replace(good, `["drivers/gpu/drm/a.c"]`, `"drivers/gpu/drm/a.c"`, 1), "cannot unmarshal"},
		"a number in the list":    {strings.Replace(good, `["drivers/gpu/drm/a.c"]`, `[1]`, 1), "cannot unmarshal"},
		"a list of lists":         {strings.Replace(good, `["drivers/gpu/drm/a.c"]`, `[["drivers/gpu/drm/a.c"]]`, 1), "cannot unmarshal"},
		"a number as version":     {strings.Replace(good, `"5.1", "status"`, `5.1, "status"`, 1), "cannot unmarshal"},
		"another type":            {strings.Replace(good, "CVE_RECORD", "OTHER", 1), "not a CVE record"},
		"another version":         {strings.Replace(good, `"5.2"`, `"4.0"`, 1), "not a CVE record"},
		"no id":                   {strings.Replace(good, "CVE-2026-1000", "../../x", 1), "not the id of a CVE"},
		"two ids":                 {strings.Replace(good, `"cveId"`, `"cveID": "CVE-2026-1001", "cveId"`, 1), "cveI"},
		"a number as id":          {strings.Replace(good, `"CVE-2026-1000"`, `20261000`, 1), "not the id of a CVE"},
		"a list as metadata":      {strings.Replace(good, `"cveMetadata": {`, `"cveMetadata": [], "x_meta": {`, 1), "cveMetadata"},
		"no metadata":             {strings.Replace(good, `"cveMetadata"`, `"x_meta"`, 1), "cveMetadata"},
		"a number as date":        {strings.Replace(good, `"2026-01-12T21:56:33.220Z"`, `20260112`, 1), "not a date"},
		"another state":           {strings.Replace(good, "PUBLISHED", "RESERVED", 1), "state"},
		"no CNA":                  {strings.Replace(good, `"assignerOrgId": "`+listed+`", `, "", 1), "no assignerOrgId"},
		"no date":                 {strings.Replace(good, "2026-01-12T21:56:33.220Z", "yesterday", 1), "not a date"},
		"no containers":           {strings.Replace(good, `"containers"`, `"x_containers"`, 1), "containers"},
		"an OSV record":           {`{"id": "CVE-2026-1000", "affected": []}`, "not a CVE record"},
		"huge":                    {strings.Replace(good, `"x"`, `"`+strings.Repeat("x", 33<<20)+`"`, 1), "larger than 32 MiB"},
	} {
		_, err := Read(t.Context(), []string{filepath.Join(write(t, map[string]string{"CVE-2026-1000.json": c.text}), "CVE-2026-1000.json")})
		if !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 1000 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"contradiction": {map[string]string{"CVE-1.json": good, "CVE-2.json": cve("CVE-2026-1000", names("fs/ext4/super.c"), open)}, "another record of CVE-2026-1000 with the same date"},
		"other CNAs":    {map[string]string{"CVE-1.json": strings.Replace(good, listed, "other", 1)}, "no CVE record of the Linux kernel's CNA"},
		"all rejected":  {map[string]string{"CVE-1.json": strings.Replace(good, "PUBLISHED", "REJECTED", 1)}, "no CVE record of the Linux kernel's CNA"},
	} {
		if _, err := Read(t.Context(), []string{write(t, c.files)}); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The kernel's own repository has no dates, and old records there spell cveId in another way.
	file := filepath.Join(write(t, map[string]string{"CVE-1.json": legacy}), "CVE-1.json")
	r, err := Read(t.Context(), []string{file})
	if err != nil {
		t.Fatal(err)
	}
	if s := kernel(t, "6.12.117").judge(r.byID["CVE-2026-1000"]); s.Status != NotAffected {
		t.Errorf("%+v", s)
	}
	// Of a record with a date and one without, the one with the date counts.
	for _, paths := range [][]string{{file, write(t, map[string]string{"CVE-1.json": good})}, {write(t, map[string]string{"CVE-1.json": good}), file}} {
		if r, err := Read(t.Context(), paths); err != nil || r.byID["CVE-2026-1000"].cna != listed {
			t.Errorf("%v", err)
		}
	}
	// Old records have dates without a time zone, and one record may be in two files.
	old := strings.Replace(good, ":33.220Z", ":33", 1)
	if _, err := Read(t.Context(), []string{write(t, map[string]string{"CVE-1.json": old, "CVE-2.json": old})}); err != nil {
		t.Error(err)
	}
}

func TestKernelFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ about, sources, code, want string }{
		"a duplicate":        {strings.Replace(about, `"inputs"`, `"release": "6.1.1", "inputs"`, 1), sources, allCode, "duplicate"},
		"a newer form":       {strings.Replace(about, `"schemaVersion": 1`, `"schemaVersion": 2`, 1), sources, allCode, "schemaVersion 2"},
		"no release":         {strings.Replace(about, "6.12.117-seaworthy", "six", 1), sources, allCode, "not the release"},
		"a bad package":      {strings.Replace(about, "linux-source-6.12", "a b", 1), sources, allCode, "source package"},
		"a bad version":      {strings.Replace(about, "6.12.117-1~deb12u1", "1 2", 1), sources, allCode, "source package"},
		"no sources":         {about, "", allCode, "kernel.sources is empty"},
		"no code":            {about, sources, "", "kernel.code is empty"},
		"truncated":          {about, sources, strings.TrimSuffix(allCode, "\n"), "truncated"},
		"not sorted":         {about, "b.c\na.c\n", allCode, "not sorted"},
		"twice":              {about, "kernel/fork.c\nkernel/fork.c\n", allCode, "not sorted"},
		"an empty line":      {about, "\nkernel/fork.c\n", allCode, "not the name"},
		"outside":            {about, "../kernel/fork.c\n", allCode, "not the name"},
		"another form":       {about, "./kernel/fork.c\n", allCode, "not the name"},
		"control characters": {about, "kernel/\x1bfork.c\n", allCode, "not the name"},
		"code that is none":  {about, sources, "Makefile\n" + allCode, "not C or assembler"},
		"not in the source":  {about, "kernel/other.c\n", allCode, "kernel.code does not"},
	} {
		if _, err := parseKernel([]byte(c.about), []byte(c.sources), []byte(c.code)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSink(t *testing.T) {
	t.Parallel()
	contents := map[string]string{aboutFile: about, sourcesFile: sources, codeFile: allCode}
	send := func(change func(*system.Entry)) (*Kernel, error) {
		s := &Sink{}
		for name, text := range contents {
			e := &system.Entry{Path: name, Type: system.TypeFile, Size: int64(len(text))}
			if name == codeFile {
				change(e)
			}
			w, err := s.Entry(e)
			if err != nil {
				return nil, err
			}
			if w == nil {
				continue
			}
			if _, err := fmt.Fprint(w, text); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.Close(), s.Finish()); err != nil {
				t.Fatal(err)
			}
		}
		return s.Kernel()
	}
	k, err := send(func(*system.Entry) {})
	if err != nil || k.Source.Name != "linux-source-6.12" || !k.compiled["kernel/fork.c"] || k.compiled["drivers/gpu/drm/a.c"] || !k.code["drivers/gpu/drm/a.c"] {
		t.Errorf("%+v %v", k, err)
	}
	for name, change := range map[string]func(*system.Entry){
		"shadowed":   func(e *system.Entry) { e.Shadowed = true },
		"nested":     func(e *system.Entry) { e.Archive = "kernel.tar" },
		"a link":     func(e *system.Entry) { e.Type = system.TypeSymlink },
		"elsewhere":  func(e *system.Entry) { e.Path = "usr/" + e.Path },
		"very large": func(e *system.Entry) { e.Size = maxList + 1 },
	} {
		if _, err := send(change); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
