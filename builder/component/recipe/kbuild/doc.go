// Package kbuild compiles Linux kernels from a source archive, without root. Equal
// inputs give equal bytes, in any folder and at any time.
//
// A configuration has two parts. The base says what the machine needs. Each of its lines
// must hold in the result. The policy is what `seaworthy kernel fragment` prints. Kconfig
// may drop a line of the policy if the option depends on something that the kernel
// does not have. Options that no part names are off, as in a tinyconfig.
package kbuild
