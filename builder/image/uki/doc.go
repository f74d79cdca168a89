// Package uki makes and reads Unified Kernel Images: one EFI program that holds
// systemd's stub, the kernel, the initrd and the command line, each as a section.
// Firmware starts it, and one signature covers all of it.
//
// Build writes an image, Sign signs it for Secure Boot, Read describes it, and
// CheckSignature compares its signature with certificates. PCR11 predicts what
// the stub measures. Kernel and initrd are streamed, and equal inputs give equal
// bytes.
package uki
