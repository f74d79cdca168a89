// Package scanner observes a system and decides nothing: what software is in
// each component, which kernel boots and how it was configured, which files
// stand out. It reads images only as they go by (system.Sink), and hands on
// facts.Facts for policies and SBOM documents for people.
//
// New gives a Scanner. Sink, once for each distinct image, takes part in the
// one pass; when a pass ends, the catalogers work on what it left while the
// next one runs. Facts waits for them. Close frees what they hold.
//
// Nothing is read from the machine that scans, but for the sources of the
// files section.
package scanner
