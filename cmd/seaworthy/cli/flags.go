package cli

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
	"github.com/seaworthy-os/seaworthy/attest/verify/keyless"
	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/component"
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

// ResolveFlags are the flags of all verbs that read os.yml.
type ResolveFlags struct {
	name, Arch, cache string
	trust             string
	components        []string
	RedirectTo        []string
	databases, vex    []string
	Tools             []string
	Formats           []string
	locked, Offline   bool
	rescan            bool
	jobs              int
	memory            memoryFlags
}

// Add adds the flags to a verb.
func (f *ResolveFlags) Add(cmd *cobra.Command) {
	f.AddInputs(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.name, "name", "", "name of the system (default: name of the first file, without its extension)")
	fs.BoolVar(&f.locked, "locked", false, "use the digests in the lock file (os.lock.json for os.yml) for all components and policies, or fail")
}

// AddFormats is for all verbs that check a build: they must check the same
// formats that build writes.
func (f *ResolveFlags) AddFormats(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.Formats, "format", []string{image.Default()}, "image formats of the build, separated by commas: "+strings.Join(image.Formats(), ", "))
}

// AddInputs adds the flags that say where a system's inputs come from.
func (f *ResolveFlags) AddInputs(cmd *cobra.Command) {
	fs := cmd.Flags()
	f.AddComponents(cmd)
	fs.StringVar(&f.trust, "trust", "", "trust policy: the file that says who may sign component images (docs/trust.md)")
	f.AddJobs(cmd)
}

// AddJobs adds --jobs.
func (f *ResolveFlags) AddJobs(cmd *cobra.Command) {
	cmd.Flags().IntVar(&f.jobs, "jobs", runtime.NumCPU(), "number of images to read at the same time")
}

// AddRescan is for the verbs that use scan results from the cache.
func (f *ResolveFlags) AddRescan(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.rescan, "rescan", false, "scan every image again, also if the cache has its scan result")
}

// AddComponents adds the flags that say where component images are.
func (f *ResolveFlags) AddComponents(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.Arch, "arch", runtime.GOARCH, "architecture: amd64, arm64 or riscv64")
	fs.StringArrayVar(&f.components, "components", nil, "place of component images: an OCI layout, a folder of layouts or an archive (repeatable)")
	f.AddCache(cmd)
}

// Store says where a verb without an os.yml finds component images.
func (f *ResolveFlags) Store() component.Options {
	return component.Options{Paths: f.components, Cache: f.CacheDir(), Offline: f.Offline, Arch: f.Arch, RedirectTo: f.RedirectTo}
}

// AddVulnerabilities adds the flags for vulnerability databases and VEX.
func (f *ResolveFlags) AddVulnerabilities(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.databases, "vuln-db", nil, "vulnerability database: OSV, Debian security tracker or CISA KEV catalogue; a file, folder or zip (repeatable)")
	fs.StringArrayVar(&f.vex, "vex", nil, "OpenVEX document: vulnerabilities that it marks as not affected or fixed are not reported as failures (repeatable)")
}

// AddCache adds the flags for registry access. Some verbs need them that do not
// read an os.yml.
func (f *ResolveFlags) AddCache(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.cache, "cache", "", "folder for pulled images and for results of earlier scans (default: the user's cache folder)")
	fs.BoolVar(&f.Offline, "offline", false, "do not contact any registry or server")
	AddAllowRedirect(cmd, &f.RedirectTo)
}

// Online requires that --offline is not given, for a reference that must be fetched.
func (f *ResolveFlags) Online(reference string) error {
	if f.Offline {
		return system.BadInput("%s is in a registry, which --offline excludes", reference).Suggest("leave out --offline, or give a folder")
	}
	return nil
}

// AddAllowRedirect is for all verbs that contact a registry. .seaworthy.yaml
// cannot set it: a pull request could then send our requests anywhere.
func AddAllowRedirect(cmd *cobra.Command, to *[]string) {
	cmd.Flags().StringArrayVar(to, "allow-redirect", nil, "private address that a registry may redirect to: HOST, HOST:PORT, IP or CIDR (repeatable)")
}

func (f *ResolveFlags) options(files []string, stdin io.Reader) (builder.Options, error) {
	if f.jobs < 1 {
		return builder.Options{}, system.BadInput("--jobs %d: must be at least 1", f.jobs)
	}
	if err := CheckArch(f.Arch); err != nil {
		return builder.Options{}, err
	}
	o := builder.Options{Files: files, Stdin: stdin, Name: f.name, Arch: f.Arch, Components: f.components, Cache: f.CacheDir(), Offline: f.Offline, RedirectTo: f.RedirectTo, Locked: f.locked, Jobs: f.jobs}
	return o, nil
}

// CheckArch refuses an unknown --arch.
func CheckArch(arch string) error {
	if known := builder.Architectures(); !slices.Contains(known, arch) {
		return system.BadInput("unknown architecture --arch %q", arch).Suggest("use one of %s", strings.Join(known, ", "))
	}
	return nil
}

// AddCacheOnly adds only --cache, for verbs that keep something else there. what is
// the help.
func (f *ResolveFlags) AddCacheOnly(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&f.cache, "cache", "", what+" (default: the user's cache folder)")
}

// CacheDir is --cache, else the user's cache folder, or "" if there is none.
func (f *ResolveFlags) CacheDir() string {
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
func (f *ResolveFlags) inventories(cmd *cobra.Command) scanner.Cache {
	return f.store(cmd, "inventory", nil)
}

// Kept is the store of earlier build results in the cache. These results become
// part of signed images, so write access to the cache must not be enough to forge
// them. A secret in the user's settings folder, never in a cache, authenticates
// the entries. With --rescan, the store is empty and keeps nothing.
func (f *ResolveFlags) Kept(cmd *cobra.Command) kept.Store {
	settings, err := os.UserConfigDir()
	if err != nil || f.rescan {
		return kept.Store{}
	}
	secret := kept.Secret(filepath.Join(settings, "seaworthy", "cache.secret"))
	if secret == nil {
		return kept.Store{}
	}
	return f.store(cmd, "builds", secret)
}

func (f *ResolveFlags) store(cmd *cobra.Command, folder string, secret []byte) kept.Store {
	dir := f.CacheDir()
	if dir == "" || f.cache != "" && !cmd.Flags().Changed("cache") {
		return kept.Store{}
	}
	return kept.Store{Dir: filepath.Join(dir, folder), Program: Version() + " " + build(), Secret: secret}
}

// SystemName is --name, or the default name.
func (f *ResolveFlags) SystemName(files []string) string {
	if f.name != "" {
		return f.name
	}
	return builder.Stem(files[0])
}

// PolicyFlags are the flags of all verbs that make a decision.
type PolicyFlags struct {
	RuleFlags
	Waivers, FailOn, Now string
	Reports, frameworks  []string
}

// Add adds the flags to a verb.
func (f *PolicyFlags) Add(cmd *cobra.Command) {
	fs := cmd.Flags()
	f.AddDecision(cmd)
	fs.StringVar(&f.FailOn, "fail-on", "low", "lowest severity that denies the system: low, medium, high, critical, or none")
	fs.StringArrayVar(&f.frameworks, "framework", nil, "catalogue of controls to report on (repeatable); seaworthy rules frameworks lists them")
	fs.StringArrayVar(&f.Reports, "report", nil, "FORMAT[=FILE]: "+strings.Join(report.Formats(), ", ")+"; without FILE to stdout (repeatable, default text)")
}

// AddDecision adds the flags that findings depend on. Verbs without a verdict
// need only these.
func (f *PolicyFlags) AddDecision(cmd *cobra.Command) {
	fs := cmd.Flags()
	f.RuleFlags.Add(cmd, policy.DefaultPolicy)
	fs.StringVar(&f.Waivers, "waivers", "", "file with waivers")
	fs.StringVar(&f.Now, "now", "", "current time, to decide which waivers have expired: RFC 3339 or YYYY-MM-DD (default: the clock)")
}

// Options turns the flags into the options of a decision.
func (f *PolicyFlags) Options() (policy.Options, error) {
	now, err := ParseNow(f.Now)
	if err != nil {
		return policy.Options{}, err
	}
	o := PolicyOptions(f.Policies)
	o.Waivers, o.FailOn, o.Now, o.Dated = f.Waivers, f.FailOn, now, f.Now != ""
	o.Frameworks = f.frameworks
	o.Tool = decision.Tool{Name: "seaworthy", Version: Version()}
	return o, nil
}

// RuleFlags are the flags of all verbs that read rules.
type RuleFlags struct {
	Policies, keys []string
	// The trusted identity for policies from a registry.
	root, subject, issuer string
}

// Add adds the flags to a verb. pack is the policy without --policy.
func (f *RuleFlags) Add(cmd *cobra.Command, pack string) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.Policies, "policy", []string{pack}, "policy: a pack ("+strings.Join(decision.Packs(), ", ")+"), a folder of rules, or oci://REFERENCE (repeatable: the system must pass all of them)")
	fs.StringArrayVar(&f.keys, "policy-key", nil, "public key that verifies policies from a registry (repeatable: one valid signature is enough)")
	fs.StringVar(&f.subject, "policy-identity", "", "identity that may sign policies from a registry, instead of a key; a * at the end matches any text")
	fs.StringVar(&f.issuer, "policy-issuer", "", "identity provider of --policy-identity, as in the certificate")
	fs.StringVar(&f.root, "policy-trusted-root", "", "Sigstore's trusted_root.json, for --policy-identity")
}

// Signers are those that may sign policies. A signer without a policy that it could
// have signed is an error.
func (f *RuleFlags) Signers() (verify.Signers, error) {
	identity := f.root != "" || f.subject != "" || f.issuer != ""
	flag := "--policy-key"
	if len(f.keys) == 0 {
		flag = "--policy-identity"
	}
	switch {
	case (len(f.keys) > 0 || identity) && !f.remote():
		return verify.Signers{}, system.BadInput("%s is given, but no policy comes from a registry", flag).Suggest("add --policy oci://REFERENCE, or remove %s", flag)
	case identity && (f.root == "" || f.subject == "" || f.issuer == ""):
		return verify.Signers{}, system.BadInput("--policy-identity, --policy-issuer and --policy-trusted-root need each other").
			Suggest("give all three: the identity, its provider, and the keys of the services")
	}
	s := verify.Signers{Now: time.Now()}
	var err error
	if s.Keys, err = loadKeys(f.keys); err != nil || !identity {
		return s, err
	}
	k, err := keyless.Load(f.root, keyless.Identity{Issuer: f.issuer, Subject: f.subject})
	if err != nil {
		return s, err
	}
	s.Keyless = k
	return s, nil
}

func loadKeys(paths []string) ([]crypto.PublicKey, error) {
	var keys []crypto.PublicKey
	var errs []error
	for _, p := range paths {
		k, err := verify.LoadKey(p)
		keys, errs = append(keys, k), append(errs, err)
	}
	return keys, errors.Join(errs...)
}

func (f *RuleFlags) remote() bool {
	return slices.ContainsFunc(f.Policies, func(p string) bool { return strings.HasPrefix(p, policies.Scheme) })
}

// RuleReader has the flags of a verb that reads rules but no system.
type RuleReader struct {
	RuleFlags
	From ResolveFlags
}

// Add adds the flags to a verb.
func (f *RuleReader) Add(cmd *cobra.Command) {
	f.RuleFlags.Add(cmd, "strict")
	f.From.AddCache(cmd)
}

// Options fetches the policies.
func (f *RuleReader) Options(cmd *cobra.Command) (policy.Options, error) {
	if err := ApplyConfig(cmd); err != nil {
		return policy.Options{}, err
	}
	o := PolicyOptions(f.Policies)
	signers, err := f.Signers()
	if err != nil {
		return o, err
	}
	o.Policies, err = policies.Fetch(cmd.Context(), o.Policies,
		policies.Options{Signers: signers, Cache: f.From.CacheDir(), Offline: f.From.Offline, RedirectTo: f.From.RedirectTo})
	return o, err
}

// PolicyOptions selects the policies. Policies that are not built in are evaluated
// in a separate process.
func PolicyOptions(names []string) policy.Options {
	o := policy.Options{Isolate: guestProcess}
	for _, name := range names {
		o.Policies = append(o.Policies, policy.Source{Name: name})
	}
	return o
}

// ParseNow is the value of --now, else the clock.
func ParseNow(s string) (time.Time, error) {
	if s == "" {
		return time.Now().UTC(), nil
	}
	t, _, err := verify.ParseTime("now", s)
	return t, err
}

// SourceDate is the time in outputs: SOURCE_DATE_EPOCH, else 1970.
func SourceDate() (time.Time, error) {
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

// CheckOptions combines the flags of check and build.
func (c *Streams) CheckOptions(rf *ResolveFlags, pf *PolicyFlags, files []string) (pipeline.CheckOptions, error) {
	formats := rf.Formats
	if formats == nil { // the verb has no --format
		formats = []string{image.Default()}
	}
	if err := image.CheckFormats(formats); err != nil {
		return pipeline.CheckOptions{}, err
	}
	r, err := rf.options(files, c.Input())
	if err != nil {
		return pipeline.CheckOptions{}, err
	}
	p, err := pf.Options()
	if err != nil {
		return pipeline.CheckOptions{}, err
	}
	signers, err := pf.Signers()
	if err != nil {
		return pipeline.CheckOptions{}, err
	}
	t, err := SourceDate()
	if err != nil {
		return pipeline.CheckOptions{}, err
	}
	return pipeline.CheckOptions{Resolve: r, Policy: p, Trust: rf.trust, PolicySigners: signers, Time: t, Progress: c.Progress(),
		FormatsMeant: formats, Vulnerabilities: vuln.Options{Databases: rf.databases, VEX: rf.vex}}, nil
}

// ScanOptions are the options of CheckOptions, with the results of earlier scans. The
// caller calls done at the end.
func (c *Streams) ScanOptions(cmd *cobra.Command, rf *ResolveFlags, pf *PolicyFlags, files []string) (o pipeline.CheckOptions, done func(), err error) {
	if o, err = c.CheckOptions(rf, pf, files); err != nil {
		return o, func() {}, err
	}
	if o.Shared, done, err = c.memory(cmd.Context(), rf); err != nil {
		return o, done, err
	}
	if !rf.rescan {
		o.Inventories = rf.inventories(cmd)
	}
	return o, done, nil
}
