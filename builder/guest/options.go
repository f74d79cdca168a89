package guest

import "strings"

// The kernel's mount flags (include/uapi/linux/mount.h), given here so that
// options can be read on any system.
const (
	msReadOnly    = 1 << 0
	msNoSuid      = 1 << 1
	msNoDev       = 1 << 2
	msNoExec      = 1 << 3
	msSync        = 1 << 4
	msRemount     = 1 << 5
	msMandLock    = 1 << 6
	msDirSync     = 1 << 7
	msNoAtime     = 1 << 10
	msNoDirAtime  = 1 << 11
	msBind        = 1 << 12
	msRec         = 1 << 14
	msUnbindable  = 1 << 17
	msPrivate     = 1 << 18
	msSlave       = 1 << 19
	msShared      = 1 << 20
	msRelAtime    = 1 << 21
	msStrictAtime = 1 << 24
)

// mountOptions is what a list of mount options means to mount(2).
type mountOptions struct {
	// flags of the mount, without propagation.
	flags uintptr
	// propagation flags, each for a call of its own, in order.
	propagation []uintptr
	// data for the file system: the options that are not flags.
	data string
}

var optionFlags = map[string]struct {
	clear bool
	flag  uintptr
}{
	"defaults": {}, "ro": {false, msReadOnly}, "rw": {true, msReadOnly},
	"nosuid": {false, msNoSuid}, "suid": {true, msNoSuid},
	"nodev": {false, msNoDev}, "dev": {true, msNoDev},
	"noexec": {false, msNoExec}, "exec": {true, msNoExec},
	"sync": {false, msSync}, "async": {true, msSync},
	"dirsync": {false, msDirSync}, "remount": {false, msRemount},
	"mand": {false, msMandLock}, "nomand": {true, msMandLock},
	"noatime": {false, msNoAtime}, "atime": {true, msNoAtime},
	"nodiratime": {false, msNoDirAtime}, "diratime": {true, msNoDirAtime},
	"relatime": {false, msRelAtime}, "norelatime": {true, msRelAtime},
	"strictatime": {false, msStrictAtime}, "nostrictatime": {true, msStrictAtime},
	"bind": {false, msBind}, "rbind": {false, msBind | msRec},
}

var optionPropagation = map[string]uintptr{
	"private": msPrivate, "rprivate": msPrivate | msRec,
	"shared": msShared, "rshared": msShared | msRec,
	"slave": msSlave, "rslave": msSlave | msRec,
	"unbindable": msUnbindable, "runbindable": msUnbindable | msRec,
}

// parseOptions reads options in the OCI runtime spec's form. What is no flag
// is data for the file system, which refuses what it does not know.
func parseOptions(options []string) mountOptions {
	var o mountOptions
	var data []string
	for _, opt := range options {
		if f, ok := optionFlags[opt]; ok {
			if f.clear {
				o.flags &^= f.flag
			} else {
				o.flags |= f.flag
			}
		} else if p, ok := optionPropagation[opt]; ok {
			o.propagation = append(o.propagation, p)
		} else if opt != "" {
			data = append(data, opt)
		}
	}
	o.data = strings.Join(data, ",")
	return o
}

// dataValue is the value of KEY=VALUE in file system data, "" if absent.
func dataValue(data, key string) string {
	for opt := range strings.SplitSeq(data, ",") {
		if v, ok := strings.CutPrefix(opt, key+"="); ok {
			return v
		}
	}
	return ""
}
