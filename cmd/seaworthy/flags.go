package main

import (
	"crypto"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/kept"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/pipeline/policies"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/report"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/vuln"
)

// resolveFlags are the flags of all verbs that read os.yml.
type resolveFlags struct {
	name, arch, cache string
	trust             string
	components        []string
	redirectTo        []string
	databases, vex    []string
	tools             []string
	formats           []string
	locked, offline   bool
	jobs              int
}

func (f *resolveFlags) add(cmd *cobra.Command) {
	f.addInputs(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.name, "name", "", "name of the system (default: name of the first file, without its extension)")
	fs.BoolVar(&f.locked, "locked", false, "use the digests in the lock file (os.lock.json for os.yml) for all components and policies, or fail")
}

// addFormats is for all verbs that check a build: they must check the same
// formats that build writes.
func (f *resolveFlags) addFormats(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.formats, "format", []string{image.Default()}, "image formats of the build, separated by commas: "+strings.Join(image.Formats(), ", "))
}

// addInputs adds the flags that say where a system's inputs come from.
func (f *resolveFlags) addInputs(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.arch, "arch", runtime.GOARCH, "architecture: amd64, arm64 or riscv64")
	fs.StringArrayVar(&f.components, "components", nil, "place of component images: an OCI layout, a folder of layouts or an archive (repeatable)")
	fs.StringVar(&f.trust, "trust", "", "trust policy: the file that names the trusted signing keys of component images")
	f.addCache(cmd)
	fs.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "number of images to read at the same time")
}

// addVulnerabilities adds the flags for vulnerability databases and VEX.
func (f *resolveFlags) addVulnerabilities(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.databases, "vuln-db", nil, "vulnerability database: OSV, Debian security tracker or CISA KEV catalogue; a file, folder or zip (repeatable)")
	fs.StringArrayVar(&f.vex, "vex", nil, "OpenVEX document: vulnerabilities that it marks as not affected or fixed are not reported as failures (repeatable)")
}

// addCache adds the flags for registry access. Some verbs need them that do not
// read an os.yml.
func (f *resolveFlags) addCache(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.cache, "cache", "", "folder for pulled images and for results of earlier scans (default: the user's cache folder)")
	fs.BoolVar(&f.offline, "offline", false, "do not contact any registry or server")
	addAllowRedirect(cmd, &f.redirectTo)
}

// addAllowRedirect is for all verbs that contact a registry. .seaworthy.yaml
// cannot set it: a pull request could then send our requests anywhere.
func addAllowRedirect(cmd *cobra.Command, to *[]string) {
	cmd.Flags().StringArrayVar(to, "allow-redirect", nil, "private address that a registry may redirect to: HOST, HOST:PORT, IP or CIDR (repeatable)")
}

func (f *resolveFlags) options(files []string, stdin io.Reader) (builder.Options, error) {
	if f.jobs < 1 {
		return builder.Options{}, system.BadInput("--jobs %d: must be at least 1", f.jobs)
	}
	if known := builder.Architectures(); !slices.Contains(known, f.arch) {
		return builder.Options{}, system.BadInput("unknown architecture --arch %q", f.arch).Suggest("use one of %s", strings.Join(known, ", "))
	}
	o := builder.Options{Files: files, Stdin: stdin, Name: f.name, Arch: f.arch, Components: f.components, Cache: f.cacheDir(), Offline: f.offline, RedirectTo: f.redirectTo, Locked: f.locked, Jobs: f.jobs}
	return o, nil
}

// cacheDir is --cache, else the user's cache folder, or "" if there is none.
func (f *resolveFlags) cacheDir() string {
	if f.cache != "" {
		return f.cache
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "seaworthy")
}

// inventories is the store of image inventories in the cache. A cache folder that
// .seaworthy.yaml names has no such store: image bytes there are verified again,
// but a person who can commit an inventory could lie about their contents.
func (f *resolveFlags) inventories(cmd *cobra.Command) scanner.Cache {
	return f.store(cmd, "inventory", nil)
}

// kept is the store of earlier build results in the cache. These results become
// part of signed images, so write access to the cache must not be enough to forge
// them. A secret in the user's settings folder, never in a cache, authenticates
// the entries.
func (f *resolveFlags) kept(cmd *cobra.Command) kept.Store {
	settings, err := os.UserConfigDir()
	if err != nil {
		return kept.Store{}
	}
	secret := kept.Secret(filepath.Join(settings, "seaworthy", "cache.secret"))
	if secret == nil {
		return kept.Store{}
	}
	return f.store(cmd, "builds", secret)
}

func (f *resolveFlags) store(cmd *cobra.Command, folder string, secret []byte) kept.Store {
	dir := f.cacheDir()
	if dir == "" || f.cache != "" && !cmd.Flags().Changed("cache") {
		return kept.Store{}
	}
	return kept.Store{Dir: filepath.Join(dir, folder), Program: version() + " " + build(), Secret: secret}
}

// systemName is --name, or the default name.
func (f *resolveFlags) systemName(files []string) string {
	if f.name != "" {
		return f.name
	}
	return builder.Stem(files[0])
}

// policyFlags are the flags of all verbs that make a decision.
type policyFlags struct {
	ruleFlags
	waivers, failOn, now string
	reports, frameworks  []string
}

func (f *policyFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	f.addDecision(cmd)
	fs.StringVar(&f.failOn, "fail-on", "low", "lowest severity that denies the system: low, medium, high, critical, or none")
	fs.StringArrayVar(&f.frameworks, "framework", nil, "catalogue of controls to report on (repeatable); seaworthy rules frameworks lists them")
	fs.StringArrayVar(&f.reports, "report", nil, "FORMAT[=FILE]: "+strings.Join(report.Formats(), ", ")+"; without FILE to stdout (repeatable, default text)")
}

// addDecision adds the flags that findings depend on. Verbs without a verdict
// need only these.
func (f *policyFlags) addDecision(cmd *cobra.Command) {
	fs := cmd.Flags()
	f.ruleFlags.add(cmd, policy.DefaultPolicy)
	fs.StringVar(&f.waivers, "waivers", "", "file with waivers")
	fs.StringVar(&f.now, "now", "", "current time, to decide which waivers have expired: RFC 3339 or YYYY-MM-DD (default: the clock)")
}

func (f *policyFlags) options() (policy.Options, error) {
	now, err := parseNow(f.now)
	if err != nil {
		return policy.Options{}, err
	}
	o := policyOptions(f.policies)
	o.Waivers, o.FailOn, o.Now, o.Dated = f.waivers, f.failOn, now, f.now != ""
	o.Frameworks = f.frameworks
	o.Tool = decision.Tool{Name: "seaworthy", Version: version()}
	return o, nil
}

// ruleFlags are the flags of all verbs that read rules.
type ruleFlags struct{ policies, keys []string }

func (f *ruleFlags) add(cmd *cobra.Command, pack string) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.policies, "policy", []string{pack}, "policy: a pack ("+strings.Join(decision.Packs(), ", ")+"), a folder of rules, or oci://REFERENCE (repeatable: the system must pass all of them)")
	fs.StringArrayVar(&f.keys, "policy-key", nil, "public key that verifies policies from a registry (repeatable: one valid signature is enough)")
}

// loadKeys reads the keys. A key without a policy that it could verify is an
// error.
func (f *ruleFlags) loadKeys() ([]crypto.PublicKey, error) {
	if len(f.keys) > 0 && !f.remote() {
		return nil, system.BadInput("--policy-key is given, but no policy comes from a registry").Suggest("add --policy oci://REFERENCE, or remove --policy-key")
	}
	var keys []crypto.PublicKey
	var errs []error
	for _, p := range f.keys {
		k, err := verify.LoadKey(p)
		keys, errs = append(keys, k), append(errs, err)
	}
	return keys, errors.Join(errs...)
}

func (f *ruleFlags) remote() bool {
	return slices.ContainsFunc(f.policies, func(p string) bool { return strings.HasPrefix(p, policies.Scheme) })
}

// ruleReader has the flags of a verb that reads rules but no system.
type ruleReader struct {
	ruleFlags
	from resolveFlags
}

func (f *ruleReader) add(cmd *cobra.Command) {
	f.ruleFlags.add(cmd, "strict")
	f.from.addCache(cmd)
}

// options fetches the policies.
func (f *ruleReader) options(cmd *cobra.Command) (policy.Options, error) {
	if err := applyConfig(cmd); err != nil {
		return policy.Options{}, err
	}
	o := policyOptions(f.policies)
	keys, err := f.loadKeys()
	if err != nil {
		return o, err
	}
	o.Policies, err = policies.Fetch(cmd.Context(), o.Policies,
		policies.Options{Keys: keys, Cache: f.from.cacheDir(), Offline: f.from.offline, RedirectTo: f.from.redirectTo})
	return o, err
}

// policyOptions selects the policies. Policies that are not built in are evaluated
// in a separate process.
func policyOptions(names []string) policy.Options {
	o := policy.Options{Isolate: guestProcess}
	for _, name := range names {
		o.Policies = append(o.Policies, policy.Source{Name: name})
	}
	return o
}

func parseNow(s string) (time.Time, error) {
	if s == "" {
		return time.Now().UTC(), nil
	}
	t, _, err := parseTime("now", s)
	return t, err
}

// parseTime reads a flag value that is a time or a day. A day means its first
// second. The empty string is the zero Time.
func parseTime(flag, s string) (t time.Time, day bool, err error) {
	if s == "" {
		return t, false, nil
	}
	if t, err = time.Parse(time.DateOnly, s); err == nil {
		return t, true, nil
	}
	if t, err = time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), false, nil
	}
	return t, false, system.BadInput("--%s %q is not a time", flag, s).Suggest("write 2027-01-31 or 2027-01-31T12:00:00Z")
}

// sourceDate is the time in outputs: SOURCE_DATE_EPOCH, else 1970.
func sourceDate() (time.Time, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > 1<<32-1 {
		return time.Time{}, system.BadInput("SOURCE_DATE_EPOCH=%q is not a number of seconds", s).Suggest("write the seconds since 1970, or unset it")
	}
	return time.Unix(n, 0).UTC(), nil
}

// checkOptions combines the flags of check and build.
func (c *cli) checkOptions(rf *resolveFlags, pf *policyFlags, files []string) (pipeline.CheckOptions, error) {
	formats := rf.formats
	if formats == nil { // the verb has no --format
		formats = []string{image.Default()}
	}
	if err := image.CheckFormats(formats); err != nil {
		return pipeline.CheckOptions{}, err
	}
	r, err := rf.options(files, c.in)
	if err != nil {
		return pipeline.CheckOptions{}, err
	}
	p, err := pf.options()
	if err != nil {
		return pipeline.CheckOptions{}, err
	}
	keys, err := pf.loadKeys()
	if err != nil {
		return pipeline.CheckOptions{}, err
	}
	t, err := sourceDate()
	if err != nil {
		return pipeline.CheckOptions{}, err
	}
	return pipeline.CheckOptions{Resolve: r, Policy: p, Trust: rf.trust, PolicyKeys: keys, Time: t, Progress: c.progress(),
		FormatsMeant: formats, Vulnerabilities: vuln.Options{Databases: rf.databases, VEX: rf.vex}}, nil
}
