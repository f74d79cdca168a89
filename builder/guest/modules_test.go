package guest

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const (
	dep = `kernel/drivers/virtio/virtio_ring.ko:
kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/net/virtio-net.ko.xz: kernel/net/core/net_failover.ko kernel/net/core/failover.ko kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/net/core/failover.ko:
kernel/net/core/net_failover.ko: kernel/net/core/failover.ko
kernel/fs/overlayfs/overlay.ko:
kernel/broken.ko: kernel/missing.ko
`
	alias = `# Aliases extracted from modules themselves.
alias fs-overlay overlay
alias virtio:d00000001v* virtio_net
alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci
alias cpu:type:x86,ven*fam*mod*:feature:*0099* sha256_ssse3
alias cpu:type:x86,ven*fam*mod*:feature:*0099* aesni_intel
alias of:N*T*Cvendor,chip[12]C* chip
alias net-pf-16-proto-4 nf-thing
`
	builtin = "kernel/fs/ext4/ext4.ko\nkernel/crypto/sha256-generic.ko\n"
)

func parsed(t *testing.T) *Modules {
	t.Helper()
	m, err := ParseModules([]byte(dep), []byte(alias), []byte(builtin))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestModuleOrder(t *testing.T) {
	t.Parallel()
	m := parsed(t)
	got, err := m.Order("virtio-net")
	if err != nil {
		t.Fatal(err)
	}
	if want := "kernel/drivers/net/virtio-net.ko.xz"; got[len(got)-1] != want || len(got) != 5 {
		t.Fatalf("order %q", got)
	}
	// A needed module comes before the module that needs it.
	for _, pair := range [][2]string{{"virtio/virtio_ring.ko", "virtio/virtio.ko"}, {"core/failover.ko", "net_failover.ko"}} {
		at := func(suffix string) int {
			return slices.IndexFunc(got, func(s string) bool { return strings.HasSuffix(s, suffix) })
		}
		if at(pair[0]) > at(pair[1]) {
			t.Errorf("%s after %s in %q", pair[0], pair[1], got)
		}
	}
	for _, b := range []string{"ext4", "sha256_generic", "sha256-generic"} {
		if got, err := m.Order(b); err != nil || got != nil {
			t.Errorf("built-in %s: %q, %v", b, got, err)
		}
	}
	for _, n := range []string{"absent", "broken"} {
		if _, err := m.Order(n); !errors.Is(err, errNoModule) {
			t.Errorf("%s: %v", n, err)
		}
	}
}

func TestModuleMatch(t *testing.T) {
	t.Parallel()
	m := parsed(t)
	for a, want := range map[string][]string{
		"fs-overlay":              {"overlay"},
		"net-pf-16-proto-4":       {"nf_thing"},
		"virtio:d00000001v00001A": {"virtio_net"},
		"virtio:d00000002v00001A": nil,
		"pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00":      {"virtio_pci"},
		"cpu:type:x86,ven0000fam000Fmod006B:feature:,0000,0099,0100": {"sha256_ssse3", "aesni_intel"},
		"of:NsomethingT(null)Cvendor,chip2Ca/b":                      {"chip"},
		"of:NsomethingT(null)Cvendor,chip3C":                         nil,
		"":                                                           nil, "acpi:PNP0C0C:": nil, strings.Repeat("x", 5000): nil,
	} {
		if got := m.Match(a); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", a, got, want)
		}
	}
}

func TestParseModulesErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ dep, alias, builtin, want string }{
		"no colon":        {dep: "kernel/a.ko", want: "modules.dep: line 1: no colon"},
		"absolute":        {dep: "/lib/a.ko:", want: `bad path "/lib/a.ko"`},
		"up":              {dep: "kernel/a.ko:\n../../a.ko:", want: `line 2: bad path "../../a.ko"`},
		"need up":         {dep: "kernel/a.ko: ../b.ko", want: `bad path "../b.ko"`},
		"not a module":    {dep: "kernel/a.txt:", want: "not a module"},
		"many needs":      {dep: "kernel/a.ko:" + strings.Repeat(" kernel/b.ko", maxModuleDeps+1), want: "needs more than 256"},
		"alias words":     {alias: "alias a", want: "modules.alias: line 1: not an alias"},
		"alias pattern":   {alias: "alias pci:[ x", want: `bad pattern "pci:["`},
		"endless line":    {alias: "alias " + strings.Repeat("x", 1<<20) + " y", want: "token too long"},
		"builtin path":    {builtin: "../x.ko", want: "modules.builtin: line 1: bad path"},
		"control in path": {dep: "kernel/a\x01.ko:", want: "bad path"},
	} {
		if _, err := ParseModules([]byte(c.dep), []byte(c.alias), []byte(c.builtin)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestParseModulesLoad(t *testing.T) {
	t.Parallel()
	got, err := ParseModulesLoad([]byte("# c\n; c\noverlay\n\n  veth \n"))
	if want := []string{"overlay", "veth"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := ParseModulesLoad([]byte("a\n../b\n")); err == nil || !strings.Contains(err.Error(), `line 2: bad module name "../b"`) {
		t.Errorf("got %v", err)
	}
}

func FuzzParseModules(f *testing.F) {
	f.Add(dep, alias, builtin, "virtio:d00000001v00001A", "virtio_net")
	f.Add("a.ko: b.ko", "alias *?[a] b", "x.ko", "a:b", "a")
	f.Fuzz(func(t *testing.T, dep, alias, builtin, device, name string) {
		m, err := ParseModules([]byte(dep), []byte(alias), []byte(builtin))
		if err != nil {
			return
		}
		for _, n := range append(m.Match(device), name) {
			files, _ := m.Order(n)
			for _, f := range files {
				if !isLocal(f) {
					t.Fatalf("would load %q", f)
				}
			}
		}
	})
}
