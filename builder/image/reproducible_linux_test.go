package image

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// surroundings are the properties of a build's environment that must not change its
// output.
type surroundings struct {
	Umask int
	env   []string
	dir   string
	user  *syscall.SysProcAttr
}

// surroundingsEnv tells a new process of this test program to build each format, and
// to write the digests of the files. It needs its own process, because the umask and
// the settings that Go reads at start are global.
const surroundingsEnv = "SEAWORTHY_TEST_SURROUNDINGS"

// Every format gives the same bytes for another user, in another folder, umask, time
// zone and language, and on another number of processors.
func TestFormatsAreReproducible(t *testing.T) {
	if raw := os.Getenv(surroundingsEnv); raw != "" {
		buildIn(t, raw)
		return
	}
	t.Parallel()
	one := surroundings{Umask: 0o077, dir: t.TempDir(), env: []string{"TZ=UTC", "LANG=C", "GOMAXPROCS=1"}}.build(t)
	two := surroundings{Umask: 0o002, dir: filepath.Join(t.TempDir(), "another", "folder"), user: anotherUser(t),
		env: []string{"TZ=Pacific/Kiritimati", "LANG=de_DE.UTF-8", "LC_ALL=tr_TR.UTF-8", "GOMAXPROCS=7", "SOURCE_DATE_EPOCH=1000000000", "USER=another"}}.build(t)
	for _, f := range Formats() {
		t.Run(f, func(t *testing.T) {
			if f != "rpi3" {
				requireTools(t, f)
			}
			if len(one[f]) == 0 || !maps.Equal(one[f], two[f]) {
				t.Errorf("the files were %v, and then %v", one[f], two[f])
			}
		})
	}
}

// anotherUser starts a process in a user namespace, where this user has another number.
func anotherUser(t *testing.T) *syscall.SysProcAttr {
	t.Helper()
	const id = 1234
	attr := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Getgid(), Size: 1}},
	}
	cmd := exec.Command("true")
	if cmd.SysProcAttr = attr; cmd.Run() != nil {
		t.Log("the same user builds twice: this system does not allow user namespaces")
		return nil
	}
	return attr
}

// build builds each format in a new process, and returns the digests of its files.
func (s surroundings) build(t *testing.T) map[string]map[string]string {
	t.Helper()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^"+t.Name()+"$")
	cmd.Dir, cmd.SysProcAttr = s.dir, s.user
	cmd.Env = append(os.Environ(), append(s.env, surroundingsEnv+"="+string(raw), "TMPDIR="+s.dir, "HOME="+s.dir)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	digests := map[string]map[string]string{}
	if raw, err = os.ReadFile(filepath.Join(s.dir, "digests.json")); err == nil {
		err = json.Unmarshal(raw, &digests)
	}
	if err != nil {
		t.Fatal(err)
	}
	return digests
}

// buildIn builds one format after another: some write the same file.
func buildIn(t *testing.T, raw string) {
	var s surroundings
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		t.Fatal(err)
	}
	syscall.Umask(s.Umask)
	// More than one processor compresses this file.
	var noise strings.Builder
	for i := range 200000 {
		sum := sha256.Sum256([]byte(fmt.Sprint(i % 50000)))
		noise.Write(sum[:])
	}
	add := item{path: "noise", typ: system.TypeFile, mode: 0o644, body: noise.String()}
	digests := map[string]map[string]string{}
	for _, f := range Formats() {
		files := map[string][]byte{}
		if f == "rpi3" { // needs a kernel for arm64
			var err error
			if files["os.tar"], err = rpi3Tar(t, append(rpi3Tree(arm64Kernel(30<<20), "quiet", debianTrees...), add), Kernel{Zstd: true}, false); err != nil {
				t.Fatal(err)
			}
		} else if _, err := Require([]string{f}, "amd64", stubs(t), false); err == nil { // TestFormatsAreReproducible reports the others
			files = build(t, []string{f}, append(slices.Clone(small), add), &Kernel{Zstd: true})
		}
		digests[f] = map[string]string{}
		for name, b := range files {
			digests[f][name] = fmt.Sprintf("%x", sha256.Sum256(b))
		}
	}
	out, err := json.Marshal(digests)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("digests.json", out, 0o600); err != nil {
		t.Fatal(err)
	}
}
