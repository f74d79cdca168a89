// Package spec reads os.yml: LinuxKit's YAML with four keys of its own
// (seccomp, apparmor, selinux, cgroupns), and the same container keys as JSON
// in the label org.mobyproject.config of an image. Start with Load.
//
// Reading is strict. An unknown or repeated key, a value of the wrong type, a
// key without a value, a second document: each is an error that names its
// place, and one run reports them all. Every value keeps the place it came
// from, so that later steps can say who set what.
//
// Both inputs are hostile: sizes, nesting and the expansion of aliases are
// bounded.
package spec

// Limits on what is read. They are far above what people write and far below
// what hurts.
const (
	// MaxFileBytes bounds one os.yml.
	MaxFileBytes = 4 << 20
	// MaxLabelBytes bounds the label of one image.
	MaxLabelBytes = 1 << 20
	// maxNodes bounds the values that are read from one document, counting a
	// value once for each alias that leads to it.
	maxNodes = 100_000
	// maxDepth bounds nesting.
	maxDepth = 40
	// maxErrors bounds the errors that are told of one document.
	maxErrors = 100
)
