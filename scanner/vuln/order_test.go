package vuln

import "testing"

// Each list is in order; versions in one line are equal.
func TestOrders(t *testing.T) {
	t.Parallel()
	for eco, list := range map[string][][]string{
		"Maven": {
			{"1-alpha-1", "1a1", "1.0-alpha1"}, {"1-beta"}, {"1-m3", "1.0-milestone-3"}, {"1-rc1", "1-cr1"}, {"1-SNAPSHOT"},
			{"1", "1.0", "1.0.0", "1-ga", "1.0.Final", "1.RELEASE", "01"}, {"1-sp"}, {"1-jre"}, {"1-1"}, {"1.1"},
			{"2.13.4"}, {"2.13.4.1"}, {"2.13.10"}, {"2.14.1"}, {"2.15.0-rc2"}, {"2.15.0"}, {"20230227"}, {"99999999999999999999"},
		},
		"RubyGems": {
			{"0.a"}, {"0", "0.0"}, {"1.0.a1"}, {"1.0.b1"}, {"1.0.pre1"}, {"1", "1.0", "1.0.0"}, {"1.0.1"}, {"1.9"}, {"1.10"}, {"2-1"}, {"2.0"},
		},
		"NuGet": {
			{"1.0-alpha"}, {"1.0.0-alpha.2", "1.0.0-ALPHA.2+build"}, {"1.0.0-alpha.10"}, {"1.0.0-alpha.b"}, {"1", "1.0", "1.0.0", "1.0.0.0", "v1.0.0+x"}, {"1.0.0.1"}, {"1.2"}, {"1.10"},
		},
		"Packagist": {
			{"1.0-dev", "1.0.0.0-dev"}, {"1.0.0-alpha1", "v1.0a1"}, {"1.0-beta2"}, {"1.0-beta10"}, {"1.0.0-RC1"}, {"1.0", "v1.0.0", "1.0.0.0", "1.0-stable"}, {"1.0-p1", "1.0.0-patch1"}, {"1.0.1"}, {"1.10"},
		},
	} {
		for i, same := range list {
			for j, others := range list {
				for _, a := range same {
					for _, b := range others {
						want := 0
						if i != j {
							want = 1 - 2*boolean(i < j)
						}
						if got, ok := compare(eco, a, b); !ok || got != want {
							t.Errorf("%s: %s and %s: %d %t, want %d", eco, a, b, got, ok, want)
						}
					}
				}
			}
		}
	}
	for eco, bad := range map[string]string{"RubyGems": "1.0_x", "NuGet": "1.x", "Packagist": "dev-main", "Maven": "", "npm": "latest"} {
		if _, ok := compare(eco, bad, "1.0"); ok {
			t.Errorf("%s: %q has a place", eco, bad)
		}
	}
}

// Signed programs come from another source.
func TestSigned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ source, version, own, base, of string }{
		{"linux-signed-amd64", "6.1.192+3", "6.1.192-3", "linux", "6.1.192-3"},
		{"linux-signed-arm64", "6.12.12+1~bpo12+1", "6.12.12-1~bpo12+1", "linux", "6.12.12-1~bpo12+1"},
		{"linux-signed-amd64", "6.1.192+3", "6.1.192+3", "linux", "6.1.192-3"},
		{"linux-signed", "5.15.0-91.101", "5.15.0-91.101", "linux", "5.15.0-91.101"},
		{"linux-signed-hwe-6.5", "6.5.0-14.14~22.04.1", "6.5.0-14.14~22.04.1", "linux-hwe-6.5", "6.5.0-14.14~22.04.1"},
		{"linux-signed-aws", "5.15.0-1051.56", "5.15.0-1051.56", "linux-aws", "5.15.0-1051.56"},
		{"grub-efi-amd64-signed", "1+2.06+13+deb12u1", "1+2.06+13+deb12u1", "grub2", "2.06-13+deb12u1"},
		{"grub-efi-arm64-signed", "1+2.12~rc1+12", "1+2.12~rc1+12", "grub2", "2.12~rc1-12"},
		{"grub2-signed", "1.187.6", "1.187.6+2.06-2ubuntu14.4", "grub2", "2.06-2ubuntu14.4"},
		{"shim-signed", "1.51.3", "1.51.3+15.7-0ubuntu1", "shim", "15.7-0ubuntu1"},
		{"shim-signed", "1.44~1+deb12u1", "1.44~1+deb12u1+15.8-1~deb12u1", "shim", "15.8-1~deb12u1"},
		{"shim-helpers-amd64-signed", "1+15.8+1~deb12u1", "1+15.8+1~deb12u1", "shim", "15.8-1~deb12u1"},
		{"fwupd-amd64-signed", "1:1.8.12+2", "1:1.8.12+2", "fwupd", "1.8.12-2"},
		{"fwupd-efi-amd64-signed", "1:1.4+1", "1:1.4+1", "fwupd-efi", "1.4-1"},
		{"fwupd-signed", "1.51.1~22.04.1", "1.51.1~22.04.1+1.4-0ubuntu0.1", "fwupd", "1.4-0ubuntu0.1"},
		{"systemd-boot-efi-amd64-signed", "257.5+2", "257.5+2", "systemd", "257.5-2"},
	} {
		base, of, ok := signed(c.source, c.version, c.own)
		if !ok || base != c.base || of != c.of {
			t.Errorf("%s %s (%s): %s %s, want %s %s", c.source, c.version, c.own, base, of, c.base, c.of)
		}
	}
	for _, source := range []string{"linux", "signed", "signedness-utils", "unsigned-x", "designed"} {
		if base, _, ok := signed(source, "1-1", "1-1"); ok {
			t.Errorf("%s is taken for a signed %s", source, base)
		}
	}
}
