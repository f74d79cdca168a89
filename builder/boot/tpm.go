package boot

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// tpmDevices are QEMU's devices for a TPM 2.0.
var tpmDevices = map[string]string{"amd64": "tpm-crb", "arm64": "tpm-tis-device"}

// software is a TPM in a program of its own, swtpm. It ends with the machine.
type software struct {
	cmd *exec.Cmd
	// theirs is QEMU's end of the control channel.
	theirs *os.File
	stderr tail
	// state is a temporary folder, "" if the user gave one.
	state string
}

// startTPM starts a TPM whose state is in the folder Options.TPMState, or in a
// temporary one. It returns nil if the machine has no TPM.
func (o *Options) startTPM() (_ *software, err error) {
	if !o.TPM {
		return nil, nil
	}
	if tpmDevices[o.arch()] == "" {
		return nil, system.BadInput("a machine for %s has no TPM", o.arch()).Suggest("use amd64 or arm64")
	}
	program, err := exec.LookPath("swtpm")
	if err != nil {
		return nil, system.Unusable("swtpm is not installed: it is the TPM of the machine").
			Suggest("install it: apt-get install --no-install-recommends swtpm")
	}
	t := &software{}
	defer func() {
		if err != nil {
			t.removeState()
		}
	}()
	dir := o.TPMState
	if dir == "" {
		if t.state, err = os.MkdirTemp("", "seaworthy-tpm-"); err != nil {
			return nil, system.Unusable("cannot make a folder for the state of the TPM").Because(err)
		}
		dir = t.state
	}
	// swtpm changes its working folder, so the path must be absolute.
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, system.NotRead(o.TPMState, err)
	}
	if info, err := os.Stat(dir); err != nil {
		return nil, system.NotRead(o.TPMState, err)
	} else if !info.IsDir() {
		return nil, system.BadInput("%s is not a folder", o.TPMState).Suggest("give a folder for the state of the TPM")
	}
	if strings.Contains(dir, ",") {
		return nil, system.BadInput("%s: swtpm cannot use a path with a comma", dir).Suggest("use another folder")
	}
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, system.Unusable("cannot make a socket for the TPM").Because(err)
	}
	defer ours.Close()
	t.theirs = theirs
	t.cmd = exec.Command(program, "socket", "--tpm2", "--tpmstate", "dir="+dir+",mode=0600", "--ctrl", "type=unixio,clientfd=3", "--flags", "startup-clear", "--terminate")
	t.cmd.ExtraFiles, t.cmd.Stderr, t.cmd.Stdout = []*os.File{ours}, &t.stderr, &t.stderr
	ownGroup(t.cmd)
	if err := t.cmd.Start(); err != nil {
		return nil, errors.Join(system.Unusable("cannot start swtpm").Because(err), theirs.Close())
	}
	return t, nil
}

// device is QEMU's side of the TPM.
func (t *software) device(arch string) device {
	return device{file: t.theirs, owned: true, args: func(fd int) []string {
		return []string{"-chardev", fmt.Sprintf("socket,id=tpm,fd=%d", fd), "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", tpmDevices[arch] + ",tpmdev=tpm0"}
	}}
}

// stop kills the TPM. swtpm saves its state at each change.
func (t *software) stop() {
	if t == nil {
		return
	}
	killGroup(t.cmd)
	_ = t.cmd.Wait() // it was killed
	t.removeState()
}

// failed is what swtpm says if it could not work.
func (t *software) failed() string {
	if t == nil {
		return ""
	}
	return strings.TrimSpace(clean([]byte(strings.ReplaceAll(t.stderr.String(), "\n", " "))))
}

func (t *software) removeState() {
	if t.state != "" {
		_ = os.RemoveAll(t.state) // it is temporary
	}
}
