package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

const (
	// apparmorProfiles is the folder with compiled AppArmor profiles. A profile can
	// have any file name.
	apparmorProfiles = "usr/lib/seaworthy/apparmor"
	// apparmorLoad is the kernel's file that loads profiles. It does not exist if the
	// kernel does not run AppArmor.
	apparmorLoad = "/sys/kernel/security/apparmor/.replace"
	// maxProfileBytes is the size limit of a file with profiles.
	maxProfileBytes = 8 << 20
)

// loadAppArmor loads the AppArmor profiles of the system, before any container starts. A
// profile that the kernel refuses is an error: the system is not as it was built.
func (i *initSystem) loadAppArmor(root fs.FS, load string) error {
	files, err := fs.ReadDir(root, apparmorProfiles)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(files) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("apparmor: %w", err)
	}
	began := uptime()
	if _, err := os.Stat(load); errors.Is(err, fs.ErrNotExist) {
		i.console.Printf("apparmor: the profiles are not loaded, because the kernel does not run AppArmor")
		return nil
	}
	for _, f := range files {
		name := path.Join(apparmorProfiles, f.Name())
		policy, err := readLimited(root, name, maxProfileBytes)
		if err == nil {
			err = loadProfile(load, policy)
		}
		if err != nil {
			return fmt.Errorf("apparmor: /%s: %w", name, err)
		}
	}
	i.console.Printf("apparmor: profiles loaded from %d files (%.1f s)", len(files), (uptime() - began).Seconds())
	return nil
}

// loadProfile gives a compiled profile to the kernel, which wants all of it in one write.
func loadProfile(load string, policy []byte) error {
	f, err := os.OpenFile(load, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(policy)
	return errors.Join(err, f.Close())
}
