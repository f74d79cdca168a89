// Package scanner observes a system and makes no decisions: which software each
// component has, which kernel boots with which configuration, and which files
// are notable. It reads images only during the pass (system.Sink). It returns
// facts.Facts for policies and SBOM documents for people.
//
// New returns a Scanner. Sink, called once for each distinct image, takes part
// in the one pass. When a pass ends, the catalogers process its results while
// the next pass runs. Facts waits for them. Close frees all memory and
// temporary files.
//
// The scanner reads nothing from the build machine, except for the sources of
// the files section.
package scanner
