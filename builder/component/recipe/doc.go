// Package recipe makes component images: it reads a component.yml and writes
// an OCI image into an OCI layout, without Docker, a daemon or root. Use
// Build; Load reads a recipe without building it.
//
// The files of a component come from Debian packages (fetched by apt, whose
// signatures apt checks, and unpacked here), from the recipe's own folder, and
// from Go programs of the module around it. Same inputs, same digest: entries
// are sorted, times are fixed, owners are numbers, and neither the umask, the
// folder nor the clock of the build machine reaches the image.
//
// # Compatibility
//
// The keys of component.yml and of component.lock.json (its schemaVersion is
// 1) stay readable by later versions; an unknown key is always an error.
package recipe
