// Package runtime makes a container's effective OCI runtime spec: what is left
// when defaults, the image's config, its label org.mobyproject.config and
// os.yml are laid over each other, key by key. Start with Effective, a pure
// function; ReadOnly tells beforehand what the tree's layout depends on.
//
// The defaults are LinuxKit's, so that its files mean the same here. Beside
// each value stands its origin, so that a rule can say who set it and where to
// change it.
package runtime

// OCIVersion is the version of the runtime spec that config.json follows.
// Nothing in it is newer, and older runtimes refuse a version that they do not
// know.
const OCIVersion = "1.2.1"
