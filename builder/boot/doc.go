// Package boot runs a system in a virtual machine under QEMU. Most callers need
// Run: it returns when the machine has powered itself off, or with an error.
// Start returns a Machine for callers that must interact with it.
//
// QEMU gets the kernel and the initrd as open descriptors of the files that the
// caller has verified, so no path is opened twice. The processor is emulated
// unless the caller asks for KVM: a /dev/kvm that can be opened does not prove
// that the processor can run guests. No shell is involved. QEMU runs in its own
// seccomp sandbox. The guest's output is made safe for a terminal before it is
// shown.
package boot
