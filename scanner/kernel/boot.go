package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Comparison with the head of a kernel and with the code that unpacks it. The
// boot protocol's header depends on the configuration (arch/x86/boot/header.S).

// kaslr is a text in the code that unpacks an x86 kernel, if that code can
// place the kernel at random (arch/x86/boot/compressed/kaslr.c).
var kaslr = mark{option: "CONFIG_RANDOMIZE_BASE", text: "KASLR disabled: 'nokaslr' on cmdline", source: "arch/x86/boot/compressed/kaslr.c"}

// maxStub is the largest part after the payload of a bzImage that is searched.
const maxStub = 16 << 20

// stub searches the part after the payload: the code that unpacks it.
func (i *image) stub(r io.Reader) error {
	rest, err := io.ReadAll(io.LimitReader(r, maxStub))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	i.seen[kaslr.text] = bytes.Contains(rest, []byte(kaslr.text))
	return nil
}

// packs are options for the compression of the kernel.
var packs = map[string]string{
	"gzip": "CONFIG_KERNEL_GZIP", "xz": "CONFIG_KERNEL_XZ", "zstd": "CONFIG_KERNEL_ZSTD", "lz4": "CONFIG_KERNEL_LZ4",
	"bzip2": "CONFIG_KERNEL_BZIP2", "lzma": "CONFIG_KERNEL_LZMA", "lzo": "CONFIG_KERNEL_LZO",
}

// The bits of xloadflags that depend on options. All but the first exist only
// in 64-bit kernels.
const (
	kernel64, efi64, efiKexec, fiveLevels = 1 << 0, 1 << 3, 1 << 4, 1 << 6
)

// boot compares a configuration with the kernel's head.
func (i *image) boot(config *parsed, report func(claim)) []string {
	on := func(name string) bool { return config.options[name] == "y" }
	if option := packs[i.pack]; option != "" && (i.format == "bzImage" || i.format == "zboot") {
		report(claim{option, on(option), true, "the kernel is compressed with " + i.pack})
	}
	switch i.format {
	case "bzImage":
		report(claim{"CONFIG_EFI_STUB", on("CONFIG_EFI_STUB"), i.efi, "the kernel begins like an EFI program"})
	case "Image", "riscv":
		report(claim{"CONFIG_EFI", on("CONFIG_EFI"), i.efi, "the kernel begins like an EFI program"})
	}
	if i.setup == nil {
		return nil
	}
	report(claim{"CONFIG_RELOCATABLE", on("CONFIG_RELOCATABLE"), i.setup[0x234] != 0, "the kernel is relocatable by its boot header"})
	report(claim{kaslr.option, on(kaslr.option), i.seen[kaslr.text], kaslr.shown()})
	if flags := binary.LittleEndian.Uint16(i.setup[0x236:]); flags&kernel64 != 0 {
		loadFlags(flags, config, report)
	}
	if text := config.options["CONFIG_PHYSICAL_ALIGN"]; text != "" {
		align := binary.LittleEndian.Uint32(i.setup[0x230:])
		if n, err := strconv.ParseUint(text, 0, 32); err == nil && uint32(n) != align {
			return []string{fmt.Sprintf("CONFIG_PHYSICAL_ALIGN is %s, but %#x in the boot header", text, align)}
		}
	}
	return nil
}

// loadFlags compares a configuration with xloadflags of a 64-bit kernel.
func loadFlags(flags uint16, config *parsed, report func(claim)) {
	on := func(name string) bool { return config.options[name] == "y" }
	if named := config.options["CONFIG_X86_5LEVEL"]; named != "" {
		report(claim{"CONFIG_X86_5LEVEL", named == "y", flags&fiveLevels != 0, "the kernel uses page tables of five levels by its boot header"})
	}
	if flags&efiKexec != 0 && !on("CONFIG_KEXEC_CORE") || flags&efiKexec == 0 && on("CONFIG_KEXEC") && on("CONFIG_EFI") {
		report(claim{"CONFIG_KEXEC_CORE", on("CONFIG_KEXEC_CORE"), flags&efiKexec != 0, "the kernel supports kexec with EFI by its boot header"})
	}
	if on("CONFIG_EFI_HANDOVER_PROTOCOL") && flags&efi64 == 0 {
		report(claim{"CONFIG_EFI_HANDOVER_PROTOCOL", true, false, "the boot header has a 64-bit EFI entry point"})
	}
}

// before reports whether a text begins with a release of an earlier series. It
// is false for a text that does not begin with a release.
func before(version string, major, minor int) bool {
	var a, b int
	_, err := fmt.Sscanf(series(version), "%d.%d", &a, &b)
	return err == nil && (a < major || a == major && b < minor)
}
