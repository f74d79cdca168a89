package pipeline

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/pipeline/fromimage"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/vuln"
)

// ImageFiles are the files of one image, of any origin.
type ImageFiles struct {
	Paths []string
	// Arch is needed if the image does not say it.
	Arch string
	// Certificates are those whose signatures for Secure Boot are known.
	Certificates []*x509.Certificate
}

// IsImage reports whether a path names an image file, and not an os.yml.
func IsImage(path string) bool { return fromimage.Recognised(path) }

// HoldsKernel reports whether a path names an image with a kernel inside, and not a
// kernel or a configuration.
func HoldsKernel(path string) bool {
	switch fromimage.Kind(path) {
	case "", "kernel", "compressed", "initrd", "cmdline":
		return false
	}
	return true
}

// CheckImage decides about an image from its files alone. What they do not say is
// unknown, so a pass needs a policy that asks only what an image can answer. Of the
// options, those about os.yml and component images are not used.
func CheckImage(ctx context.Context, files ImageFiles, o CheckOptions) (*decision.Decision, error) {
	o.Progress.begin(Inventory)
	f, err := o.imageFacts(ctx, files)
	judge, policyErr := o.prepare(ctx)
	if err := errors.Join(err, o.Vulnerabilities.Check(), policyErr); err != nil {
		return nil, err
	}
	if err := vuln.Match(ctx, f, o.vulnerabilities()); err != nil {
		return nil, err
	}
	return o.judge(ctx, f, judge)
}

// ImageFacts are the facts of an image from its files alone.
func ImageFacts(ctx context.Context, files ImageFiles, o CheckOptions) (*facts.Facts, error) {
	o.Progress.begin(Inventory)
	return o.imageFacts(ctx, files)
}

func (o CheckOptions) imageFacts(ctx context.Context, files ImageFiles) (f *facts.Facts, err error) {
	err = o.scanned(ctx, files, false, func(im *fromimage.Image, os *system.OS, scan *scanner.Scanner) error {
		if f, err = scan.Facts(ctx, os); err != nil {
			return err
		}
		var certificates []string
		for _, c := range files.Certificates {
			certificates = append(certificates, digests.Of(c.Raw))
		}
		im.Facts(f, certificates)
		f.Builder, f.Locked = o.Policy.Tool.Version, false
		return nil
	})
	return f, err
}

// ImageDocuments are the SBOMs of an image, made from its files.
func ImageDocuments(ctx context.Context, files ImageFiles, o CheckOptions) (d *scanner.Documents, err error) {
	err = o.scanned(ctx, files, true, func(im *fromimage.Image, os *system.OS, scan *scanner.Scanner) error {
		if len(os.Components) == 0 {
			return im.NoFiles()
		}
		d, err = scan.Documents(ctx, os)
		return err
	})
	return d, err
}

// scanned reads an image into a scanner.
func (o CheckOptions) scanned(ctx context.Context, files ImageFiles, documents bool, do func(*fromimage.Image, *system.OS, *scanner.Scanner) error) (err error) {
	im, err := fromimage.Open(files.Paths, files.Arch, files.Certificates)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, im.Close()) }()
	os, err := im.System(ctx)
	if err != nil {
		return err
	}
	for _, n := range im.Notes() {
		o.Progress.say(Inventory, n)
	}
	scanning := o.scanner()
	scanning.Documents, scanning.Cache = documents, scanner.Cache{}
	scan := scanner.New(scanning)
	defer scan.Close()
	if err := im.Scan(ctx, scan); err != nil {
		return err
	}
	return do(im, os, scan)
}

// CheckImageKernel decides about the kernel in an image, with its command line if the
// image has exactly one and k has none. The configuration of the kernel is inside it, or
// among the files of the root.
func CheckImageKernel(ctx context.Context, k scanner.KernelInput, files ImageFiles, o CheckOptions) (d *decision.Decision, err error) {
	im, err := fromimage.Open(files.Paths, files.Arch, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, im.Close()) }()
	k.Beside = func() (facts.Kernel, error) { return o.kernelOf(ctx, im) }
	err = im.Kernel(ctx, func(kernel io.Reader, cmdline *string) error {
		k.File = kernel
		if k.Cmdline == nil && cmdline != nil {
			k.Cmdline = &scanner.Text{Content: strings.NewReader(*cmdline)}
		}
		d, err = CheckKernel(ctx, k, o)
		return err
	})
	return d, err
}

// kernelOf reads the kernel and the files that belong to it.
func (o CheckOptions) kernelOf(ctx context.Context, im *fromimage.Image) (facts.Kernel, error) {
	if _, err := im.System(ctx); err != nil {
		return facts.Kernel{}, err
	}
	scanning := o.scanner()
	scanning.Cache = scanner.Cache{}
	scan := scanner.New(scanning)
	defer scan.Close()
	err := im.ScanKernel(ctx, scan)
	return scan.Kernel(), err
}
