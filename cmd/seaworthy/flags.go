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
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/report"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/vuln"
)

// resolveFlags are shared by the verbs that read os.yml.
type resolveFlags struct {
	name, arch, cache string
	trust             string
	components        []string
	redirectTo        []string
	databases, vex    []string
	formats           []string
	locked, offline   bool
	jobs              int
}

func (f *resolveFlags) add(cmd *cobra.Command) {
	f.addInputs(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.name, "name", "", "name of the system (default: the first file's stem)")
	fs.BoolVar(&f.locked, "locked", false, "take every component and policy at the digest in the lock, STEM.lock.json, or fail")
}

// addFormats is for the verbs that decide about a build, so that all of them
// decide about the same one.
func (f *resolveFlags) addFormats(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.formats, "format", []string{image.Default()}, "image formats of the build, separated by commas: "+strings.Join(image.Formats(), ", "))
}

// addInputs adds what says where a system's inputs come from.
func (f *resolveFlags) addInputs(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.arch, "arch", runtime.GOARCH, "architecture: amd64, arm64 or riscv64")
	fs.StringArrayVar(&f.components, "components", nil, "where component images are: an OCI layout, a folder of layouts or an archive (repeatable)")
	fs.StringVar(&f.trust, "trust", "", "trust policy: the keys whose signatures on component images are believed")
	f.addCache(cmd)
	fs.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "how many images are read at a time")
}

// addVulnerabilities adds what packages are matched with.
func (f *resolveFlags) addVulnerabilities(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.databases, "vuln-db", nil, "vulnerability database: OSV, Debian's security tracker or CISA's catalogue; a file, folder or zip (repeatable)")
	fs.StringArrayVar(&f.vex, "vex", nil, "OpenVEX document: what it says does no harm is no finding (repeatable)")
}

// addCache adds what also verbs need that ask a registry and read no os.yml.
func (f *resolveFlags) addCache(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.cache, "cache", "", "folder that keeps what is pulled from a registry, and what was found in images (default: the user's cache folder)")
	fs.BoolVar(&f.offline, "offline", false, "ask no registry")
	addAllowRedirect(cmd, &f.redirectTo)
}

// addAllowRedirect is for all verbs that ask a registry. It is no setting of
// .seaworthy.yaml: a pull request could send us anywhere.
func addAllowRedirect(cmd *cobra.Command, to *[]string) {
	cmd.Flags().StringArrayVar(to, "allow-redirect", nil, "private address that a registry may redirect to: HOST, HOST:PORT, IP or CIDR (repeatable)")
}

func (f *resolveFlags) options(files []string, stdin io.Reader) (builder.Options, error) {
	if f.jobs < 1 {
		return builder.Options{}, system.BadInput("--jobs %d: at least 1", f.jobs)
	}
	if known := builder.Architectures(); !slices.Contains(known, f.arch) {
		return builder.Options{}, system.BadInput("--arch %q", f.arch).Suggest("use one of %s", strings.Join(known, ", "))
	}
	o := builder.Options{Files: files, Stdin: stdin, Name: f.name, Arch: f.arch, Components: f.components, Cache: f.cacheDir(), Offline: f.offline, RedirectTo: f.redirectTo, Locked: f.locked, Jobs: f.jobs}
	return o, nil
}

// cacheDir is --cache, else the user's; "" where there is neither.
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

// inventories is where the cache keeps what was found in images. A folder that
// .seaworthy.yaml names has none: images there are verified again, but whoever
// can commit an inventory could say what is in them.
func (f *resolveFlags) inventories(cmd *cobra.Command) scanner.Cache {
	return f.store(cmd, "inventory", nil)
}

// kept is where the cache keeps what builds have made. It goes into what is
// signed, so write access to the cache is not enough: entries are authenticated
// by a secret, which lies beside the user's settings and never in a cache.
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

// systemName is the name that a system gets without --name.
func (f *resolveFlags) systemName(files []string) string {
	if f.name != "" {
		return f.name
	}
	return builder.Stem(files[0])
}

// policyFlags are shared by the verbs that decide.
type policyFlags struct {
	ruleFlags
	waivers, failOn, now string
	reports, frameworks  []string
}

func (f *policyFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	f.addDecision(cmd)
	fs.StringVar(&f.failOn, "fail-on", "low", "least severity that denies: low, medium, high, critical, or none")
	fs.StringArrayVar(&f.frameworks, "framework", nil, "catalogue of controls to answer (repeatable); rules frameworks lists them")
	fs.StringArrayVar(&f.reports, "report", nil, "FORMAT[=FILE]: "+strings.Join(report.Formats(), ", ")+"; to stdout without FILE (repeatable, default text)")
}

// addDecision adds what findings hang on, for verbs that tell no verdict.
func (f *policyFlags) addDecision(cmd *cobra.Command) {
	fs := cmd.Flags()
	f.ruleFlags.add(cmd, policy.DefaultPolicy)
	fs.StringVar(&f.waivers, "waivers", "", "file of waivers")
	fs.StringVar(&f.now, "now", "", "time by which waivers expire, RFC 3339 or YYYY-MM-DD (default: the clock)")
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

// ruleFlags are shared by all verbs that read rules.
type ruleFlags struct{ policies, keys []string }

func (f *ruleFlags) add(cmd *cobra.Command, pack string) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.policies, "policy", []string{pack}, "a pack ("+strings.Join(decision.Packs(), ", ")+"), a folder of rules, or oci://REFERENCE (repeatable: the system has to pass all)")
	fs.StringArrayVar(&f.keys, "policy-key", nil, "public key that must have signed a policy from a registry (repeatable: any of them)")
}

// loadKeys reads the keys; one that would verify nothing is a mistake.
func (f *ruleFlags) loadKeys() ([]crypto.PublicKey, error) {
	if len(f.keys) > 0 && !f.remote() {
		return nil, system.BadInput("--policy-key, and no policy from a registry").Suggest("name one: --policy oci://REFERENCE")
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
	return slices.ContainsFunc(f.policies, func(p string) bool { return strings.HasPrefix(p, pipeline.OCIScheme) })
}

// ruleReader are the flags of a verb that reads rules and no system.
type ruleReader struct {
	ruleFlags
	from resolveFlags
}

func (f *ruleReader) add(cmd *cobra.Command) {
	f.ruleFlags.add(cmd, "strict")
	f.from.addCache(cmd)
}

// options fetch the policies.
func (f *ruleReader) options(cmd *cobra.Command) (policy.Options, error) {
	if err := applyConfig(cmd); err != nil {
		return policy.Options{}, err
	}
	o := policyOptions(f.policies)
	keys, err := f.loadKeys()
	if err != nil {
		return o, err
	}
	o.Policies, err = pipeline.FetchPolicies(cmd.Context(), o.Policies,
		pipeline.PolicyFetch{Keys: keys, Cache: f.from.cacheDir(), Offline: f.from.offline, RedirectTo: f.from.redirectTo})
	return o, err
}

// policyOptions name the policies, and have those that are not built in
// evaluated in a process of their own.
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

// parseTime reads the value of a flag that is a time, or a day: its first
// second. "" is the zero Time.
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
	return t, false, system.BadInput("--%s %q is no time", flag, s).Suggest("write 2027-01-31 or 2027-01-31T12:00:00Z")
}

// sourceDate is the clock of outputs: SOURCE_DATE_EPOCH, else 1970.
func sourceDate() (time.Time, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > 1<<32-1 {
		return time.Time{}, system.BadInput("SOURCE_DATE_EPOCH=%q is no count of seconds", s)
	}
	return time.Unix(n, 0).UTC(), nil
}

// checkOptions puts the flags of check and build together.
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
