package guest

import "strings"

// The kernel's mount flags (include/uapi/linux/mount.h). They are defined here
// so that the package also compiles on other systems.
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

// mountOptions holds a list of mount options in the form of mount(2).
type mountOptions struct {
	// flags of the mount, without propagation.
	flags uintptr
	// propagation holds the propagation flags. Each needs a separate call, in
	// order.
	propagation []uintptr
	// data is for the file system. It holds the options that are not flags.
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

// parseOptions reads options in the OCI runtime spec's form. An option that is
// not a flag becomes data for the file system. The file system refuses unknown
// data.
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

// dataValue returns the value of KEY=VALUE in file system data, or "" if the
// key is absent.
func dataValue(data, key string) string {
	for opt := range strings.SplitSeq(data, ",") {
		if v, ok := strings.CutPrefix(opt, key+"="); ok {
			return v
		}
	}
	return ""
}
