package image

import (
	"bytes"
	"os/exec"

	"github.com/klauspost/compress/zstd"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// xzTool compresses small initrds. No Go library compresses nearly as well.
var xzTool = Tool{Name: "xz", Package: "xz-utils"}

// xzArgs: the kernel knows no checksum but CRC32. One thread, because the bytes depend
// on the number. The kernel needs as much memory as the dictionary to unpack.
var xzArgs = []string{"--compress", "--stdout", "--quiet", "--threads=1", "--check=crc32", "--lzma2=preset=9e,dict=32MiB"}

func canUnpackXZ(k Kernel) error {
	if k.Options["CONFIG_RD_XZ"] == "y" {
		return nil
	}
	return system.BadInput("the kernel cannot unpack an initrd in xz: CONFIG_RD_XZ is not set, or the configuration is unknown").
		Suggest("leave out --small, or use a kernel with this option")
}

// shrink compresses the initrd again, as a whole, and appends it to out.
func (k *kernelInitrd) shrink() error {
	path, err := k.o.Tools.Find(xzTool)
	if err != nil {
		return err
	}
	raw, err := zstd.NewReader(k.body, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer raw.Close()
	cmd := exec.Command(path, xzArgs...)
	cmd.Env = toolEnv()
	var text limited
	cmd.Stdin, cmd.Stdout, cmd.Stderr = raw, k.out, &text
	if err := cmd.Run(); err != nil {
		return system.Unusable("xz failed: %s", bytes.TrimSpace(text.Bytes())).Because(err).
			Suggest("check the free space of the output folder, and the package %s", xzTool.Package)
	}
	return nil
}
