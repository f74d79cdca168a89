// Package facts holds what policies see: everything that was observed about a
// system, and nothing that was decided about it. Its JSON form is the `input`
// of every rule. Types and that form only; it imports the standard library
// alone, and anyone may import it.
//
// A pointer or a Present field tells an input that is missing from one that is
// empty: rules answer unknown to the first, never pass.
package facts

import (
	"encoding/json"
	"strings"
)

// SchemaVersion counts the changes of the JSON form, in which a new field is
// one too: rules would take facts without it for facts where it is empty. The
// form is published as docs/facts.schema.json, made from this file.
const SchemaVersion = 1

// Facts describes one system.
type Facts struct {
	SchemaVersion int    `json:"schemaVersion"`
	Name          string `json:"name"`
	// Arch is the Go name of the architecture.
	Arch    string   `json:"arch"`
	Sources []Source `json:"sources"`
	// Locked: the system was resolved from its lock. LockDigest is sha256:HEX
	// of the lock, "" without one.
	Locked     bool        `json:"locked"`
	LockDigest string      `json:"lockDigest"`
	Components []Component `json:"components"`
	Kernel     Kernel      `json:"kernel"`
	Cmdline    Cmdline     `json:"cmdline"`
	Sysctl     Sysctl      `json:"sysctl"`
	Files      []File      `json:"files"`
	// SBOM is the system's own, merged one.
	SBOM SystemSBOM `json:"sbom"`
	// Ignored are the settings of os.yml that have no effect.
	Ignored []Ignored `json:"ignored"`
	// Builder is the version of the program that took the facts, Lock what
	// os.lock.json pins beside images.
	Builder string `json:"builder"`
	Lock    Lock   `json:"lock"`
	// Trust says whether a trust policy was given; without one nobody looked
	// for signatures of images.
	Trust Trust `json:"trust"`
	// Vulnerabilities says what the components' lists come from.
	Vulnerabilities VulnerabilityScan `json:"vulnerabilities"`
	// Formats are those that the image is built in, or would be; empty where
	// nobody said.
	Formats []Format `json:"formats"`
	// Output is what was found out about the built image, when it is verified.
	Output Output `json:"output"`
	// Scope is there where these are not the facts of a whole system.
	Scope *Scope `json:"scope,omitempty"`
}

// Format is a format of the image. Attributes: it holds the extended attributes
// of files, and so their capabilities.
type Format struct {
	Name       string `json:"name"`
	Attributes bool   `json:"attributes"`
}

// Ignored is a setting that has no effect, and why.
type Ignored struct {
	// Key as os.yml writes it: "hostname", "trust.image"; Value is its value.
	Key   string `json:"key"`
	Value string `json:"value"`
	// Component that it belongs to, "" for none.
	Component string `json:"component"`
	Reason    string `json:"reason"`
	Origin    Origin `json:"origin"`
}

// Lock is the part of os.lock.json that is about no component; its zero value
// is a system without a lock.
type Lock struct {
	Present bool `json:"present"`
	// Builder is the version of the program that wrote the lock.
	Builder string `json:"builder"`
	// Policy is the name of the policy pack, PolicyDigest its digest; "" where
	// the lock pins none.
	Policy       string `json:"policy"`
	PolicyDigest string `json:"policyDigest"`
}

// Scope says what facts of less than a system are about. Inputs are named as
// rules name them: "kernel config", "command line", "sysctls".
type Scope struct {
	// Given are the inputs that there are. A rule is about the first of its
	// inputs, and decides where that one is given.
	Given []string `json:"given"`
	// Missing are inputs that a rule may look at beside what it is about; they
	// are taken for empty, and nothing is decided about them.
	Missing []string `json:"missing"`
}

// Source is an os.yml.
type Source struct {
	Path   string `json:"path"`
	Digest string `json:"digest"`
}

// Origin is who set a value: layer is default, image, label or os.yml; file,
// line and column (from 1) are there for os.yml. For a kernel that is checked
// alone it is config, cmdline or sysctl, with the file that was given.
type Origin struct {
	Layer  string `json:"layer"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// Component is one container image and what it would be allowed to do.
type Component struct {
	// ID is SECTION/NAME, or "kernel".
	ID      string `json:"id"`
	Section string `json:"section"`
	Name    string `json:"name"`
	Index   int    `json:"index"`
	Image   Image  `json:"image"`
	// ReadOnly root filesystem or volume.
	ReadOnly bool `json:"readonly"`
	// Spec is the effective OCI runtime spec, null for kernel, init and
	// volumes; Runtime is LinuxKit's runtime.json.
	Spec    json.RawMessage `json:"spec"`
	Runtime json.RawMessage `json:"runtime"`
	// Origins by JSON pointer into Spec; a pointer that is missing has the
	// origin of its longest prefix, and "" is always there.
	Origins map[string]Origin `json:"origins"`
	SBOM    SBOM              `json:"sbom"`
	Files   Inventory         `json:"files"`
	// Entry is what os.yml says about the component: its keys as written, with
	// aliases followed; for init the image's name. null where os.yml is not
	// known. Spec says what comes of it.
	Entry json.RawMessage `json:"entry"`
	// Program is what the runtime would start; its Name is "" for kernel, init
	// and volumes.
	Program Program `json:"program"`
	// MissingTargets are destinations of the spec's mounts at which the image has
	// nothing, and no other mount brings it.
	MissingTargets []string `json:"missingTargets"`
}

// OriginOf is the origin of the longest prefix of a JSON pointer that Origins
// has, and whether it has one.
func (c *Component) OriginOf(pointer string) (Origin, bool) {
	for {
		if o, ok := c.Origins[pointer]; ok {
			return o, true
		}
		cut := strings.LastIndexByte(pointer, '/')
		if cut < 0 {
			return Origin{}, false
		}
		pointer = pointer[:cut]
	}
}

// Image is where a component comes from.
type Image struct {
	Reference string `json:"reference"`
	// Name is the full reference, Registry/Repository and Tag its parts; Tag
	// is "" where there is none.
	Name       string `json:"name"`
	Registry   string `json:"registry"`
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	Digest     string `json:"digest"`
	Manifest   string `json:"manifest"`
	// Pinned: os.yml names the digest. Locked: os.lock.json does.
	Pinned bool `json:"pinned"`
	Locked bool `json:"locked"`
	// Origin of the reference: its place in os.yml.
	Origin       Origin            `json:"origin"`
	OS           string            `json:"os"`
	Architecture string            `json:"architecture"`
	User         string            `json:"user"`
	Env          []string          `json:"env"`
	Entrypoint   []string          `json:"entrypoint"`
	Cmd          []string          `json:"cmd"`
	ExposedPorts []string          `json:"exposedPorts"`
	Labels       map[string]string `json:"labels"`
	History      []string          `json:"history"`
	// TrustRequired: the trust section asks for a signature.
	TrustRequired bool `json:"trustRequired"`
	// Attestations are the signatures and statements found beside the image.
	Attestations Attestations `json:"attestations"`
}

// SBOM is what was found in one component.
type SBOM struct {
	Present bool `json:"present"`
	// Formats are those written: "SPDX-2.3", "CycloneDX-1.6".
	Formats  []string  `json:"formats"`
	Packages []Package `json:"packages"`
	// Distro is what /etc/os-release says; null where there is none.
	Distro   *Distro  `json:"distro"`
	Coverage Coverage `json:"coverage"`
	// Unreadable are files that look like software and could not be read: what
	// they hold is not among Packages.
	Unreadable []string `json:"unreadable"`
	// Vulnerabilities that the database knows of these packages, sorted by
	// package and id.
	Vulnerabilities []Vulnerability `json:"vulnerabilities"`
	// Unmatched are packages of which the vulnerability databases say nothing,
	// bad or good; empty where nothing was scanned.
	Unmatched []Unmatched `json:"unmatched"`
}

// SystemSBOM is the merged SBOM: which components it names.
type SystemSBOM struct {
	Present    bool     `json:"present"`
	Components []string `json:"components"`
	Packages   int      `json:"packages"`
}

// Package is one piece of software.
type Package struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Type     string   `json:"type"`
	PURL     string   `json:"purl"`
	Licenses []string `json:"licenses"`
	// Paths are the files in which it was found, a few where there are many;
	// none for a package that a distribution's database lists.
	Paths []string `json:"paths"`
}

// Distro is the distribution that an image is based on.
type Distro struct {
	ID         string `json:"id"`
	VersionID  string `json:"versionId"`
	PrettyName string `json:"prettyName"`
}

// Coverage counts regular files, and those that a package owns.
type Coverage struct {
	Files int `json:"files"`
	Owned int `json:"owned"`
}

// Inventory is what stood out among a component's files. Lists are sorted by
// path and hold at most MaxListed entries each; Truncated says so.
type Inventory struct {
	Present       bool  `json:"present"`
	Count         int   `json:"count"`
	Bytes         int64 `json:"bytes"`
	SetID         []Obj `json:"setid"`
	WorldWritable []Obj `json:"worldWritable"`
	FileCaps      []Obj `json:"fileCaps"`
	// Sensitive are world-readable files that should not be: /etc/shadow,
	// private keys, kubeconfigs.
	Sensitive []Obj `json:"sensitive"`
	// Secrets are files in any layer, shadowed ones too, that hold a private
	// key or a credential; Kind says which. The secret itself is never kept.
	Secrets []Obj `json:"secrets"`
	// EmptyPasswords are accounts with an empty password, in /etc/shadow or
	// /etc/passwd; those of another file as "NAME in FILE".
	EmptyPasswords []string `json:"emptyPasswords"`
	// KnownPasswords are accounts there whose password is a well-known one,
	// UntriedPasswords those with a hash that is not computed to tell.
	KnownPasswords   []string `json:"knownPasswords"`
	UntriedPasswords []string `json:"untriedPasswords"`
	DuplicateIDs     []string `json:"duplicateIds"`
	// OpenLogins are files of /etc/pam.d by which PAM lets in who knows no secret.
	OpenLogins []string `json:"openLogins"`
	// Inittab are the commands that an init starts by /etc/inittab.
	Inittab []string `json:"inittab"`
	// Tools are package managers, compilers, debuggers and network tools, by
	// path; Kind says which of the four.
	Tools []Obj `json:"tools"`
	// SSHD holds the settings of /etc/ssh/sshd_config and of what it includes,
	// keys in lower case; null without the file. SSHDMatch are those that hold
	// for some alone.
	SSHD      map[string]string `json:"sshd" facts:"nullable"`
	SSHDMatch []SSHDMatch       `json:"sshdMatch"`
	// AuthorizedKeys are files named so, and those from which sshd takes keys by
	// AuthorizedKeysFile and TrustedUserCAKeys.
	AuthorizedKeys []string `json:"authorizedKeys"`
	// Sysctl are the settings in /etc/sysctl.conf and /etc/sysctl.d, in the
	// order in which they are applied.
	Sysctl []Setting `json:"sysctl"`
	// LeftOut are device nodes of a container image, which the build leaves
	// out: a container gets those of its own /dev and of its spec alone.
	LeftOut []string `json:"leftOut"`
	// Links are symbolic links that become the host's: those of init images and
	// of the kernel's archive. Links among the host's programs and settings that
	// lead to a file there are left out, and so is what boot hides below a tmpfs.
	Links     []Link `json:"links"`
	Truncated bool   `json:"truncated"`
}

// SSHDMatch is a setting after a Match line of sshd_config, which overrides the
// others where the criteria are met.
type SSHDMatch struct {
	Criteria string `json:"criteria"`
	Keyword  string `json:"keyword"`
	Value    string `json:"value"`
}

// Link is a symbolic link. Path is absolute, Target as the image has it.
type Link struct {
	Path   string `json:"path"`
	Target string `json:"target"`
}

// MaxListed bounds each list of an Inventory.
const MaxListed = 1000

// Obj is one file that stood out. Path is absolute.
type Obj struct {
	Path     string `json:"path"`
	Type     string `json:"type"`
	Mode     string `json:"mode"` // octal: "4755"
	UID      int    `json:"uid"`
	GID      int    `json:"gid"`
	Kind     string `json:"kind,omitempty"`
	Shadowed bool   `json:"shadowed,omitempty"`
}

// Kernel is the kernel that would boot.
type Kernel struct {
	// Present: os.yml names one.
	Present bool `json:"present"`
	// Version as its modules' folder or its banner says: "6.1.0-41-cloud-amd64".
	Version string       `json:"version"`
	Config  KernelConfig `json:"config"`
	// Modules are the names of the modules that it ships, sorted.
	Modules []string `json:"modules"`
	// Distro package that it comes from, where one is known.
	Package string `json:"package"`
	// Ucode is the path of a processor's microcode in the image, "" for none.
	Ucode string `json:"ucode"`
}

// KernelConfig is the kernel's .config.
type KernelConfig struct {
	Present bool `json:"present"`
	// Source is the file, or "ikconfig".
	Source string `json:"source"`
	Digest string `json:"digest"`
	// Options by name with the CONFIG_ prefix: "y", "m", a number or a text
	// without quotes. "is not set" is "n"; an option that the file does not
	// name is absent.
	Options map[string]string `json:"options"`
	// Lines say where the options stand in Source, counted from 1, where that
	// is a file of its own and not one of an image.
	Lines map[string]int `json:"lines,omitempty"`
	// Claim: the configuration lies beside a kernel that does not carry its own.
	// Confirmed are the options of it that the kernel itself shows.
	Claim     bool     `json:"claim"`
	Confirmed []string `json:"confirmed"`
	// Fragment: the file holds a part of a configuration, as `make savedefconfig`
	// writes it. Of an option that it leaves out nothing is known.
	Fragment bool `json:"fragment"`
	// Mismatch says how config and kernel disagree, "" where they agree or
	// nothing tells.
	Mismatch string `json:"mismatch"`
}

// Cmdline is the kernel command line.
type Cmdline struct {
	// Raw is what the boot loader passes.
	Raw string `json:"raw"`
	// Params are the words that the kernel takes: of Raw, with what is built
	// into the kernel, up to the length that it takes and to "--".
	Params []Param `json:"params"`
	// Early are the words that boot code finds which takes the line for words
	// between blanks, behind "--" and inside quotes too.
	Early []Param `json:"early"`
	// BuiltIn is the line in the kernel's configuration.
	BuiltIn BuiltIn `json:"builtIn"`
	// Cut is how many bytes at the end are more than the kernel takes.
	Cut    int    `json:"cut"`
	Origin Origin `json:"origin"`
}

// BuiltIn is a command line in the kernel's configuration; Mode says what
// becomes of the boot loader's, and is "" where no line is built in.
type BuiltIn struct {
	Text string `json:"text"`
	Mode string `json:"mode"`
}

// The modes of a line that is built in: it stands instead of, before or after
// the boot loader's, or counts where the boot loader has none.
const (
	BuiltInInstead = "instead"
	BuiltInBefore  = "before"
	BuiltInAfter   = "after"
	BuiltInDefault = "default"
)

// Param is one word of the command line; Value is null for a bare flag.
// BuiltIn: it comes from the kernel's configuration.
type Param struct {
	Name    string  `json:"name"`
	Value   *string `json:"value"`
	Index   int     `json:"index"`
	BuiltIn bool    `json:"builtIn,omitempty"`
}

// Sysctl is what is written below /proc/sys at boot, in boot order: command
// line (sysctl.X=), onboot components that apply sysctl.d files, then the
// sysctl keys of container specs that share the host's namespace. Kernel
// defaults are not known here.
type Sysctl struct {
	// Applied: at least one component applies settings.
	Applied  bool      `json:"applied"`
	Settings []Setting `json:"settings"`
	// Refused are settings that a component tries to make and that do not hold
	// in the host; they are not among Settings.
	Refused []RefusedSetting `json:"refused"`
	// Unknown are components that apply settings of which nobody can tell.
	Unknown []Uncertain `json:"unknown"`
}

// RefusedSetting is a setting that does not hold in the host, and why.
type RefusedSetting struct {
	Key       string `json:"key"`
	Value     string `json:"value"`
	Component string `json:"component"`
	Reason    string `json:"reason"`
}

// Uncertain is a component whose settings are not known, and why.
type Uncertain struct {
	Component string `json:"component"`
	Reason    string `json:"reason"`
}

// Setting is one sysctl. Key has dots: "kernel.kptr_restrict".
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	// Component that sets it ("onboot/sysctl"), "cmdline", or "" inside an
	// Inventory.
	Component string `json:"component,omitempty"`
	// Source is the file in the image, or "spec", or "cmdline".
	Source string `json:"source"`
	Order  int    `json:"order"`
	// Line in Source, counted from 1, where that is a file of its own and not
	// one of an image.
	Line int `json:"line,omitempty"`
}

// File is one entry of the files section.
type File struct {
	Path     string `json:"path"` // absolute
	Type     string `json:"type"`
	Mode     string `json:"mode"` // octal
	UID      int    `json:"uid"`
	GID      int    `json:"gid"`
	Link     string `json:"link"`
	Source   string `json:"source"` // as os.yml writes it
	Metadata string `json:"metadata"`
	Size     int64  `json:"size"`
	Digest   string `json:"digest"`
	// Secret is the kind of secret that the contents hold, "" for none.
	Secret string `json:"secret"`
	// Sysctl are its settings, where it is a file that sysctl applies.
	Sysctl []Setting `json:"sysctl"`
	// Logins says who can log in by the file, null where it settles no such
	// thing.
	Logins *Logins `json:"logins"`
	Origin Origin  `json:"origin"`
}

// Logins is what a file says that stands alone: accounts (named passwd, shadow
// or NAME.shadow) or the settings of sshd (sshd_config).
type Logins struct {
	// See Inventory.
	EmptyPasswords   []string          `json:"emptyPasswords"`
	KnownPasswords   []string          `json:"knownPasswords"`
	UntriedPasswords []string          `json:"untriedPasswords"`
	SSHD             map[string]string `json:"sshd" facts:"nullable"`
	SSHDMatch        []SSHDMatch       `json:"sshdMatch"`
	// Partial: sshd_config includes files that are not looked at.
	Partial bool `json:"partial"`
}
