package component

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/builder/system/sinktest"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

func TestFindConfig(t *testing.T) {
	img := ocitest.ImageOf(entries{ocitest.File("a", "x")}, nil)
	img.Config = ocitest.Config{User: "7:8", WorkingDir: "/srv", StopSignal: "SIGINT", Env: []string{"A=b"},
		Entrypoint: []string{"/e"}, Cmd: []string{"c"}, Labels: map[string]string{"l": "v"},
		ExposedPorts: []string{"90/udp", "80/tcp"}, History: []string{"one", "two"}}
	built := ocitest.Index{img}.Build()
	got := find(t, storeOf(t, built, Options{}), "docker.io/test/x:1")
	if got.Reference != "docker.io/test/x:1" || got.Name != "docker.io/test/x:1" || got.Digest != built.Root.Digest ||
		got.Manifest != built.Manifests[0] || got.Pinned || got.Locked || got.From != "layout" || len(got.Layers) != 2 ||
		got.Layers[0].Digest != built.Layers[0][0] || string(got.Raw) != string(built.Blobs[built.Manifests[0]]) || got.Size != int64(len(got.Raw)) ||
		got.MediaType != oci.TypeManifest || got.Config.Digest != built.Configs[0] {
		t.Errorf("%+v", got)
	}
	c := got.Config
	s := fmt.Sprint(c.User, c.WorkingDir, c.StopSignal, c.Env, c.Entrypoint, c.Cmd, c.Labels, c.ExposedPorts, c.History, c.Architecture, c.OS)
	if want := "7:8/srvSIGINT[A=b][/e][c]map[l:v][80/tcp 90/udp][one two]amd64linux"; strings.ReplaceAll(s, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("got %s\nwant %s", s, want)
	}
}

// Images of a layout are found by full and short names under both annotations, and
// by the digests of indexes, of manifests in them, and of images without a name.
func TestFindByName(t *testing.T) {
	dir := t.TempDir()
	one, two := ocitest.Index{ocitest.ImageOf(entries{ocitest.File("one", "")})}.Build(), ocitest.ImageOf(entries{ocitest.File("two", "")}).Build()
	ocitest.WriteLayout(t, filepath.Join(dir, "l"), ocitest.Ref{Name: "nginx", Built: one}, ocitest.Ref{Name: "docker.io/library/redis:5", Built: two})
	s := open(t, Options{Paths: []string{dir}, Offline: true})
	for ref, want := range map[string]string{
		"nginx:latest": one.Root.Digest, "docker.io/library/nginx": one.Root.Digest, "redis:5": two.Root.Digest,
		"nginx@" + one.Root.Digest: one.Root.Digest, "nginx:9@" + one.Manifests[0]: one.Manifests[0], "other/name@" + two.Root.Digest: two.Root.Digest,
	} {
		img := find(t, s, ref)
		if img.Digest != want || img.Pinned != strings.Contains(ref, "@") {
			t.Errorf("%s: %s pinned %v", ref, img.Digest, img.Pinned)
		}
		if err := s.Pass(context.Background(), img, PassOptions{}, sinktest.NewRecorder(t)); err != nil {
			t.Error(err)
		}
	}
	pos := system.Position{File: "os.yml", Line: 9, Column: 7}
	_, err := s.Find(context.Background(), "redis", pos)
	wantError(t, err, system.ErrUnusable, `os.yml:9:7: image "redis"`, "not found in "+dir, "--offline")
	_, err = s.Find(context.Background(), "nginx@"+ocitest.Digest(nil), pos)
	wantError(t, err, system.ErrUnusable, "not found")
	_, err = s.Find(context.Background(), "NGINX", pos)
	wantError(t, err, system.ErrInput, "os.yml:9:7: ", `"NGINX"`)
}

func TestPlatforms(t *testing.T) {
	on := func(arch, variant, name string) ocitest.Image {
		img := ocitest.ImageOf(entries{ocitest.File(name, "")})
		img.Arch, img.Variant = arch, variant
		return img
	}
	silent := on("amd64", "", "silent")
	silent.NoPlatform = true
	silentArm := on("arm64", "", "silent")
	silentArm.NoPlatform = true
	liar := on("amd64", "", "liar")
	liar.ConfigArch = "arm64"
	windows := on("amd64", "", "windows")
	windows.OS = "windows"
	attestation := on("unknown", "", "attestation")
	attestation.OS = "unknown"
	for name, c := range map[string]struct {
		src  ocitest.Source
		arch string
		want string // number of the manifest in the index, or the error
	}{
		"first":                          {ocitest.Index{on("amd64", "", "a"), on("arm64", "v8", "b")}, "amd64", "0"},
		"second":                         {ocitest.Index{on("amd64", "", "a"), on("arm64", "v8", "b")}, "arm64", "1"},
		"exact before silent":            {ocitest.Index{silent, on("amd64", "", "a")}, "amd64", "1"},
		"no variant before one":          {ocitest.Index{on("amd64", "v1", "a"), on("amd64", "", "b")}, "amd64", "1"},
		"too new a variant":              {ocitest.Index{on("amd64", "v3", "a")}, "amd64", "listed platforms: linux/amd64/v3"},
		"without":                        {ocitest.Index{attestation, on("riscv64", "", "a"), on("arm64", "v8", "b")}, "amd64", "no image for linux/amd64; listed platforms: linux/arm64/v8, linux/riscv64"},
		"windows":                        {ocitest.Index{windows}, "amd64", "listed platforms: windows/amd64"},
		"silent":                         {ocitest.Index{on("arm64", "v8", "a"), silent}, "amd64", "1"},
		"silent, another":                {ocitest.Index{silent, silentArm}, "arm64", "1"},
		"silent, none":                   {ocitest.Index{silent}, "arm64", "listed platforms: none"},
		"empty":                          {ocitest.Index{}, "amd64", "listed platforms: none"},
		"index says amd64, config arm64": {ocitest.Index{liar}, "amd64", "its config is for linux/arm64, not for linux/amd64"},
		"arm64 in an amd64 build":        {on("arm64", "", "a"), "amd64", "its config is for linux/arm64"},
		"windows config":                 {windows, "amd64", "windows/amd64"},
	} {
		t.Run(name, func(t *testing.T) {
			built := c.src.Build()
			s := storeOf(t, built, Options{Arch: c.arch})
			img, err := s.Find(context.Background(), "test/x:1", system.Position{})
			if len(c.want) > 1 {
				wantError(t, err, system.ErrUnusable, c.want)
			} else if err != nil {
				t.Error(err)
			} else if want := built.Manifests[c.want[0]-'0']; img.Manifest != want || img.Digest != built.Root.Digest {
				t.Errorf("manifest %s, want %s", img.Manifest, want)
			}
		})
	}
}

// The error for a missing image lists the images of the layout.
func TestNamesOfLayout(t *testing.T) {
	img := ocitest.ImageOf(entries{ocitest.File("a", "")})
	dir := t.TempDir()
	ocitest.WriteLayout(t, dir, ocitest.Named("1", img), ocitest.Named("v/other:2", ocitest.ImageOf(nil)))
	s := open(t, Options{Paths: []string{dir}, Offline: true})
	digest := img.Build().Root.Digest
	_, err := s.Find(context.Background(), "t/img:1", system.Position{})
	wantError(t, err, system.ErrUnusable, "not found in "+dir)
	want := "docker.io/t/img@" + digest
	if e := (*system.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Next, want) || !strings.Contains(e.Next, `tag "1"`) {
		t.Errorf("next: %s", e.Next)
	}
	if found := find(t, s, want); found.Digest != digest {
		t.Errorf("digest %s", found.Digest)
	}
	_, err = s.Find(context.Background(), "t/img:3", system.Position{})
	if e := (*system.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Next, `contains ["1" "v/other:2"]`) {
		t.Errorf("next: %s", e.Next)
	}
}

// An image without a name, as skopeo writes it if it is given only a folder.
func TestUnnamedInLayout(t *testing.T) {
	source := ocitest.ImageOf(entries{ocitest.File("a", "")})
	img, one := source.Build(), t.TempDir()
	ocitest.WriteLayout(t, one, ocitest.Named("x", source))
	index := fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, oci.TypeManifest, img.Root.Digest, img.Root.Size)
	other := fmt.Sprintf(`{"mediaType":%q,"digest":"sha256:%064d","size":1}`, oci.TypeManifest, 1)
	artifact := fmt.Sprintf(`{"mediaType":%q,"digest":"sha256:%064d","size":1,"artifactType":"application/x"}`, oci.TypeManifest, 2)
	for name, tc := range map[string]struct{ entries, want string }{
		"one":     {index + "," + artifact, "an image without a name: write docker.io/t/img@" + img.Root.Digest + ","},
		"several": {index + "," + other, fmt.Sprintf("images without a name: write docker.io/t/img@DIGEST with one of [%q ", img.Root.Digest)},
	} {
		if err := os.WriteFile(filepath.Join(one, "index.json"), []byte(`{"schemaVersion":2,"manifests":[`+tc.entries+`]}`), 0o644); err != nil {
			t.Fatal(err)
		}
		s := open(t, Options{Paths: []string{one}, Offline: true})
		_, err := s.Find(context.Background(), "t/img:1", system.Position{})
		if e := (*system.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Next, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		if found := find(t, s, "docker.io/t/img@"+img.Root.Digest); found.Digest != img.Root.Digest {
			t.Errorf("%s: digest %s", name, found.Digest)
		}
	}
}

// An artifact may be listed beside an image, for the same platform.
func TestArtifactInIndex(t *testing.T) {
	image := ocitest.ImageOf(entries{ocitest.File("a", "")}).Build()
	digest := func(b []byte) string { return fmt.Sprintf(`"digest":%q,"size":%d`, ocitest.Digest(b), len(b)) }
	artifact := []byte(`{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.empty.v1+json",` + digest([]byte("{}")) + `},"layers":[]}`)
	at := `"mediaType":"` + oci.TypeManifest + `",`
	platform := `,"platform":{"os":"linux","architecture":"amd64"}`
	img := `{` + at + fmt.Sprintf(`"digest":%q,"size":%d`, image.Root.Digest, len(image.Blobs[image.Root.Digest]))
	for name, c := range map[string]struct{ entries, says string }{
		"known by its config":    {`{` + at + digest(artifact) + platform + `},` + img + platform + `}`, ""},
		"known by the entry":     {`{` + at + digest(artifact) + platform + `,"artifactType":"x/y"},` + img + platform + `}`, ""},
		"without platforms":      {`{` + at + digest(artifact) + `},` + img + `}`, ""},
		"a statement":            {`{` + at + digest(artifact) + platform + `,"annotations":{"vnd.docker.reference.type":"attestation-manifest"}},` + img + platform + `}`, ""},
		"all say to be artifact": {img + platform + `,"artifactType":"x/y"}`, ""},
		"nothing else":           {`{` + at + digest(artifact) + platform + `}`, "not a container image"},
	} {
		t.Run(name, func(t *testing.T) {
			built := &ocitest.Built{Blobs: map[string][]byte{}}
			for d, b := range image.Blobs {
				built.Blobs[d] = b
			}
			index := []byte(`{"schemaVersion":2,"mediaType":"` + oci.TypeIndex + `","manifests":[` + c.entries + `]}`)
			for _, b := range [][]byte{index, artifact} {
				built.Blobs[ocitest.Digest(b)] = b
			}
			built.Root = ocitest.Descriptor{MediaType: oci.TypeIndex, Digest: ocitest.Digest(index), Size: int64(len(index))}
			found, err := storeOf(t, built, Options{}).Find(context.Background(), "test/x:1", system.Position{})
			if c.says != "" {
				wantError(t, err, system.ErrUnusable, c.says)
			} else if err != nil {
				t.Error(err)
			} else if found.Manifest != image.Root.Digest {
				t.Errorf("manifest %s", found.Manifest)
			}
		})
	}
}

// One name in index.json for several manifests.
func TestSeveralUnderOneName(t *testing.T) {
	amd, arm := ocitest.ImageOf(entries{ocitest.File("amd", "")}), ocitest.ImageOf(nil)
	arm.Arch = "arm64"
	other := ocitest.ImageOf(entries{ocitest.File("other", "")})
	dir := t.TempDir()
	ocitest.WriteLayout(t, dir, ocitest.Named("x", arm), ocitest.Named("x", amd), ocitest.Named("y", amd), ocitest.Named("y", other))
	s := open(t, Options{Paths: []string{dir}, Offline: true})
	// These descriptors have no annotation but a platform, as buildah writes.
	if img := find(t, s, "x"); img.Manifest != amd.Build().Root.Digest {
		t.Errorf("%+v", img)
	}
	_, err := s.Find(context.Background(), "y", system.Position{})
	wantError(t, err, system.ErrUnusable, "2 images of the same platform")
}

// Malformed or ambiguous documents are refused.
func TestBadDocuments(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	config := fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":2}`, oci.TypeConfig, digest)
	for name, c := range map[string]struct{ doc, says string }{
		"both":                  {`{"schemaVersion":2,"manifests":[],"config":` + config + `,"layers":[]}`, "either an index or a manifest"},
		"neither":               {`{"schemaVersion":2}`, "neither"},
		"schema 1":              {`{"schemaVersion":1,"fsLayers":[]}`, "schema 1"},
		"no version":            {`{"manifests":[]}`, "schemaVersion 0"},
		"index as manifest":     {`{"schemaVersion":2,"mediaType":"` + oci.TypeIndex + `","config":` + config + `,"layers":[]}`, "does not match the content"},
		"manifest as index":     {`{"schemaVersion":2,"mediaType":"` + oci.TypeManifest + `","manifests":[]}`, "does not match the content"},
		"not the expected JSON": {`{"schemaVersion":2`, "not the expected JSON"},
		"two values":            {`{"schemaVersion":2,"manifests":[]} {}`, "more text after"},
		"a member twice":        {`{"schemaVersion":2,"layers":[],"config":` + config + `,"layers":[]}`, "duplicate member"},
		"twice, in case":        {`{"schemaVersion":2,"layers":[],"config":` + config + `,"Config":{}}`, "duplicate member"},
		"path as digest":        {`{"schemaVersion":2,"manifests":[{"digest":"sha256:../../../etc/passwd","size":1}]}`, "only sha256"},
		"sha512":                {`{"schemaVersion":2,"manifests":[{"digest":"sha512:` + strings.Repeat("0", 128) + `","size":1}]}`, "only sha256"},
		"negative size":         {`{"schemaVersion":2,"manifests":[{"digest":"` + digest + `","size":-1}]}`, "the invalid size -1"},
		"artifact":              {`{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"` + digest + `","size":2},"layers":[]}`, "not a container image"},
		"unknown layer":         {`{"schemaVersion":2,"config":` + config + `,"layers":[{"mediaType":"text/plain","digest":"` + digest + `","size":1}]}`, `unknown media type "text/plain"`},
		"config is missing":     {`{"schemaVersion":2,"config":` + config + `,"layers":[]}`, "no such file"},
		"config is too long":    {`{"schemaVersion":2,"config":{"mediaType":"` + oci.TypeConfig + `","digest":"` + digest + `","size":99999999},"layers":[]}`, "the limit is"},
	} {
		t.Run(name, func(t *testing.T) {
			built := &ocitest.Built{Blobs: map[string][]byte{ocitest.Digest([]byte(c.doc)): []byte(c.doc)}}
			built.Root = ocitest.Descriptor{Digest: ocitest.Digest([]byte(c.doc)), Size: int64(len(c.doc))}
			_, err := storeOf(t, built, Options{}).Find(context.Background(), "test/x:1", system.Position{})
			wantError(t, err, system.ErrUnusable, c.says)
		})
	}
	for name, c := range map[string]struct{ config, says string }{
		"too few diff IDs":      {`{"os":"linux","architecture":"amd64"}`, "1 layer, but the config lists 0"},
		"bad diff ID":           {`{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["sha256:x"]}}`, `diff ID "sha256:x"`},
		"not layers":            {`{"os":"linux","architecture":"amd64","rootfs":{"type":"other"}}`, `"other"`},
		"not the expected JSON": {`[]`, "not the expected JSON"},
		"no architecture":       {`{"os":"windows","rootfs":{"diff_ids":["` + digest + `"]}}`, "config is for windows/"},
	} {
		t.Run("config "+name, func(t *testing.T) {
			img := ocitest.ImageOf(entries{})
			img.RawConfig = []byte(c.config)
			_, err := storeOf(t, img.Build(), Options{}).Find(context.Background(), "test/x:1", system.Position{})
			wantError(t, err, system.ErrUnusable, c.says)
		})
	}
}

func TestOpenPaths(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "empty")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Open(Options{Arch: "amd64", Paths: []string{dir, filepath.Join(dir, "none")}})
	if err == nil || !strings.Contains(err.Error(), "no index.json") || !strings.Contains(err.Error(), "none") {
		t.Errorf("want both paths in %v", err)
	}
	if _, err := Open(Options{}); err == nil {
		t.Error("no architecture was accepted")
	}
	s := open(t, Options{Paths: []string{file}, Offline: true})
	_, err = s.Find(context.Background(), "x", system.Position{})
	wantError(t, err, system.ErrUnusable, "too short")
}

func TestLocked(t *testing.T) {
	built := ocitest.ImageOf(nil).Build()
	name, other := "docker.io/test/x:1", ocitest.Digest([]byte("other"))
	s := storeOf(t, built, Options{Locked: map[string]string{name: built.Root.Digest}})
	if img := find(t, s, "test/x:1"); !img.Locked || img.Pinned {
		t.Errorf("%+v", img)
	}
	s = storeOf(t, built, Options{Locked: map[string]string{name: other}})
	_, err := s.Find(context.Background(), "test/x:1", system.Position{})
	wantError(t, err, system.ErrMismatch, other, built.Root.Digest, "the lock has the digest")
	s = storeOf(t, built, Options{Locked: map[string]string{}})
	_, err = s.Find(context.Background(), "test/x:1", system.Position{})
	wantError(t, err, system.ErrMismatch, "not in the lock")
	pinned := "docker.io/test/x@" + built.Root.Digest
	s = storeOf(t, built, Options{Locked: map[string]string{pinned: other}})
	_, err = s.Find(context.Background(), pinned, system.Position{})
	wantError(t, err, system.ErrMismatch, other, built.Root.Digest)
}

func TestArchives(t *testing.T) {
	img := ocitest.ImageOf(entries{ocitest.Dir("etc"), ocitest.File("etc/who", "me")}, entries{ocitest.Whiteout("etc/who")})
	plainLayers := img
	plainLayers.Layers = append([]ocitest.Layer{}, img.Layers...)
	for i := range plainLayers.Layers {
		plainLayers.Layers[i].Compression = ocitest.None
	}
	want := []string{"etc dir @0", `etc/who file "me" @0 shadowed`}
	dir := t.TempDir()
	for name, write := range map[string]func(string){
		"oci.tar":       func(f string) { ocitest.WriteArchive(t, f, ocitest.Named("x:1", ocitest.Index{img})) },
		"oci.tar.gz":    func(f string) { ocitest.WriteArchive(t, f, ocitest.Named("x:1", img)) },
		"docker.tar":    func(f string) { ocitest.WriteDockerArchive(t, f, ocitest.Named("x:1", plainLayers)) },
		"docker.tar.gz": func(f string) { ocitest.WriteDockerArchive(t, f, ocitest.Named("x:1", plainLayers)) },
		"oci.tar.zst": func(f string) {
			ocitest.WriteArchive(t, f, ocitest.Named("x:1", img))
			repack(t, f, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
		},
		"docker.tar.xz": func(f string) {
			ocitest.WriteDockerArchive(t, f, ocitest.Named("x:1", plainLayers))
			repack(t, f, func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) })
		},
		"dockerz.tar": func(f string) { ocitest.WriteDockerArchive(t, f, ocitest.Named("x:1", img)) },
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, name)
			write(file)
			s := open(t, Options{Paths: []string{file}, Offline: true})
			got := find(t, s, "x:1")
			if got.From != "archive" {
				t.Errorf("from %s", got.From)
			}
			r := sinktest.NewRecorder(t)
			if err := s.Pass(context.Background(), got, PassOptions{}, r); err != nil {
				t.Fatal(err)
			}
			ocitest.WantLines(t, r.Lines, want...)
			if again := find(t, s, "x@"+got.Digest); again.Manifest != got.Manifest {
				t.Errorf("by digest: %s, by name: %s", again.Manifest, got.Manifest)
			}
			_, err := s.Find(context.Background(), "x@"+ocitest.Digest(nil), system.Position{})
			wantError(t, err, system.ErrUnusable, "not found")

			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			cut := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(cut, raw[:len(raw)/2], 0o644); err != nil {
				t.Fatal(err)
			}
			_, err = open(t, Options{Paths: []string{cut}, Offline: true}).Find(context.Background(), "x:1", system.Position{})
			wantError(t, err, system.ErrUnusable, cut)
		})
	}

	built := plainLayers.Build()
	built.Swap(built.Layers[0][0])
	file := filepath.Join(dir, "bad.tar")
	ocitest.WriteDockerArchive(t, file, ocitest.Ref{Name: "x:1", Built: built})
	s := open(t, Options{Paths: []string{file}, Offline: true})
	err := s.Pass(context.Background(), find(t, s, "x:1"), PassOptions{}, sinktest.NewRecorder(t))
	wantError(t, err, system.ErrMismatch, built.Layers[0][0], file)
}

// A small archive that inflates to a large one is refused long before the limit
// for archives.
func TestArchiveBomb(t *testing.T) {
	for name, compressor := range map[string]func(io.Writer) (io.WriteCloser, error){
		"a.tar.zst": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
		"a.tar.xz":  func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
	} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, make([]byte, 2*mib), 0o644); err != nil {
			t.Fatal(err)
		}
		repack(t, file, compressor)
		lim := defaultLimits()
		lim.Free = mib
		a := newArchive(file, t.TempDir(), lim)
		if err := a.load(); err == nil || !strings.Contains(err.Error(), "bytes inflate to more than 1048576") {
			t.Errorf("%s: %v", name, err)
		}
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}
}

// repack compresses a file.
func repack(t *testing.T, file string, compressor func(io.Writer) (io.WriteCloser, error)) {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := compressor(&b)
	if err == nil {
		_, err = w.Write(raw)
		err = errors.Join(err, w.Close())
	}
	if err = errors.Join(err, os.WriteFile(file, b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// Descriptors of a layout as another tool may write them.
func TestContainerdAnnotation(t *testing.T) {
	built := ocitest.ImageOf(nil).Build()
	dir := t.TempDir()
	ocitest.WriteLayout(t, dir, ocitest.Ref{Built: built})
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []any{map[string]any{
		"mediaType": built.Root.MediaType, "digest": built.Root.Digest, "size": built.Root.Size,
		"annotations": map[string]string{annotationContainerd: "docker.io/library/x:1", annotationRef: "1"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.json"), index, 0o644); err != nil {
		t.Fatal(err)
	}
	if img := find(t, open(t, Options{Paths: []string{dir}, Offline: true}), "x:1"); img.Digest != built.Root.Digest {
		t.Errorf("%+v", img)
	}
}
