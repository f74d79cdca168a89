package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// The accelerators. Auto is KVM where it can really run a machine, else TCG.
const (
	TCG  = "tcg"
	KVM  = "kvm"
	Auto = "auto"
)

// probeLimit is when a machine that runs with KVM must have printed its line. It
// prints it after some milliseconds; on a very busy machine it takes seconds.
const probeLimit = 30 * time.Second

// probeText is what the probe prints on its console.
const probeText = "seaworthy: the processor runs"

// probeSize is the size of its disk: the BIOS does not read from tiny ones.
const probeSize = 1 << 20

// probe is a disk whose boot sector prints probeText on the first serial port, in
// real mode.
func probe() []byte {
	code := []byte{
		0x31, 0xc0, // xor ax, ax
		0x8e, 0xd8, // mov ds, ax
		0xbe, 0x15, 0x7c, // mov si, text
		0xba, 0xf8, 0x03, // mov dx, the first serial port
		0xac,       // next: lodsb
		0x84, 0xc0, // test al, al
		0x74, 0x03, // jz end
		0xee,       // out dx, al
		0xeb, 0xf8, // jmp next
		0xf4,       // end: hlt
		0xeb, 0xfd, // jmp end
	}
	disk := make([]byte, probeSize)
	copy(disk, append(code, probeText+"\r\n\x00"...))
	copy(disk[510:], "\x55\xaa")
	return disk
}

// ChooseAccel returns KVM if it can run a machine of an architecture, else TCG with
// the reason. A /dev/kvm that exists, and even one that opens, may never run a guest.
// So it boots a boot sector, with the same QEMU program as Start.
func ChooseAccel(ctx context.Context, arch, program string) (accel, why string, err error) {
	switch {
	case arch != "" && arch != runtime.GOARCH:
		return TCG, fmt.Sprintf("KVM cannot run %s on %s", arch, runtime.GOARCH), nil
	case runtime.GOARCH != "amd64":
		return TCG, "KVM is only tested on amd64: use --accel kvm if it works", nil
	}
	kvm, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return TCG, "KVM cannot be used: " + pathReason(err), nil
	}
	kvm.Close()
	disk, err := memory(bytes.NewReader(probe()))
	if err != nil {
		return "", "", system.Unusable("cannot make a disk to test KVM with").Because(err)
	}
	defer disk.Close()
	err = Run(ctx, Options{Disk: disk, Accel: KVM, Arch: arch, Program: program, Memory: 64, Isolated: true, Console: io.Discard, Timeout: probeLimit,
		Ready: func(line string) bool { return strings.Contains(line, probeText) }})
	switch {
	case ctx.Err() != nil:
		return "", "", ctx.Err()
	case err != nil:
		return TCG, "a test machine did not run with KVM: " + err.Error(), nil
	}
	return KVM, "", nil
}

// pathReason is the reason of an error about a file, without its name.
func pathReason(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Path + ": " + p.Err.Error()
	}
	return err.Error()
}
