// Package kernelvex says which CVEs of the Linux kernel concern a kernel that package kbuild
// compiled. The result is an OpenVEX document. Its evidence is the list of the source files
// that the compiler read.
//
// Read reads the CVE records of the kernel's CNA. Sink reads the lists in the image during
// the one pass. Make compares them. The records and the image are hostile: a CVE that is not
// clearly harmless is under investigation.
package kernelvex
