// Package spec reads os.yml. Its format is LinuxKit's YAML with four more keys:
// seccomp, apparmor, selinux and cgroupns. The package also reads the same
// container keys from the image label org.mobyproject.config, as JSON. Start
// with Load.
//
// Reading is strict. Unknown keys, repeated keys, values of a wrong type, keys
// without a value and second documents are errors with a place. One run reports
// all of them. Every value keeps its origin, so that later steps can say who
// set it.
//
// Both inputs are hostile: the size, the nesting and the expansion of aliases
// are limited.
package spec

// Limits of the input. They are far above what people write, and low enough
// that no input uses much time or memory.
const (
	// MaxFileBytes is the size limit of one os.yml.
	MaxFileBytes = 4 << 20
	// MaxLabelBytes is the size limit of an image's label.
	MaxLabelBytes = 1 << 20
	// maxNodes is the limit of values in one document. A value counts once for
	// each alias that refers to it.
	maxNodes = 100_000
	// maxDepth is the limit of nesting.
	maxDepth = 40
	// maxErrors is the limit of errors that are reported for one document.
	maxErrors = 100
)
