// Package builder turns os.yml into a system.OS: the components with their
// digests, their effective OCI runtime specs, and the origin of each value.
// Start with Resolve; it does not read image layers. The packages in this
// folder hold one step each: spec, component and runtime come before Resolve is
// done, rootfs and image after it.
package builder
