// Package runtime makes the effective OCI runtime spec of a container. It
// combines the defaults, the image's config, its label org.mobyproject.config
// and os.yml, key by key. Start with Effective, a pure function. ReadOnly
// returns the one value that the layout of the tree needs before that.
//
// The defaults are LinuxKit's, so that LinuxKit's files have the same meaning
// here. Each value has an origin, so that a rule can say who set it and where
// to change it.
package runtime

// OCIVersion is the version of the runtime spec in config.json. config.json
// uses nothing newer. Older runtimes do not accept a version that they do not
// know.
const OCIVersion = "1.2.1"
