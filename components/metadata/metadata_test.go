//go:build linux

package metadata

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/seaworthy-os/seaworthy/components/block"
)

// testKey is the line of authorized_keys of a key that depends only on n.
func testKey(n byte) string {
	seed := bytes.Repeat([]byte{n}, ed25519.SeedSize)
	k, err := ssh.NewPublicKey(ed25519.NewKeyFromSeed(seed).Public())
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k)))
}

// serve answers requests with files. check refuses a request.
func serve(t *testing.T, files map[string]string, check func(r *http.Request) int) *client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if check != nil {
			if code := check(r); code != http.StatusOK {
				w.WriteHeader(code)
				return
			}
		}
		text, ok := files[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(s.Close)
	return newClient(s.URL + "/")
}

func want(t *testing.T, got *Settings, err error, id, name, user string, keys ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if got.InstanceID != id || got.Hostname != name || string(got.UserData) != user || !reflect.DeepEqual(got.Keys, keys) || len(got.Problems) > 0 {
		t.Errorf("%+v", got)
	}
}

func TestNoCloud(t *testing.T) {
	t.Parallel()
	c := serve(t, map[string]string{
		"/meta-data": "instance-id: i-7\nlocal-hostname: web-1\npublic-keys:\n  - " + testKey(1) + " ann@example\n  - " + testKey(2) + "\n",
		"/user-data": "#cloud-config\n",
	}, nil)
	s, err := noCloud(t.Context(), c)
	want(t, s, err, "i-7", "web-1", "#cloud-config\n", testKey(1)+" ann@example", testKey(2))
	// Without user data, and as JSON.
	s, err = noCloud(t.Context(), serve(t, map[string]string{"/meta-data": `{"instance-id": 7, "hostname": "a.b"}`}, nil))
	want(t, s, err, "7", "a.b", "")
}

func TestOpenStack(t *testing.T) {
	t.Parallel()
	s, err := openStack(t.Context(), serve(t, map[string]string{
		"/openstack/latest/meta_data.json": fmt.Sprintf(`{"uuid": "83679162-1378-4288-a2d4-70e13ec132aa", "hostname": "db.novalocal.", "public_keys": {"b": %q, "a": %q}}`, testKey(2)+"\n", testKey(1)),
		"/openstack/latest/user_data":      "#!/bin/sh\n",
	}, nil))
	want(t, s, err, "83679162-1378-4288-a2d4-70e13ec132aa", "db.novalocal", "#!/bin/sh\n", testKey(1), testKey(2))
}

func TestEC2(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"/latest/meta-data/instance-id":               "i-1234567890abcdef0",
		"/latest/meta-data/local-hostname":            "ip-10-0-0-1.ec2.internal",
		"/latest/meta-data/public-keys/":              "0=mine\n1=yours",
		"/latest/meta-data/public-keys/0/openssh-key": testKey(1) + " mine\n",
		"/latest/meta-data/public-keys/1/openssh-key": testKey(2) + "\n",
		"/latest/user-data":                           "data",
		"/latest/api/token":                           "secret-token",
	}
	tokens := 0
	s, err := ec2(t.Context(), serve(t, files, func(r *http.Request) int {
		switch {
		case r.URL.Path == "/latest/api/token":
			tokens++
			if r.Method != http.MethodPut || r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") == "" {
				return http.StatusBadRequest
			}
		case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "secret-token":
			return http.StatusUnauthorized
		}
		return http.StatusOK
	}))
	want(t, s, err, "i-1234567890abcdef0", "ip-10-0-0-1.ec2.internal", "data", testKey(1)+" mine", testKey(2))
	if tokens != 1 {
		t.Errorf("%d tokens", tokens)
	}
	// A provider without tokens.
	delete(files, "/latest/api/token")
	s, err = ec2(t.Context(), serve(t, files, nil))
	want(t, s, err, "i-1234567890abcdef0", "ip-10-0-0-1.ec2.internal", "data", testKey(1)+" mine", testKey(2))
	// The name of a key cannot lead to another path.
	files["/latest/meta-data/public-keys/"] = "../../user-data=x"
	if s, err = ec2(t.Context(), serve(t, files, nil)); err != nil || len(s.Keys) > 0 || len(s.Problems) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestGCP(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"/computeMetadata/v1/instance/id":                  "4711",
		"/computeMetadata/v1/instance/hostname":            "vm.c.project.internal",
		"/computeMetadata/v1/instance/attributes/ssh-keys": "ann:" + testKey(1) + " ann\n",
		"/computeMetadata/v1/project/attributes/ssh-keys":  testKey(2) + "\n",
	}
	flavored := func(r *http.Request) int {
		if r.Header.Get("Metadata-Flavor") != "Google" {
			return http.StatusForbidden
		}
		return http.StatusOK
	}
	s, err := gcp(t.Context(), serve(t, files, flavored))
	want(t, s, err, "4711", "vm.c.project.internal", "", testKey(1)+" ann", testKey(2))
	files["/computeMetadata/v1/instance/attributes/block-project-ssh-keys"] = "TRUE"
	s, err = gcp(t.Context(), serve(t, files, flavored))
	want(t, s, err, "4711", "vm.c.project.internal", "", testKey(1)+" ann")
}

// What a server sends cannot add lines, options or other files.
func TestHostile(t *testing.T) {
	t.Parallel()
	s := &Settings{}
	s.setHostname("a\nb")
	s.setHostname(strings.Repeat("a", 100))
	s.setInstanceID("../x")
	s.addKey(`command="/bin/sh" ` + testKey(1))
	s.addKey("ssh-rsa AAAA")
	s.addKey(testKey(1) + "\n" + testKey(2))
	s.setUserData(make([]byte, maxUserData+1))
	if s.Hostname != "" || s.InstanceID != "" || len(s.Keys) > 0 || s.UserData != nil || len(s.Problems) != 7 {
		t.Errorf("%+v", s)
	}
	s.addKey(testKey(1) + " a\x1bb")
	s.addKey("  # comment")
	s.addKey(testKey(1) + " ab")
	if len(s.Keys) != 1 || s.Keys[0] != testKey(1)+" ab" {
		t.Errorf("%q", s.Keys)
	}
	s.setHostname("web." + strings.Repeat("a", 63) + ".example")
	if s.Hostname != "web" {
		t.Errorf("%q", s.Hostname)
	}
	for name, text := range map[string]string{
		"alias":  "a: &x [1]\nb: *x\n",
		"list":   "- a\n",
		"binary": "a: \xff\n",
		"deep":   strings.Repeat("[", 100) + strings.Repeat("]", 100),
		"large":  strings.Repeat("a", maxMetaData+1),
	} {
		if m, err := decode([]byte(text)); err == nil {
			t.Errorf("%s: %v", name, m)
		}
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	c := serve(t, map[string]string{"/big": strings.Repeat("a", maxMetaData+1)}, func(r *http.Request) int {
		return map[string]int{"/redirect": http.StatusFound, "/error": http.StatusInternalServerError}[r.URL.Path] + map[bool]int{true: http.StatusOK}[r.URL.Path == "/big" || r.URL.Path == "/none"]
	})
	for path, text := range map[string]string{"/big": "more than", "/redirect": "302", "/error": "500", "/none": "not found"} {
		if _, err := c.get(t.Context(), path); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if b, err := c.optional(t.Context(), "/none"); b != nil || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// cd makes an ISO image with the program that cloud tools use.
func cd(t *testing.T, label string, files map[string]string, options ...string) string {
	t.Helper()
	path, err := exec.LookPath("xorriso")
	if err != nil {
		t.Skip("skipped: xorriso is not installed")
	}
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, "tree", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	iso := filepath.Join(dir, "cd.iso")
	args := append([]string{"-as", "mkisofs", "-quiet", "-V", label, "-o", iso}, options...)
	if out, err := exec.Command(path, append(args, filepath.Join(dir, "tree"))...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return iso
}

func TestISO(t *testing.T) {
	t.Parallel()
	noCloud := map[string]string{"meta-data": "instance-id: i-7\nlocal-hostname: web-1\npublic-keys: " + testKey(1) + "\n", "user-data": "x", "vendor-data": ""}
	openStack := map[string]string{
		"openstack/latest/meta_data.json": fmt.Sprintf(`{"uuid": "i-7", "hostname": "web-1", "public_keys": {"a": %q}}`, testKey(1)),
		"openstack/latest/user_data":      "x", "ec2/latest/meta-data.json": "{}",
	}
	for _, c := range []struct {
		label string
		files map[string]string
	}{{"cidata", noCloud}, {"CIDATA", noCloud}, {"config-2", openStack}} {
		for _, options := range []string{"-r", "-J", "-r -J", "-iso-level 4"} {
			t.Run(c.label+options, func(t *testing.T) {
				t.Parallel()
				f, err := os.Open(cd(t, c.label, c.files, strings.Fields(options)...))
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				s, err := fromISO(f, strings.ToLower(c.label))
				want(t, s, err, "i-7", "web-1", "x", testKey(1))
				if _, err := fromISO(f, "other"); err == nil || !strings.Contains(err.Error(), "it is named") {
					t.Error(err)
				}
			})
		}
	}
}

// machine is one with a CD in a drive, and an empty drive.
func machine(t *testing.T, iso string) block.Finder {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"sr0", "sr1"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "sys", name), 0o755), os.MkdirAll(filepath.Join(dir, "dev"), 0o755),
			os.WriteFile(filepath.Join(dir, "sys", name, "size"), []byte("8192\n"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(iso, filepath.Join(dir, "dev", "sr1")); err != nil {
		t.Fatal(err)
	}
	return block.Finder{Sys: filepath.Join(dir, "sys"), Dev: filepath.Join(dir, "dev")}
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := fetcher{devices: machine(t, cd(t, "cidata", map[string]string{"meta-data": "instance-id: i-7\nlocal-hostname: web-1\npublic-keys: " + testKey(1) + "\n"}, "-r")),
		dir: filepath.Join(dir, "config"), limit: time.Hour}
	if err := errors.Join(os.Mkdir(m.dir, 0o755), os.WriteFile(filepath.Join(m.dir, "userdata"), []byte("old"), 0o644)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := m.run(t.Context(), &out, []string{"openstack", "cdrom"}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "asks for at most 1h0m0s: openstack (a CD-ROM or disk named config-2), nocloud (a CD-ROM or disk named cidata)\nnocloud: instance i-7, host name web-1, 1 SSH keys, user data of 0 bytes\n" {
		t.Errorf("%q", got)
	}
	for name, want := range map[string]string{"provider": "nocloud\n", "instance-id": "i-7\n", "hostname": "web-1\n", "ssh/authorized_keys": testKey(1) + "\n", "userdata": ""} {
		b, err := os.ReadFile(filepath.Join(m.dir, name))
		if string(b) != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for group, want := range map[bool]os.FileMode{false: 0o400, true: 0o440} {
		if err := (&Settings{UserData: []byte("x")}).write(m.dir, group); err != nil {
			t.Fatal(err)
		}
		if st, err := os.Stat(filepath.Join(m.dir, "userdata")); err != nil || st.Mode() != want {
			t.Errorf("the mode of userdata is %v, want %v: %v", st.Mode(), want, err)
		}
	}
	// No server answers.
	m.limit = time.Nanosecond
	if err := m.run(t.Context(), &out, []string{"openstack"}); err == nil || !strings.Contains(err.Error(), "there is no CD-ROM or disk named config-2\nGive the machine these settings, or add -missing-ok") {
		t.Error(err)
	}
	m.missing = true
	if err := m.run(t.Context(), &out, []string{"openstack"}); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"azure", "nocloud-net"} {
		if err := m.run(t.Context(), &out, []string{bad}); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
	m.url = "ftp://x"
	if err := m.run(t.Context(), &out, []string{"ec2"}); err == nil {
		t.Error("the address was accepted")
	}
}

func FuzzISO(f *testing.F) {
	// A volume with one folder and one file, made by hand.
	b := make([]byte, 20*sector)
	copy(b[16*sector:], "\x01CD001\x01")
	copy(b[16*sector+40:], "cidata")
	rec := func(at, where, size int, folder byte, name string) int {
		n := 33 + len(name) + (1 - len(name)%2)
		b[at] = byte(n)
		b[at+2], b[at+10], b[at+11], b[at+25], b[at+32] = byte(where), byte(size), byte(size>>8), folder, byte(len(name))
		copy(b[at+33:], name)
		return at + n
	}
	rec(16*sector+156, 18, sector, 2, "\x00")
	next := rec(18*sector, 18, sector, 2, "\x00")
	rec(next, 19, 14, 0, "META_DAT.;1")
	copy(b[19*sector:], "instance-id: 1")
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, label := range []string{labelNoCloud, labelOpenStack} {
			s, err := fromISO(bytes.NewReader(b), label)
			if err == nil {
				valid(t, s)
			}
		}
	})
}

func FuzzMetaData(f *testing.F) {
	f.Add([]byte("instance-id: 1\nlocal-hostname: a\npublic-keys: {a: [b]}\n"), []byte("x"))
	f.Add([]byte(`{"uuid": "1", "hostname": "a", "public_keys": {"a": "`+testKey(1)+`"}}`), []byte{})
	f.Fuzz(func(t *testing.T, meta, user []byte) {
		s := &Settings{}
		if s.noCloud(meta, user) == nil {
			valid(t, s)
		}
		s = &Settings{}
		if s.openStack(meta, user) == nil {
			valid(t, s)
		}
	})
}

func FuzzKey(f *testing.F) {
	f.Add(testKey(1) + " comment")
	f.Add(`no-pty,command="x" ` + testKey(1))
	f.Fuzz(func(t *testing.T, line string) {
		s := &Settings{}
		s.addKey(line)
		valid(t, s)
	})
}

// valid: what is written has no other lines, and keys have no options.
func valid(t *testing.T, s *Settings) {
	t.Helper()
	for _, text := range append([]string{s.Hostname, s.InstanceID}, s.Keys...) {
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q is not one printable line", text)
		}
	}
	for _, k := range s.Keys {
		if _, _, options, _, err := ssh.ParseAuthorizedKey([]byte(k)); err != nil || len(options) > 0 {
			t.Errorf("%q: %v, options %q", k, err, options)
		}
	}
}
