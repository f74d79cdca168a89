package publish_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
)

// tool is the path of a program that `make registries` compiles.
func tool(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("SEAWORTHY_TOOLS")
	if dir == "" {
		t.Skip("the tests with other programs are not enabled: run `make test-registries`, or set SEAWORTHY_TOOLS to the folder of oras, crane, cosign and registry")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run `make test-registries`", err)
	}
	return path
}

// Other programs find and read what push wrote, in all registries.
func TestOtherPrograms(t *testing.T) {
	s := seal(t, nil)
	home := t.TempDir()
	run := func(t *testing.T, program string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir, cmd.Env = home, []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "COSIGN_YES=1"}
		var text, errs strings.Builder
		cmd.Stdout, cmd.Stderr = &text, &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s %s: %v\n%s%s", filepath.Base(program), strings.Join(args, " "), err, text.String(), errs.String())
		}
		return text.String()
	}
	for name, host := range map[string]func(t *testing.T) string{
		"referrers API":   func(t *testing.T) string { return newServer(t, true).host },
		"distribution v3": func(t *testing.T) string { return distribution(t, tool(t, "registry")) },
		"Debian":          debian,
	} {
		t.Run(name, func(t *testing.T) {
			oras := tool(t, "oras")
			at := host(t) + "/systems/os"
			reference := s.push(t, at+":1").Reference
			_, digest, _ := strings.Cut(reference, "@")

			if raw := run(t, tool(t, "crane"), "manifest", at+":1"); digests.Of([]byte(raw)) != digest && digests.Of([]byte(strings.TrimSuffix(raw, "\n"))) != digest {
				t.Errorf("crane reads another manifest: %s", raw)
			}
			var found struct {
				Referrers []struct {
					ArtifactType string `json:"artifactType"`
				} `json:"referrers"`
			}
			if err := json.Unmarshal([]byte(run(t, oras, "discover", "--plain-http", "--format", "json", reference)), &found); err != nil {
				t.Fatal(err)
			}
			kinds := map[string]int{}
			for _, r := range found.Referrers {
				kinds[r.ArtifactType]++
			}
			// The registry for tests lists the type of the config instead of the artifact type.
			if kinds[layout.FolderType] != 1 || kinds["application/vnd.dev.sigstore.bundle.v0.3+json"]+kinds["application/vnd.oci.empty.v1+json"] != 11 || len(kinds) != 2 {
				t.Errorf("oras discover finds %v", kinds)
			}
			got := t.TempDir()
			run(t, oras, "pull", "--plain-http", "-o", got, reference)
			for _, file := range []string{"os-kernel", "os-initrd.img", "os-cmdline"} {
				want, _ := os.ReadFile(filepath.Join(s.dir, file))
				if have, err := os.ReadFile(filepath.Join(got, file)); err != nil || string(have) != string(want) {
					t.Errorf("oras pull: %s differs: %v", file, err)
				}
			}
			if text := run(t, tool(t, "cosign"), "tree", "--allow-http-registry", "--experimental-oci11", reference); strings.Count(text, "artifacts via OCI referrer") < 2 || !strings.Contains(text, layout.FolderType) {
				t.Errorf("cosign tree: %s", text)
			}

			// A copy of another program, and then our copy of the rest.
			skopeo, err := exec.LookPath("skopeo")
			if err != nil {
				t.Skip("skopeo is not installed: apt-get install skopeo")
			}
			run(t, skopeo, "copy", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://"+at+":1", "docker://"+at+":skopeo")
			if _, err := publish.Copy(t.Context(), at+":skopeo", at+":ours", publish.Options{}); err != nil {
				t.Fatal(err)
			}
			dir, _, err := s.pull(t, at+":ours")
			if err != nil {
				t.Fatal(err)
			}
			same(t, s.dir, dir)
			// Our archive is one that skopeo and oras read.
			file := pack(t, s.dir)
			run(t, skopeo, "copy", "--insecure-policy", "--dest-tls-verify=false", "oci-archive:"+file+":os", "docker://"+at+":archive")
			if raw := run(t, tool(t, "crane"), "digest", at+":archive"); strings.TrimSpace(raw) != digest {
				t.Errorf("skopeo copies the archive as %s, want %s", raw, digest)
			}
			run(t, oras, "copy", "--to-plain-http", "-r", "--from-oci-layout", file+":os", at+":oras")
			if dir, _, err = s.pull(t, at+":oras"); err != nil {
				t.Fatal(err)
			}
			same(t, s.dir, dir)
		})
	}
}

// Our registries and those of the distribution project give the same folder.
func TestRoundTripDistribution(t *testing.T) {
	at := distribution(t, tool(t, "registry")) + "/systems/os:1"
	s := seal(t, nil)
	first := s.push(t, at)
	if again := s.push(t, at); again.Sent != 0 || again.Reference != first.Reference {
		t.Errorf("the second push: %+v, the first: %+v", again, first)
	}
	dir, notes, err := s.pull(t, at)
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	same(t, s.dir, dir)
}
