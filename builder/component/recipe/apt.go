package recipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe/aptsources"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// apt runs the machine's apt in a separate state folder. It needs no root, and does
// not change the lists, caches and archives of the machine. It trusts the sources
// and keyrings of the machine, and apt checks the signatures.
type apt struct {
	dir      string
	arch     string
	suite    string
	progress func(string)
	warnings string
	sum      string // what lists returns
}

// aptFolder has the sources and keys of this machine.
const aptFolder = "/etc/apt"

// openApt prepares the state folder and fetches the lists. close releases the
// folder for other builds.
func openApt(ctx context.Context, stateDir, arch, suite string, progress func(string)) (a *apt, close func(), err error) {
	for _, tool := range []string{"apt-get", "apt-cache"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, nil, system.Unusable("this component needs Debian packages, but %s is not installed on this machine", tool).
				Suggest("build the component on Debian or a derived system, or in a container of one")
		}
	}
	folder := "apt-" + arch
	if suite != "" {
		folder += "-" + suite
	}
	dir, err := filepath.Abs(filepath.Join(stateDir, folder))
	if err != nil {
		return nil, nil, err
	}
	if strings.ContainsAny(dir, "\"\n;") {
		return nil, nil, system.BadInput("state folder %q: apt cannot read a name with quotes, semicolons or line breaks", dir)
	}
	a = &apt{dir: dir, arch: arch, suite: suite, progress: progress}
	for _, d := range []string{"etc/sources.list.d", "etc/preferences.d", "lists/partial", "archives/partial", "cache", "log"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, nil, system.Unusable("the state folder cannot be used").Because(err)
		}
	}
	if close, err = lockFolder(dir, progress); err != nil {
		return nil, nil, err
	}
	if err := a.configure(aptFolder); err != nil {
		close()
		return nil, nil, err
	}
	progress("fetching package lists")
	if _, err := a.run(ctx, "apt-get", "-q", "update"); err != nil {
		close()
		return nil, nil, system.Unusable("the package lists cannot be fetched").Because(err).Suggest("check the network and the apt sources of this machine")
	}
	return a, close, nil
}

// lockFolder takes a state folder for this program, until release. It waits if another
// program has it, and says so: a build that compiles a kernel takes minutes.
func lockFolder(dir string, progress func(string)) (release func(), err error) {
	lock, err := os.OpenFile(filepath.Join(dir, "seaworthy.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, system.Unusable("the state folder cannot be used").Because(err)
	}
	err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		progress("waiting for another build, which uses " + dir)
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		lock.Close()
		return nil, system.Unusable("the state folder cannot be locked").Because(err)
	}
	return func() { lock.Close() }, nil
}

// lists is the digest of the signed Release files, and of the names and sizes of the
// other lists. A Release file has the digests of the lists that belong to it.
func (a *apt) lists() string {
	if a.sum != "" {
		return a.sum
	}
	var b strings.Builder
	dir := filepath.Join(a.dir, "lists")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		fmt.Fprintf(&b, "%s %d", e.Name(), info.Size())
		if strings.HasSuffix(e.Name(), "Release") {
			sum, err := fileDigest(os.Open, filepath.Join(dir, e.Name()))
			if err != nil {
				return ""
			}
			b.WriteString(" " + sum)
		}
		b.WriteString("\n")
	}
	a.sum = digests.Of([]byte(b.String()))
	return a.sum
}

// configure writes apt.conf and the sources. Debian images set hooks that would
// empty the archive cache of the machine. They are cleared here: only a file given
// by -c can clear them.
func (a *apt) configure(host string) error {
	sources, skipped, err := aptsources.Trusted(host)
	if err != nil {
		return err
	}
	if a.suite != "" {
		sources = aptsources.OfRelease(sources, host, a.suite)
	}
	for _, s := range skipped {
		a.progress("not used: " + s + ": it turns off signature checks")
	}
	if err := os.RemoveAll(filepath.Join(a.dir, "etc/sources.list.d")); err != nil {
		return err
	}
	files := map[string]string{"status": "", "apt.conf": a.conf(host)}
	for name, content := range sources {
		files["etc/sources.list.d/"+name] = content
	}
	for name, content := range files {
		p := filepath.Join(a.dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (a *apt) conf(host string) string {
	var b strings.Builder
	for _, hook := range []string{"APT::Update::Pre-Invoke", "APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success",
		"DPkg::Pre-Invoke", "DPkg::Post-Invoke", "DPkg::Pre-Install-Pkgs", "APT::Architectures", "APT::Default-Release",
		// Only the index Packages is needed.
		"Acquire::IndexTargets"} {
		fmt.Fprintf(&b, "#clear %s;\n", hook)
	}
	set := func(key, value string) { fmt.Fprintf(&b, "%s %q;\n", key, value) }
	target := "Acquire::IndexTargets::deb::Packages::"
	set(target+"MetaKey", "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages")
	set(target+"flatMetaKey", "Packages")
	set(target+"ShortDescription", "Packages")
	set(target+"Description", "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages")
	set(target+"flatDescription", "$(RELEASE) Packages")
	set(target+"Optional", "false")

	set("APT::Architecture", a.arch)
	fmt.Fprintf(&b, "APT::Architectures { %q; };\n", a.arch)
	set("APT::Install-Recommends", "false")
	set("APT::Install-Suggests", "false")
	set("APT::Get::AllowUnauthenticated", "false")
	set("Acquire::AllowInsecureRepositories", "false")
	set("Acquire::AllowWeakRepositories", "false")
	set("Acquire::AllowDowngradeToInsecureRepositories", "false")
	set("Acquire::Languages", "none")
	// apt-cache reads compressed lists slowly, and each component asks it.
	set("Acquire::GzipIndexes", "false")
	set("Acquire::Retries", "3")
	// The folder belongs to the caller, and the user _apt could not read it.
	set("APT::Sandbox::User", "root")
	if a.suite != "" {
		// With a plain release name, its security pocket would have a lower rank.
		set("APT::Default-Release", "/^"+regexp.QuoteMeta(a.suite)+"(-security|-updates)?$/")
	}
	in := func(p string) string { return filepath.Join(a.dir, p) }
	set("Dir::State", a.dir)
	set("Dir::State::status", in("status"))
	set("Dir::State::lists", in("lists")+"/")
	set("Dir::State::extended_states", in("extended_states"))
	set("Dir::Cache", in("cache"))
	set("Dir::Cache::archives", in("archives")+"/")
	set("Dir::Cache::pkgcache", in("cache/pkgcache.bin"))
	set("Dir::Cache::srcpkgcache", in("cache/srcpkgcache.bin"))
	set("Dir::Log", in("log"))
	set("Dir::Etc::sourcelist", in("etc/sources.list"))
	set("Dir::Etc::sourceparts", in("etc/sources.list.d")+"/")
	set("Dir::Etc::preferences", in("etc/preferences"))
	set("Dir::Etc::preferencesparts", in("etc/preferences.d")+"/")
	set("Dir::Etc::trusted", filepath.Join(host, "trusted.gpg"))
	set("Dir::Etc::trustedparts", filepath.Join(host, "trusted.gpg.d")+"/")
	return b.String()
}

// run starts apt and returns its output. Warnings are kept for the message of a
// later error.
func (a *apt) run(ctx context.Context, tool string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, tool, append([]string{"-c", filepath.Join(a.dir, "apt.conf")}, args...)...)
	cmd.Dir = filepath.Join(a.dir, "archives")
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &limitedWriter{w: &stderr, left: 64 << 10}
	err := cmd.Run()
	if err == nil {
		a.warnings += aptMessages(stderr.String())
		return stdout.Bytes(), nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	text := aptMessages(stderr.String()) + a.warnings
	if text == "" {
		return nil, fmt.Errorf("%s %s: %w", tool, args[0], err)
	}
	return nil, fmt.Errorf("%s: %s", tool, strings.TrimSuffix(strings.ReplaceAll(text, "\n", "; "), "; "))
}

// aptMessages keeps the errors and warnings of apt's stderr.
func aptMessages(s string) string {
	var b strings.Builder
	for _, line := range strings.Split(s, "\n") {
		if strings.HasPrefix(line, "E: ") || strings.HasPrefix(line, "W: ") {
			b.WriteString(line[3:] + "\n")
		}
	}
	return b.String()
}

// archiveLine is a line about an archive that apt would fetch. Its file name has the name
// and the version of the package, in which apt writes some characters like a URI.
var archiveLine = lazyre.New(`^'[^']+' ([^ _]+)_([^ _]+)_[^ _]+\.deb `)

func (a *apt) resolve(ctx context.Context, wants []string, depends bool) ([]*debPackage, error) {
	if depends {
		var err error
		if wants, err = a.withDependencies(ctx, wants); err != nil {
			return nil, system.Unusable("the dependencies cannot be resolved").Because(err)
		}
	}
	out, err := a.run(ctx, "apt-cache", append([]string{"show", "--no-all-versions"}, wants...)...)
	if err != nil {
		return nil, system.Unusable("the packages cannot be found").Because(err)
	}
	stanzas, err := readStanzas(bytes.NewReader(out))
	if err != nil {
		return nil, system.Unusable("the package index cannot be read").Because(err)
	}
	return match(wants, stanzas)
}

// withDependencies are the packages that apt would install, each as NAME=VERSION. apt
// says which archives it would fetch: --simulate takes twice as long. An archive that it
// has already is not listed, so the folder of archives is an empty one.
func (a *apt) withDependencies(ctx context.Context, wants []string) ([]string, error) {
	empty, err := os.MkdirTemp(a.dir, "archives-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(empty)
	if err := os.Mkdir(filepath.Join(empty, "partial"), 0o755); err != nil {
		return nil, err
	}
	out, err := a.run(ctx, "apt-get", append([]string{"-q", "-y", "-o", "Dir::Cache::archives=" + empty + "/", "--print-uris", "install"}, wants...)...)
	if err != nil {
		return nil, err
	}
	return versions(string(out))
}

// versions are the packages of the archives that apt lists, each as NAME=VERSION.
func versions(uris string) ([]string, error) {
	var all []string
	for _, line := range strings.Split(uris, "\n") {
		m := archiveLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name, err := url.PathUnescape(m[1])
		version, err2 := url.PathUnescape(m[2])
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		all = append(all, name+"="+version)
	}
	return all, nil
}

// match finds one stanza for each wanted package.
func match(wants []string, stanzas []stanza) ([]*debPackage, error) {
	var out []*debPackage
	var errs []error
	for _, want := range wants {
		name, version, _ := strings.Cut(want, "=")
		var found *debPackage
		for _, s := range stanzas {
			if s["Package"] != name || version != "" && s["Version"] != version {
				continue
			}
			p, err := indexed(s)
			if err != nil {
				errs = append(errs, err)
			} else if found == nil {
				found = p
			}
		}
		if found == nil {
			errs = append(errs, system.Unusable("package %s is not in the apt sources of this machine", want))
			continue
		}
		out = append(out, found)
	}
	return out, errors.Join(errs...)
}

var (
	debNameRE = lazyre.New(`^[a-z0-9][a-z0-9+.-]+$`)
	debVerRE  = lazyre.New(`^[A-Za-z0-9.+:~-]+$`)
	debArchRE = lazyre.New(`^[a-z0-9-]+$`)
)

func indexed(s stanza) (*debPackage, error) {
	size, err := strconv.ParseInt(s["Size"], 10, 64)
	p := &debPackage{index: s, Package: Package{Name: s["Package"], Version: s["Version"],
		Architecture: s["Architecture"], Size: size, SHA256: s["SHA256"]}}
	if err != nil || size < 0 || !digests.ValidHex(p.SHA256) || !debNameRE.MatchString(p.Name) ||
		!debVerRE.MatchString(p.Version) || !debArchRE.MatchString(p.Architecture) {
		return nil, system.Unusable("the index entry of package %q needs a valid name, version, architecture, size and SHA-256", s["Package"])
	}
	return p, nil
}

func (a *apt) fetch(ctx context.Context, packages []*debPackage) error {
	var missing []string
	for _, p := range packages {
		p.file = filepath.Join(a.dir, "archives",
			p.Name+"_"+strings.ReplaceAll(p.Version, ":", "%3a")+"_"+p.Architecture+".deb")
		if verifyFile(p.file, p.SHA256) != nil {
			if err := os.Remove(p.file); err != nil && !errors.Is(err, os.ErrNotExist) {
				return system.Unusable("the state folder cannot be used").Because(err)
			}
			missing = append(missing, p.Name+"="+p.Version)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	a.progress("fetching " + plural(len(missing), "package"))
	if _, err := a.run(ctx, "apt-get", append([]string{"-q", "download"}, missing...)...); err != nil {
		return system.Unusable("the packages cannot be fetched").Because(err)
	}
	return nil
}

type limitedWriter struct {
	w    io.Writer
	left int
}

// Write drops bytes over the limit: a message does not need them.
func (l *limitedWriter) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if _, err := l.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}
