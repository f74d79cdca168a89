//go:build !linux

package image

import "syscall"

func asRoot() []*syscall.SysProcAttr { return []*syscall.SysProcAttr{nil} }
