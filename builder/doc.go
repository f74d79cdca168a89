// Package builder turns os.yml into a system.OS: every component by digest,
// its effective OCI runtime spec, and where each value came from. Resolve does
// all of it and reads no layer of any image; the packages below it each hold
// one step (spec, component, runtime), or what comes after (rootfs, image).
package builder
