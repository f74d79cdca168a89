package pipeline

import (
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/image/secureboot"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// checkSecureBoot requires that the certificate is valid now, and that there is a
// UKI to sign. Firmware looks at no dates; people and other programs do.
func (o BuildOptions) checkSecureBoot() error {
	if o.SecureBoot == nil {
		if o.Enrolled != nil {
			return system.BadInput("enrolled keys are given, but no key that signs").Suggest("give --secure-boot-key and --secure-boot-cert too")
		}
		return nil
	}
	if o.Enrolled != nil {
		if _, err := secureboot.PCR7(o.Enrolled, o.SecureBoot.Certificate()); err != nil {
			return err
		}
	}
	cert, now := o.SecureBoot.Certificate(), o.Policy.Now
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	switch {
	case now.After(cert.NotAfter):
		return system.BadInput("the Secure Boot certificate %q expired on %s", cert.Subject, day(cert.NotAfter)).
			Suggest("make a new key, and enrol its certificate")
	case now.Before(cert.NotBefore):
		return system.BadInput("the Secure Boot certificate %q is not valid before %s", cert.Subject, day(cert.NotBefore)).
			Suggest("use a certificate that is valid today, or correct the clock")
	case !slices.ContainsFunc(o.Formats, func(name string) bool {
		f, _ := image.Find(name)
		return image.HoldsUKI(f)
	}):
		return system.BadInput("a Secure Boot key is given, but no format has a UKI that it could sign").
			Suggest("use --format %s", strings.Join(image.Formats(image.HoldsUKI), " or "))
	}
	return nil
}

// certificate is the digest of the certificate whose key signs the UKIs, "" if
// none does. The key is not needed to describe a build: equal certificates have
// equal keys, whose signatures are deterministic.
func (o BuildOptions) certificate() string {
	if o.SecureBoot == nil {
		return ""
	}
	return digests.Of(o.SecureBoot.Certificate().Raw)
}
