package scanner_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

const config = `#
# Automatically generated file; DO NOT EDIT.
# Linux/x86 6.1.158 Kernel Configuration
#
CONFIG_A=y
CONFIG_B=m
CONFIG_SECCOMP=y
CONFIG_SECCOMP_FILTER=y
CONFIG_RD_ZSTD=y
CONFIG_LSM="landlock,lockdown,yama"
CONFIG_C=y
CONFIG_D=y
CONFIG_E=12
# CONFIG_KEXEC is not set
`

func kernelObjects() []st.Object {
	return []st.Object{
		st.File("kernel", "no real kernel, Linux version 6.1.0-41-cloud-amd64 (nobody@example) #1 SMP\n"),
		st.File("config", config),
		st.File("kernel.tar", "tar"),
		st.Nested("kernel.tar", st.Dir("lib/modules/6.1.0-41-cloud-amd64/kernel", 0o755)),
		st.Nested("kernel.tar", st.File("lib/modules/6.1.0-41-cloud-amd64/modules.dep", "")),
		st.Nested("kernel.tar", st.File("lib/modules/6.1.0-41-cloud-amd64/kernel/virtio-net.ko", "not a module")),
	}
}

// scanAll runs a system of a kernel and a service through a scanner.
func scanAll(t *testing.T, service []st.Object) (*facts.Facts, *scanner.Documents, error) {
	t.Helper()
	sys := &system.OS{Name: "test", Arch: "amd64"}
	kernel := &system.Component{Section: system.SectionKernel, Name: "kernel", Image: st.Image("docker.io/seaworthy/kernel:6.1", "a1")}
	web := &system.Component{Section: system.SectionServices, Name: "web", Image: st.Image("docker.io/library/web:1", "b2"), Spec: []byte(`{}`)}
	again := &system.Component{Section: system.SectionServices, Name: "again", Index: 1, Image: web.Image, Spec: []byte(`{}`)}
	sys.Kernel = system.Kernel{Component: kernel, Cmdline: "console=ttyS0 quiet", Binary: "kernel", Tar: "kernel.tar"}
	sys.Components = []*system.Component{kernel, web, again}
	s := scanner.New(scanner.Options{TempDir: t.TempDir(), Version: "1.0"})
	defer s.Close()
	for _, c := range []struct {
		img     *system.Image
		binary  string
		objects []st.Object
	}{{kernel.Image, "kernel", kernelObjects()}, {web.Image, "", service}} {
		sink, err := s.Sink(t.Context(), c.img, c.binary)
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Feed(c.objects, sink); err != nil {
			return nil, nil, err
		}
	}
	return s.Facts(context.Background(), sys)
}

func TestSystem(t *testing.T) {
	service := st.Debian(map[string][]string{"libfoo": {"usr/lib/libfoo.so.1"}, "bar": {"usr/bin/bar", "usr/share/bar/data"}})
	f, docs, err := scanAll(t, append(service, st.Mode("usr/bin/su", 0o4755, "x"), st.File("opt/unowned", "y")))
	if err != nil {
		t.Fatal(err)
	}
	if f.Kernel.Version != "6.1.0-41-cloud-amd64" || f.Kernel.Config.Options["CONFIG_RD_ZSTD"] != "y" || f.Kernel.Config.Mismatch != "" {
		t.Errorf("kernel: %+v", f.Kernel)
	}
	web := f.Components[1]
	if len(web.SBOM.Packages) != 2 || web.SBOM.Packages[0].Name != "bar" || web.SBOM.Distro == nil || web.SBOM.Distro.ID != "debian" {
		t.Errorf("packages: %+v, distro %+v", web.SBOM.Packages, web.SBOM.Distro)
	}
	if len(web.Files.SetID) != 1 || web.Files.SetID[0].Path != "/usr/bin/su" {
		t.Errorf("setid: %+v", web.Files.SetID)
	}
	t.Logf("%+v", web.SBOM)
	t.Logf("%+v", f.Components[0].SBOM)
	_, again, err := scanAll(t, append(service, st.Mode("usr/bin/su", 0o4755, "x"), st.File("opt/unowned", "y")))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(docs.SPDX, again.SPDX) || !bytes.Equal(docs.CycloneDX, again.CycloneDX) {
		t.Error("documents differ between two scans")
	}
}
