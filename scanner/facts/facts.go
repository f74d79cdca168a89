// Package facts holds the data that policies use: everything that was observed
// about a system, without any decision. Its JSON form is the `input` of every
// rule. The package contains only types and that form. It imports only the
// standard library, and every package may import it.
//
// A pointer or a Present field distinguishes missing input from empty input.
// For missing input, rules answer unknown and never pass.
package facts

import (
	"encoding/json"
	"strings"
)

// SchemaVersion counts the changes of the JSON form. A new field is a change
// too, because rules would read facts without it as facts in which it is empty.
// The form is published as docs/facts.schema.json, which is generated from this
// file.
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
	// SBOM is the merged SBOM of the system.
	SBOM SystemSBOM `json:"sbom"`
	// Ignored are the settings of os.yml that have no effect.
	Ignored []Ignored `json:"ignored"`
	// Builder is the version of the program that collected the facts. Lock is
	// what os.lock.json pins besides images.
	Builder string `json:"builder"`
	Lock    Lock   `json:"lock"`
	// Trust says whether a trust policy was given. Without one, signatures of
	// images are not searched.
	Trust Trust `json:"trust"`
	// Vulnerabilities describes the source of the components' vulnerabilities.
	Vulnerabilities VulnerabilityScan `json:"vulnerabilities"`
	// Formats are the formats in which the image is built, or would be built;
	// empty if unknown.
	Formats []Format `json:"formats"`
	// Boot describes what boots from the files of the image.
	Boot Boot `json:"boot"`
	// Output is the result of verifying the built image.
	Output Output `json:"output"`
	// Scope is present if these are not the facts of a whole system.
	Scope *Scope `json:"scope,omitempty"`
	// FromImage is present if the facts come from image files alone, without os.yml.
	FromImage *FromImage `json:"fromImage,omitempty"`
}

// FromImage says what image files do not tell. A rule that reads such an input is
// unknown.
type FromImage struct {
	Unknown []NotSaid `json:"unknown"`
}

// NotSaid is an input of rules, by the name that rules use, and why it is unknown.
type NotSaid struct {
	Input  string `json:"input"`
	Reason string `json:"reason"`
}

// Format is a format of the image. Attributes: the format keeps extended
// attributes of files, and so their capabilities. Verified: dm-verity protects the
// root, and the build adds the root hash to the command line.
type Format struct {
	Name       string `json:"name"`
	Attributes bool   `json:"attributes"`
	Verified   bool   `json:"verified"`
}

// Ignored is a setting that has no effect, and why.
type Ignored struct {
	// Key as in os.yml: "hostname", "trust.image". Value is its value.
	Key   string `json:"key"`
	Value string `json:"value"`
	// Component is the component of the setting, "" for none.
	Component string `json:"component"`
	Reason    string `json:"reason"`
	Origin    Origin `json:"origin"`
}

// Lock is the part of os.lock.json that does not belong to a component. Its
// zero value is a system without a lock.
type Lock struct {
	Present bool `json:"present"`
	// Builder is the version of the program that wrote the lock.
	Builder string `json:"builder"`
	// Policy is the name of the policy pack, PolicyDigest its digest; "" if the
	// lock pins none.
	Policy       string `json:"policy"`
	PolicyDigest string `json:"policyDigest"`
}

// Scope describes facts of less than a whole system. Inputs have the names that
// rules use: "kernel config", "command line", "sysctls".
type Scope struct {
	// Given are the inputs that exist. A rule belongs to the first of its
	// inputs, and decides if that input is given.
	Given []string `json:"given"`
	// Missing are inputs that a rule may use in addition. They count as empty,
	// and nothing is decided about them.
	Missing []string `json:"missing"`
}

// Source is an os.yml.
type Source struct {
	Path   string `json:"path"`
	Digest string `json:"digest"`
}

// Origin says where a value was set. Layer is default, image, label or os.yml.
// File, line and column (from 1) are present for os.yml. For a kernel that is
// checked alone, layer is config, cmdline or sysctl, with the given file.
type Origin struct {
	Layer  string `json:"layer"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// Component is one container image and the permissions that it would get.
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
	// volumes. Runtime is LinuxKit's runtime.json.
	Spec    json.RawMessage `json:"spec"`
	Runtime json.RawMessage `json:"runtime"`
	// Origins by JSON pointer into Spec. A pointer that is not listed has the
	// origin of its longest listed prefix. "" is always listed.
	Origins map[string]Origin `json:"origins"`
	SBOM    SBOM              `json:"sbom"`
	Files   Inventory         `json:"files"`
	// Entry is the component's entry in os.yml: its keys as written, with
	// aliases resolved; for init, the image's name. It is null if os.yml is
	// unknown. Spec has the effective values.
	Entry json.RawMessage `json:"entry"`
	// Program is the program that the runtime would start. Its Name is "" for
	// kernel, init and volumes.
	Program Program `json:"program"`
	// MissingTargets are destinations of the spec's mounts that do not exist in
	// the image and that no other mount creates.
	MissingTargets []string `json:"missingTargets"`
}

// OriginOf is the origin of the longest prefix of a JSON pointer in Origins,
// and whether there is one.
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

// Image is the image of a component.
type Image struct {
	Reference string `json:"reference"`
	// Name is the full reference. Registry, Repository and Tag are its parts;
	// Tag is "" if there is none.
	Name       string `json:"name"`
	Registry   string `json:"registry"`
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	Digest     string `json:"digest"`
	Manifest   string `json:"manifest"`
	// Pinned: os.yml has the digest. Locked: os.lock.json has it.
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
	// TrustRequired: the trust section requires a signature.
	TrustRequired bool `json:"trustRequired"`
	// Attestations are the signatures and statements found beside the image.
	Attestations Attestations `json:"attestations"`
}

// SBOM describes the software in one component.
type SBOM struct {
	Present bool `json:"present"`
	// Formats are the written formats: "SPDX-2.3", "CycloneDX-1.6".
	Formats  []string  `json:"formats"`
	Packages []Package `json:"packages"`
	// Distro is the content of /etc/os-release; null if there is none.
	Distro   *Distro  `json:"distro"`
	Coverage Coverage `json:"coverage"`
	// Unreadable are files that look like software but cannot be read. Their
	// content is missing from Packages.
	Unreadable []string `json:"unreadable"`
	// Vulnerabilities are the known vulnerabilities of these packages, sorted
	// by package and id.
	Vulnerabilities []Vulnerability `json:"vulnerabilities"`
	// Unmatched are packages that no vulnerability database covers; empty if
	// there was no scan.
	Unmatched []Unmatched `json:"unmatched"`
}

// SystemSBOM describes the merged SBOM: the components in it.
type SystemSBOM struct {
	Present    bool     `json:"present"`
	Components []string `json:"components"`
	Packages   int      `json:"packages"`
	// Inside are the files about the system that the build adds to the image: the SBOM,
	// and the index of its files. It is empty if they are left out.
	Inside []string `json:"inside"`
}

// Package is one piece of software.
type Package struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Type     string   `json:"type"`
	PURL     string   `json:"purl"`
	Licenses []string `json:"licenses"`
	// Paths are the files in which it was found, at most a few. A package from
	// a distribution's database has none.
	Paths []string `json:"paths"`
}

// Distro is the distribution that an image is based on.
type Distro struct {
	ID         string `json:"id"`
	VersionID  string `json:"versionId"`
	PrettyName string `json:"prettyName"`
}

// Coverage counts regular files, and those that belong to a package.
type Coverage struct {
	Files int `json:"files"`
	Owned int `json:"owned"`
}

// Inventory lists the notable files of a component. Lists are sorted by path
// and have at most MaxListed entries each. Truncated is true if entries were
// left out.
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
	// Secrets are files in any layer, including shadowed files, that contain a
	// private key or a credential. Kind says which. The secret itself is never
	// stored.
	Secrets []Obj `json:"secrets"`
	// EmptyPasswords are accounts with an empty password, in /etc/shadow or
	// /etc/passwd. Accounts of another file have the form "NAME in FILE".
	EmptyPasswords []string `json:"emptyPasswords"`
	// KnownPasswords are accounts in the same files with a well-known password.
	// UntriedPasswords are accounts with a hash that is not computed.
	KnownPasswords   []string `json:"knownPasswords"`
	UntriedPasswords []string `json:"untriedPasswords"`
	DuplicateIDs     []string `json:"duplicateIds"`
	// OpenLogins are files of /etc/pam.d with which PAM accepts a login without
	// a secret.
	OpenLogins []string `json:"openLogins"`
	// Inittab are the commands in /etc/inittab that an init starts.
	Inittab []string `json:"inittab"`
	// Tools are package managers, compilers, debuggers and network tools, by
	// path. Kind says which of the four.
	Tools []Obj `json:"tools"`
	// SSHD holds the settings in /etc/ssh/sshd_config and its included files,
	// keys in lower case; null without the file. SSHDMatch are the settings
	// that apply conditionally.
	SSHD      map[string]string `json:"sshd" facts:"nullable"`
	SSHDMatch []SSHDMatch       `json:"sshdMatch"`
	// AuthorizedKeys are files of this name, and files from which sshd reads
	// keys by AuthorizedKeysFile and TrustedUserCAKeys. Empty files are left out.
	AuthorizedKeys []string `json:"authorizedKeys"`
	// Sysctl are the settings in /etc/sysctl.conf and /etc/sysctl.d, in the
	// order in which they are applied.
	Sysctl []Setting `json:"sysctl"`
	// LeftOut are device nodes of a container image. The build leaves them out:
	// a container has only the devices of its own /dev and of its spec.
	LeftOut []string `json:"leftOut"`
	// Links are symbolic links that become part of the host: those of init
	// images and of the kernel's archive. Two kinds are not listed: links among
	// the host's programs and settings that lead to a file there, and links
	// that boot hides below a tmpfs.
	Links []Link `json:"links"`
	// Containerd is the content of /etc/containerd/config.toml, null without the file.
	// ContainerdPrograms are the programs named containerd.
	Containerd         *Containerd `json:"containerd"`
	ContainerdPrograms []string    `json:"containerdPrograms"`
	// AppArmorProfiles are the names of the compiled profiles in
	// /usr/lib/seaworthy/apparmor, which init loads at boot.
	AppArmorProfiles []string `json:"apparmorProfiles"`
	// ModulesLoad are the names of the kernel modules in /etc/modules-load.d/*.conf.
	// Init loads those of init images, and of the kernel's archive.
	ModulesLoad []string `json:"modulesLoad"`
	// EmptyFolders are the folders below /run, /tmp and /var in which the image
	// has nothing: programs write their data there. If there are more than
	// MaxListed, the others are left out, and Truncated does not change.
	EmptyFolders []string `json:"emptyFolders"`
	Truncated    bool     `json:"truncated"`
}

// SSHDMatch is a setting after a Match line of sshd_config. It overrides the
// other settings if the criteria match.
type SSHDMatch struct {
	Criteria string `json:"criteria"`
	Keyword  string `json:"keyword"`
	Value    string `json:"value"`
}

// Link is a symbolic link. Path is absolute, Target is as in the image.
type Link struct {
	Path   string `json:"path"`
	Target string `json:"target"`
}

// MaxListed is the highest number of entries in each list of an Inventory.
const MaxListed = 1000

// Obj is one notable file. Path is absolute.
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
	// Present: os.yml has a kernel.
	Present bool `json:"present"`
	// Version from the modules' folder or the banner: "6.1.0-41-cloud-amd64".
	Version string       `json:"version"`
	Config  KernelConfig `json:"config"`
	// Modules are the names of the kernel's modules, sorted.
	Modules []string `json:"modules"`
	// Package is the distribution's package of the kernel, if known.
	Package string `json:"package"`
	// Ucode is the path of the processor microcode in the image, "" for none.
	Ucode string `json:"ucode"`
}

// KernelConfig is the kernel's .config.
type KernelConfig struct {
	Present bool `json:"present"`
	// Source is the file, or "ikconfig".
	Source string `json:"source"`
	Digest string `json:"digest"`
	// Options by name with the CONFIG_ prefix: "y", "m", a number, or a text
	// without quotes. "is not set" is "n". An option that is not in the file is
	// absent.
	Options map[string]string `json:"options"`
	// Lines are the lines of the options in Source, counted from 1, if Source
	// is a file of the user and not of an image.
	Lines map[string]int `json:"lines,omitempty"`
	// Claim: the configuration lies beside a kernel that does not contain its
	// own configuration. Confirmed are its options that the kernel itself
	// confirms.
	Claim     bool     `json:"claim"`
	Confirmed []string `json:"confirmed"`
	// Fragment: the file is a part of a configuration, as `make savedefconfig`
	// writes it. Options that are missing from it are unknown.
	Fragment bool `json:"fragment"`
	// Mismatch says how configuration and kernel disagree, "" if they agree or
	// cannot be compared.
	Mismatch string `json:"mismatch"`
}

// Cmdline is the kernel command line.
type Cmdline struct {
	// Raw is the line from the boot loader.
	Raw string `json:"raw"`
	// Params are the words that the kernel reads: from Raw and from the
	// built-in line, up to the kernel's length limit and up to "--".
	Params []Param `json:"params"`
	// Early are the words that early boot code finds. That code splits the line
	// at blanks only, and also reads words after "--" and inside quotes.
	Early []Param `json:"early"`
	// BuiltIn is the command line in the kernel's configuration.
	BuiltIn BuiltIn `json:"builtIn"`
	// Cut is the number of bytes at the end that exceed the kernel's limit.
	Cut    int    `json:"cut"`
	Origin Origin `json:"origin"`
}

// BuiltIn is a command line in the kernel's configuration. Mode says how the
// kernel combines it with the boot loader's line; it is "" without a built-in
// line.
type BuiltIn struct {
	Text string `json:"text"`
	Mode string `json:"mode"`
}

// The modes of a built-in line: it replaces, precedes or follows the boot
// loader's line, or is used if the boot loader has none.
const (
	BuiltInInstead = "instead"
	BuiltInBefore  = "before"
	BuiltInAfter   = "after"
	BuiltInDefault = "default"
)

// Param is one word of the command line. Value is null for a bare flag.
// BuiltIn: the word is from the kernel's configuration.
type Param struct {
	Name    string  `json:"name"`
	Value   *string `json:"value"`
	Index   int     `json:"index"`
	BuiltIn bool    `json:"builtIn,omitempty"`
}

// Sysctl lists the values that are written below /proc/sys at boot, in boot
// order: the command line (sysctl.X=), onboot components that apply sysctl.d
// files, then the sysctl keys of container specs that share the host's
// namespace. Kernel defaults are unknown here.
type Sysctl struct {
	// Applied: at least one component applies settings.
	Applied  bool      `json:"applied"`
	Settings []Setting `json:"settings"`
	// Refused are settings that a component tries to set, but that do not take
	// effect in the host. They are not in Settings.
	Refused []RefusedSetting `json:"refused"`
	// Unknown are components that apply settings which cannot be determined.
	Unknown []Uncertain `json:"unknown"`
}

// RefusedSetting is a setting that does not take effect in the host, and the
// reason.
type RefusedSetting struct {
	Key       string `json:"key"`
	Value     string `json:"value"`
	Component string `json:"component"`
	Reason    string `json:"reason"`
}

// Uncertain is a component whose settings are unknown, and the reason.
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
	// Line in Source, counted from 1, if Source is a file of the user and not
	// of an image.
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
	Source   string `json:"source"` // as in os.yml
	Metadata string `json:"metadata"`
	Size     int64  `json:"size"`
	Digest   string `json:"digest"`
	// Secret is the kind of secret in the contents, "" for none.
	Secret string `json:"secret"`
	// Sysctl are its settings, if it is a file that sysctl applies.
	Sysctl []Setting `json:"sysctl"`
	// Logins says who can log in because of the file, null if it has no such
	// settings.
	Logins *Logins `json:"logins"`
	// Containerd is its content if it is a configuration of containerd, else null.
	Containerd *Containerd `json:"containerd"`
	// AppArmorProfiles are the names of the AppArmor profiles in it that init loads.
	AppArmorProfiles []string `json:"apparmorProfiles"`
	// Modules are the names of the kernel modules that init loads because of a file
	// /etc/modules-load.d/NAME.conf. It is empty if a line has something else than one
	// name, such as a path or a parameter.
	Modules []string `json:"modules"`
	Origin  Origin   `json:"origin"`
}

// Logins is the content of a single file about logins: accounts (named passwd,
// shadow or NAME.shadow) or the settings of sshd (sshd_config).
type Logins struct {
	// See Inventory.
	EmptyPasswords   []string          `json:"emptyPasswords"`
	KnownPasswords   []string          `json:"knownPasswords"`
	UntriedPasswords []string          `json:"untriedPasswords"`
	SSHD             map[string]string `json:"sshd" facts:"nullable"`
	SSHDMatch        []SSHDMatch       `json:"sshdMatch"`
	// Partial: sshd_config includes files that are not known.
	Partial bool `json:"partial"`
}
