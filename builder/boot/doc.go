// Package boot runs a system in a virtual machine under QEMU. Run is what most
// callers want: it returns when the machine has powered itself off, or says
// why it could not. Start gives a Machine that the caller talks to.
//
// QEMU gets the kernel and the initrd as open descriptors, the very files that
// the caller has verified: no path is looked up again. It emulates the
// processor unless the caller asks for KVM, since a /dev/kvm that opens is no
// proof of a processor that can run guests. No shell is involved, QEMU runs
// in its own seccomp sandbox, and what the guest prints is made harmless for
// a terminal before anyone sees it.
package boot
