//go:build linux && !amd64

package main

// olderUses lists the paths of calls that newer architectures do not have.
func (p *process) olderUses(*notification) use { return use{} }
