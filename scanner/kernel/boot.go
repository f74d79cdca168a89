package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// What the head of a kernel shows, and the code that unpacks it: the boot
// protocol's header is filled in from the configuration (arch/x86/boot/header.S).

// kaslr is what the code that unpacks an x86 kernel says where it may place the
// kernel at random (arch/x86/boot/compressed/kaslr.c).
var kaslr = mark{option: "CONFIG_RANDOMIZE_BASE", text: "KASLR disabled: 'nokaslr' on cmdline", source: "arch/x86/boot/compressed/kaslr.c"}

// maxStub bounds what follows the payload of a bzImage, and is looked through.
const maxStub = 16 << 20

// stub looks through what follows the payload: the code that unpacks it.
func (i *image) stub(r io.Reader) error {
	rest, err := io.ReadAll(io.LimitReader(r, maxStub))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	i.seen[kaslr.text] = bytes.Contains(rest, []byte(kaslr.text))
	return nil
}

// packs are options that say how a kernel is packed.
var packs = map[string]string{
	"gzip": "CONFIG_KERNEL_GZIP", "xz": "CONFIG_KERNEL_XZ", "zstd": "CONFIG_KERNEL_ZSTD", "lz4": "CONFIG_KERNEL_LZ4",
	"bzip2": "CONFIG_KERNEL_BZIP2", "lzma": "CONFIG_KERNEL_LZMA", "lzo": "CONFIG_KERNEL_LZO",
}

// The bits of xloadflags that depend on options. Only a 64-bit kernel has those
// behind the first.
const (
	kernel64, efi64, efiKexec, fiveLevels = 1 << 0, 1 << 3, 1 << 4, 1 << 6
)

// boot compares a configuration with the kernel's head.
func (i *image) boot(config *parsed, say func(claim)) []string {
	on := func(name string) bool { return config.options[name] == "y" }
	if option := packs[i.pack]; option != "" && (i.format == "bzImage" || i.format == "zboot") {
		say(claim{option, on(option), true, "the kernel is packed with " + i.pack})
	}
	switch i.format {
	case "bzImage":
		say(claim{"CONFIG_EFI_STUB", on("CONFIG_EFI_STUB"), i.efi, "the kernel begins as EFI programs do"})
	case "Image", "riscv":
		say(claim{"CONFIG_EFI", on("CONFIG_EFI"), i.efi, "the kernel begins as EFI programs do"})
	}
	if i.setup == nil {
		return nil
	}
	say(claim{"CONFIG_RELOCATABLE", on("CONFIG_RELOCATABLE"), i.setup[0x234] != 0, "the boot header says that the kernel is relocatable"})
	say(claim{kaslr.option, on(kaslr.option), i.seen[kaslr.text], kaslr.shown()})
	if flags := binary.LittleEndian.Uint16(i.setup[0x236:]); flags&kernel64 != 0 {
		loadFlags(flags, config, say)
	}
	if text := config.options["CONFIG_PHYSICAL_ALIGN"]; text != "" {
		align := binary.LittleEndian.Uint32(i.setup[0x230:])
		if n, err := strconv.ParseUint(text, 0, 32); err == nil && uint32(n) != align {
			return []string{fmt.Sprintf("CONFIG_PHYSICAL_ALIGN is %s, the boot header says %#x", text, align)}
		}
	}
	return nil
}

// loadFlags compares a configuration with xloadflags of a 64-bit kernel.
func loadFlags(flags uint16, config *parsed, say func(claim)) {
	on := func(name string) bool { return config.options[name] == "y" }
	if named := config.options["CONFIG_X86_5LEVEL"]; named != "" {
		say(claim{"CONFIG_X86_5LEVEL", named == "y", flags&fiveLevels != 0, "the boot header says that the kernel uses page tables of five levels"})
	}
	if flags&efiKexec != 0 && !on("CONFIG_KEXEC_CORE") || flags&efiKexec == 0 && on("CONFIG_KEXEC") && on("CONFIG_EFI") {
		say(claim{"CONFIG_KEXEC_CORE", on("CONFIG_KEXEC_CORE"), flags&efiKexec != 0, "the boot header says that the kernel takes part in kexec with EFI"})
	}
	if on("CONFIG_EFI_HANDOVER_PROTOCOL") && flags&efi64 == 0 {
		say(claim{"CONFIG_EFI_HANDOVER_PROTOCOL", true, false, "the boot header names a 64-bit EFI entry"})
	}
}

// before: a text begins with a release of an earlier series. One that does not
// begin with a release is none.
func before(version string, major, minor int) bool {
	var a, b int
	_, err := fmt.Sscanf(series(version), "%d.%d", &a, &b)
	return err == nil && (a < major || a == major && b < minor)
}
