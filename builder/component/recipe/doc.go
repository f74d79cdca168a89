// Package recipe makes component images: it reads a component.yml and writes an
// OCI image into an OCI layout, without Docker, a daemon or root. Use Build; Load
// reads a recipe without building it.
//
// The files of a component come from three sources: Debian packages, the folder
// of the recipe, and Go programs of the module around it. apt fetches the packages
// and checks their signatures; this package unpacks them. Equal inputs give equal
// digests: entries are sorted, times are fixed, and owners are numbers. The umask,
// the folder and the clock of the build machine do not affect the image.
//
// # Compatibility
//
// Later versions can read the keys of component.yml and of component.lock.json
// (schemaVersion 1). An unknown key is always an error.
package recipe
