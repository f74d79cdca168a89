//go:build linux

// Package landlock lets a program take away its own access to files and to the network,
// before it handles anything from outside. The kernel's security module Landlock then
// refuses what the program does not need, whatever its user and its container may do.
package landlock

import (
	"github.com/landlock-lsm/go-landlock/landlock"
	"github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// Needs is all that a program still does after Restrict.
type Needs struct {
	// Read are the folders in which it reads files.
	Read []string
	// Run are the folders in which it reads files and starts programs. Some can be
	// missing: not all architectures have /lib64.
	Run []string
	// Write are the folders in which it also makes, changes and moves files, and Open
	// the files that it reads and writes, such as devices.
	Write, Open []string
	// Connect are the TCP ports to which it connects. It opens its listeners before.
	Connect []int
	// AnyPort: it uses all ports as before.
	AnyPort bool
}

// Restrict takes all access to files and TCP ports away from this process, except what
// it needs. Files and connections that are already open stay usable. It returns the
// version of Landlock in the kernel: 0 if the kernel does not run it, and the process
// then has the same access as before. Landlock knows ports since version 4, and does not
// restrict multipath TCP.
func Restrict(needs Needs) (version int, err error) {
	if version, err = syscall.LandlockGetABIVersion(); err != nil {
		return 0, nil //nolint:nilerr // the kernel is too old, or was built or started without it
	}
	write := landlock.RWDirs(needs.Write...).WithIoctlDev()
	if version > 1 { // the first version never lets a file move to another folder
		write = write.WithRefer()
	}
	rules := []landlock.Rule{
		landlock.PathAccess(syscall.AccessFSReadFile|syscall.AccessFSReadDir, needs.Read...),
		landlock.RODirs(needs.Run...).IgnoreIfMissing(),
		write,
		landlock.RWFiles(needs.Open...).WithIoctlDev(),
	}
	for _, port := range needs.Connect {
		rules = append(rules, landlock.ConnectTCP(uint16(port)))
	}
	config := landlock.V5.BestEffort()
	restrict := config.Restrict
	if needs.AnyPort {
		restrict = config.RestrictPaths
	}
	if err := restrict(rules...); err != nil {
		return 0, err
	}
	return version, nil
}
