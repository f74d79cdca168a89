package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/signertest"
	"github.com/seaworthy-os/seaworthy/attest/sigstoretest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
	"github.com/seaworthy-os/seaworthy/internal/petest"
)

var update = flag.Bool("update", false, "update the expected output in the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"seaworthy":            main,
		signertest.CommandName: signertest.Command,
		signertest.PluginName:  signertest.Plugin,
	})
}

// TestScript runs the real program as a user does. Each script tests one behaviour
// with its output and exit code.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scriptParams("testdata/script"))
}

// scriptParams are the commands and the environment of the scripts in dir.
func scriptParams(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("COSIGN_PASSWORD", "secret")
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, "cache"))
			e.Setenv("HOME", e.WorkDir)
			return os.CopyFS(filepath.Join(e.WorkDir, "policy"), os.DirFS("testdata/policy"))
		},
		Condition: func(name string) (bool, error) {
			if name != "ovmf" { // Debian's firmware for amd64 is installed
				return false, fmt.Errorf("unknown condition %s", name)
			}
			fw, _ := boot.FirmwareOf("amd64")
			_, err := os.Stat(fw.Template)
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":      exits,
			"registry":   startRegistry,
			"images":     images,
			"push":       push,
			"buildkit":   buildKit,
			"serve":      serve,
			"flip":       flip,
			"sign":       sign,
			"efistub":    efiStub,
			"provenance": provenance,
			"plainkey":   plainKey,
			"sigstore":   startSigstore,
			"company":    company,
			"fill":       fill,
			"printed":    printed,
			"github":     github,
			"gitlab":     gitlab,
			"jenkins":    jenkins,
			"precommit":  precommit,
			"tekton":     tekton,
		},
	}
}

// fill FILE TARGET copies a file. It replaces $RELEASE_KEY with the id of the key in
// release, $NEW_IMAGE with the digest of the image in dist/new, and $WEB_IMAGE with
// that of the component test/web:1.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile(args[0])
	if strings.Contains(text, "$RELEASE_KEY") {
		key, err := verify.LoadKey(ts.MkAbs("release/seaworthy.pub"))
		ts.Check(err)
		id, err := verify.KeyID(key)
		ts.Check(err)
		text = strings.ReplaceAll(text, "$RELEASE_KEY", id)
	}
	if strings.Contains(text, "$WEB_IMAGE") {
		text = strings.ReplaceAll(text, "$WEB_IMAGE", namedImage(ts, "images/good", "docker.io/test/web:1"))
	}
	if strings.Contains(text, "$NEW_IMAGE") {
		var index struct{ Manifests []struct{ Digest string } }
		ts.Check(json.Unmarshal([]byte(ts.ReadFile("dist/new/oci/index.json")), &index))
		text = strings.ReplaceAll(text, "$NEW_IMAGE", index.Manifests[0].Digest)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

// namedImage is the digest of an image in a layout.
func namedImage(ts *testscript.TestScript, dir, name string) string {
	var index struct{ Manifests []ocitest.Descriptor }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(dir+"/index.json")), &index))
	for _, d := range index.Manifests {
		if d.Annotations["org.opencontainers.image.ref.name"] == name {
			return d.Digest
		}
	}
	ts.Fatalf("%s has no %s", dir, name)
	return ""
}

// printed TEXT requires that the last command printed this text.
func printed(ts *testscript.TestScript, neg bool, args []string) {
	out := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	if !strings.Contains(out, args[0]) {
		ts.Fatalf("the last command did not print %q, but:\n%s", args[0], out)
	}
}

// exits CODE ARGS... runs seaworthy and requires an exit code. The script can then
// match stdout and stderr.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE ARGS...")
	}
	// testscript knows only success and failure, so a shell compares the code.
	line := []string{"-c", `code=$1; shift; seaworthy "$@"; got=$?; [ $got = $code ] || { echo "exit code $got, want $code" >&2; exit 1; }`, "sh"}
	ts.Check(ts.Exec("sh", append(line, args...)...))
}

// startRegistry [plain|login] starts a registry on a loopback port, and sets $REGISTRY to
// its HOST:PORT. A plain registry has no referrers API. One with login accepts only
// ci with the password s3cret.
func startRegistry(ts *testscript.TestScript, neg bool, args []string) {
	kind := strings.Join(args, " ")
	inner := registry.New(registry.WithReferrersSupport(kind != "plain"), registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); kind == "login" && (user != "ci" || password != "s3cret") {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	ts.Defer(s.Close)
	ts.Setenv("REGISTRY", strings.TrimPrefix(s.URL, "http://"))
}

// push REPOSITORY:TAG CONTENT pushes a small image with this content to the
// registry. Another content makes another image.
func push(ts *testscript.TestScript, neg bool, args []string) {
	built := ocitest.Image{Config: ocitest.Config{Entrypoint: []string{"/web"}, User: "1000"},
		Layers: []ocitest.Layer{{Entries: []ocitest.Entry{ocitest.Exec("web", "#!"), ocitest.File("content", args[1])}}}}.Build()
	repository, tag, _ := strings.Cut(args[0], ":")
	base := "http://" + ts.Getenv("REGISTRY") + "/v2/" + repository
	send := func(method, url, mediaType string, data []byte) {
		req, err := http.NewRequest(method, url, bytes.NewReader(data))
		ts.Check(err)
		req.Header.Set("Content-Type", mediaType)
		res, err := http.DefaultClient.Do(req)
		ts.Check(err)
		res.Body.Close()
		if res.StatusCode != http.StatusCreated {
			ts.Fatalf("%s %s: %s", method, url, res.Status)
		}
	}
	for digest, blob := range built.Blobs {
		send(http.MethodPost, base+"/blobs/uploads/?digest="+digest, "application/octet-stream", blob)
	}
	send(http.MethodPut, base+"/manifests/"+tag, built.Root.MediaType, built.Blobs[built.Root.Digest])
}

// serve DIR serves a folder over HTTP on a loopback port, and sets $SERVER to its
// HOST:PORT.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	s := httptest.NewServer(http.FileServer(http.Dir(ts.MkAbs(args[0]))))
	ts.Defer(s.Close)
	ts.Setenv("SERVER", strings.TrimPrefix(s.URL, "http://"))
}

// flip FILE changes the byte in the middle of a file.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	b[len(b)/2] ^= 1
	ts.Check(os.Remove(path)) // the file may be a hard link to a blob
	ts.Check(os.WriteFile(path, b, 0o644))
}

// images DIR writes an OCI layout with the images that the scripts use.
func images(ts *testscript.TestScript, neg bool, args []string) {
	config := "# Linux/x86 6.1.0 Kernel Configuration\nCONFIG_INIT_ENV_ARG_LIMIT=32\nCONFIG_HZ=250\nCONFIG_PGTABLE_LEVELS=4\n"
	for _, option := range []string{"RD_ZSTD", "RD_GZIP", "SECCOMP", "SECCOMP_FILTER", "MODULES", "CGROUPS", "NAMESPACES", "USER_NS", "PID_NS", "NET_NS", "OVERLAY_FS", "BPF"} {
		config += "CONFIG_" + option + "=y\n"
	}
	layer := func(entries ...ocitest.Entry) ocitest.Image {
		return ocitest.Image{Layers: []ocitest.Layer{{Entries: entries}}}
	}
	web := layer(ocitest.Dir("etc"), ocitest.Exec("web", "#!"), ocitest.File("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
		ocitest.Dir("var"), ocitest.Dir("var/lib"), ocitest.Dir("var/lib/dpkg"),
		ocitest.File("var/lib/dpkg/status", "Package: nginx\nStatus: install ok installed\nVersion: 1.22.1-9\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n\n"))
	web.Config = ocitest.Config{Entrypoint: []string{"/web"}, User: "1000"}
	greedy := web
	greedy.Config.Labels = map[string]string{"org.mobyproject.config": `{"capabilities":["all"],"pid":"host"}`}
	hostile := layer(ocitest.Exec("web", "#!"), ocitest.File("../../../../init", "evil"))
	hostile.Config = web.Config
	swapped := ocitest.Named("docker.io/test/swapped:1", web)
	for digest, blob := range swapped.Built.Blobs {
		if bytes.HasPrefix(blob, []byte{0x1f, 0x8b}) { // a layer
			swapped.Built.Swap(digest)
		}
	}
	// The swapped image has its own blobs, so that the other images stay valid.
	other := filepath.Join(ts.MkAbs(args[0]), "swapped")
	write := func(dir string, refs ...ocitest.Ref) {
		ocitest.WriteLayout(&tb{TB: nil, ts: ts}, dir, refs...)
	}
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o755))
	write(filepath.Join(ts.MkAbs(args[0]), "good"),
		ocitest.Named("docker.io/test/kernel:1", layer(ocitest.File("config", config), ocitest.File("kernel", strings.Repeat("kernel ", 1000)),
			ocitest.Tarball("kernel.tar", ocitest.Dir("lib"), ocitest.Dir("lib/modules"), ocitest.Dir("lib/modules/6.1.0"), ocitest.File("lib/modules/6.1.0/x.ko", "x")))),
		ocitest.Named("docker.io/test/kernel:efi", layer(ocitest.File("config", config), ocitest.File("kernel", string(petest.Program("amd64", 5000))),
			ocitest.Tarball("kernel.tar", ocitest.Dir("lib"), ocitest.Dir("lib/modules"), ocitest.Dir("lib/modules/6.1.0"), ocitest.File("lib/modules/6.1.0/x.ko", "x")))),
		ocitest.Named("docker.io/test/init:1", layer(ocitest.Exec("init", "#!init"))),
		ocitest.Named("docker.io/test/web:1", web),
		ocitest.Named("docker.io/test/greedy:1", greedy),
		ocitest.Named("docker.io/test/hostile:1", hostile),
		ocitest.Named("docker.io/test/hostile:2", ocitest.Image{Config: web.Config, Layers: []ocitest.Layer{{Entries: []ocitest.Entry{ocitest.File("../up", "evil")}}}}),
	)
	write(other, swapped)
}

// buildkit DIR writes a layout with two images that have statements of BuildKit, an
// SBOM and provenance: kit:1 with SLSA provenance v0.2, kit:2 with v1. Like those of
// BuildKit, the statements are not signed. The provenance of kit:3 is about another
// image.
func buildKit(ts *testscript.TestScript, neg bool, args []string) {
	const source = "https://github.com/example/app.git#refs/tags/v1"
	v02 := `{"builder":{"id":"https://github.com/example/app/actions/runs/1"},"buildType":"https://mobyproject.org/buildkit@v1",` +
		`"invocation":{"configSource":{"uri":"` + source + `","digest":{"sha1":"0123456789012345678901234567890123456789"},"entryPoint":"Dockerfile"},"parameters":{"frontend":"dockerfile.v0"}},` +
		`"materials":[{"uri":"pkg:docker/debian@12?platform=linux%2Famd64","digest":{"sha256":"` + strings.Repeat("a", 64) + `"}}]}`
	v1 := `{"buildDefinition":{"buildType":"https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",` +
		`"externalParameters":{"configSource":{"uri":"` + source + `","digest":{"sha1":"0123456789012345678901234567890123456789"},"path":"Dockerfile"},"request":{"frontend":"dockerfile.v0"}},` +
		`"internalParameters":{"builderPlatform":"linux/amd64"},"resolvedDependencies":[{"uri":"pkg:docker/debian@12?platform=linux%2Famd64","digest":{"sha256":"` + strings.Repeat("a", 64) + `"}}]},` +
		`"runDetails":{"builder":{"id":"https://github.com/example/app/actions/runs/1"},"metadata":{"invocationId":"x","buildkit_reproducible":false}}}`
	var refs []ocitest.Ref
	for i, p := range []struct{ kind, predicate, about string }{
		{"https://slsa.dev/provenance/v0.2", v02, ""}, {"https://slsa.dev/provenance/v1", v1, ""}, {"https://slsa.dev/provenance/v1", v1, "sha256:" + strings.Repeat("b", 64)},
	} {
		image := ocitest.Image{Config: ocitest.Config{Entrypoint: []string{"/web"}, User: "1000"}, Layers: []ocitest.Layer{{Entries: []ocitest.Entry{ocitest.Exec("web", "#!"), ocitest.File("n", fmt.Sprint(i))}}}}
		built := ocitest.BuildKit(image, func(digest string) []ocitest.Beside {
			says := func(kind, predicate, about string) ocitest.Beside {
				return ocitest.Beside{MediaType: "application/vnd.in-toto+json", Annotations: map[string]string{"in-toto.io/predicate-type": kind},
					Data: fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v0.1","predicateType":%q,"subject":[{"name":"pkg:docker/example/app@1?platform=linux%%2Famd64","digest":{"sha256":%q}}],"predicate":%s}`,
						kind, strings.TrimPrefix(about, "sha256:"), predicate)}
			}
			about := p.about
			if about == "" {
				about = digest
			}
			return []ocitest.Beside{says("https://spdx.dev/Document", `{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"app","packages":[]}`, digest), says(p.kind, p.predicate, about)}
		})
		refs = append(refs, ocitest.Ref{Name: fmt.Sprintf("docker.io/test/kit:%d", i+1), Built: built})
	}
	ocitest.WriteLayout(&tb{ts: ts}, ts.MkAbs(args[0]), refs...)
}

// efiStub DIR writes a stub of systemd for amd64 that does nothing.
func efiStub(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o755))
	ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[0]), "linuxx64.efi.stub"), petest.Stub("amd64"), 0o600))
}

// provenance DIR FILE writes the provenance of an image to a file.
func provenance(ts *testscript.TestScript, neg bool, args []string) {
	raw, err := os.ReadFile(ts.MkAbs(filepath.Join(args[0], "attestations", "provenance.sigstore.json")))
	ts.Check(err)
	var bundle struct{ DSSEEnvelope struct{ Payload []byte } }
	ts.Check(json.Unmarshal(raw, &bundle))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), bundle.DSSEEnvelope.Payload, 0o644))
}

// plainkey KEY PUB writes an ECDSA key that is not encrypted.
func plainKey(ts *testscript.TestScript, neg bool, args []string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	ts.Check(err)
	for i, block := range []*pem.Block{{Type: "PRIVATE KEY", Bytes: private}, {Type: "PUBLIC KEY", Bytes: public}} {
		ts.Check(os.WriteFile(ts.MkAbs(args[i]), pem.EncodeToMemory(block), 0o600))
	}
}

// sigstore [in=DIR] [FAULT] starts a small Sigstore. It writes signing_config.json,
// trusted_root.json, and the identity tokens release.jwt and expired.jwt into DIR.
// FAULT is a service that fails: ca-403, log-500, log-forgets, tsa-clock, identity or down.
func startSigstore(ts *testscript.TestScript, neg bool, args []string) {
	s, err := sigstoretest.New()
	ts.Check(err)
	ts.Defer(s.Close)
	answers := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "test fault", code) }
	}
	dir := "."
	for _, fault := range args {
		if in, ok := strings.CutPrefix(fault, "in="); ok {
			dir = in
			ts.Check(os.MkdirAll(ts.MkAbs(dir), 0o755))
			continue
		}
		switch fault {
		case "ca-403":
			s.Handlers[sigstoretest.CA] = answers(http.StatusForbidden)
		case "log-500":
			s.Handlers[sigstoretest.Log] = answers(http.StatusInternalServerError)
		case "log-forgets":
			s.Forget = true
		case "tsa-clock":
			s.TSAClock = -time.Hour
		case "identity":
			s.Subject = "mallory@example.org"
		case "down":
			s.Close()
		default:
			ts.Fatalf("unknown fault %s", fault)
		}
	}
	write := func(name string, data []byte, err error) {
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(filepath.Join(dir, name)), data, 0o600))
	}
	raw, err := s.SigningConfig()
	write("signing_config.json", raw, err)
	raw, err = s.TrustedRoot()
	write("trusted_root.json", raw, err)
	for name, until := range map[string]time.Duration{"release.jwt": time.Hour, "expired.jwt": -time.Hour} {
		token, err := s.Token("release@example.org", time.Now().Add(until))
		write(name, []byte(token), err)
	}
}

// sign LAYOUT NAME KEY [SUBJECT] signs the image NAME of a layout, and adds the
// bundle beside NAME. With SUBJECT, it signs the image SUBJECT instead.
func sign(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	var index struct {
		SchemaVersion int                  `json:"schemaVersion"`
		MediaType     string               `json:"mediaType"`
		Manifests     []ocitest.Descriptor `json:"manifests"`
	}
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	ts.Check(err)
	ts.Check(json.Unmarshal(raw, &index))
	named := func(name string) ocitest.Descriptor {
		for _, d := range index.Manifests {
			if d.Annotations["org.opencontainers.image.ref.name"] == name {
				return d
			}
		}
		ts.Fatalf("%s has no %s", dir, name)
		return ocitest.Descriptor{}
	}
	signer, err := attest.LoadSigner(ts.MkAbs(args[2]), func() ([]byte, error) { return []byte("secret"), nil })
	ts.Check(err)
	subject := args[1]
	if len(args) > 3 {
		subject = args[3]
	}
	bundle, err := attest.SignArtifact(context.Background(), subject, named(subject).Digest, signer)
	ts.Check(err)
	built := ocitest.Referrer(named(args[1]), ocitest.Beside{MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", Data: bundle})
	for digest, blob := range built.Blobs {
		ts.Check(os.WriteFile(filepath.Join(dir, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:")), blob, 0o644))
	}
	index.Manifests = append(index.Manifests, built.Root)
	raw, err = json.Marshal(index)
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, "index.json"), raw, 0o644))
}

// tb lets a test fixture fail a script.
type tb struct {
	testing.TB
	ts *testscript.TestScript
}

func (t *tb) Helper()                   {}
func (t *tb) Fatal(args ...any)         { t.ts.Fatalf("%v", args) }
func (t *tb) Fatalf(f string, a ...any) { t.ts.Fatalf(f, a...) }
