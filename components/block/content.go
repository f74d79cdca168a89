// Package block finds block devices by their names, labels and identifiers, and says
// what is on them. It needs no udev: it reads /sys/class/block and the devices.
package block

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Content is what is on a device.
type Content struct {
	// Type is a file system as mount(2) names it (ext4, xfs, btrfs, vfat, iso9660,
	// squashfs, erofs), or swap, crypto_LUKS, LVM2_member, linux_raid_member, gpt or
	// dos; "" if nothing was recognised.
	Type string
	// Label and UUID are as the content has them, "" without. A UUID of vfat has the
	// form ABCD-1234.
	Label, UUID string
}

// read reads up to n bytes at an offset. What is behind the end of the device is missing.
func read(r io.ReaderAt, at int64, n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := r.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:got], nil
}

// probe recognises one kind of content.
type probe struct {
	at    int64
	n     int
	magic []byte
	where int
	read  func(b []byte) Content
}

var le = binary.LittleEndian

// probes are in an order in which a later one is not found inside an earlier one: a
// LUKS device can have the rest of an old file system behind its header.
var probes = []probe{
	{0, 512, []byte("LUKS\xba\xbe"), 0, func(b []byte) Content {
		c := Content{Type: "crypto_LUKS", UUID: text(b[168:208])}
		if binary.BigEndian.Uint16(b[6:]) == 2 {
			c.Label = text(b[24:72])
		}
		return c
	}},
	{512, 512, []byte("LABELONE"), 0, func(b []byte) Content {
		if string(b[24:32]) != "LVM2 001" {
			return Content{}
		}
		return Content{Type: "LVM2_member"}
	}},
	{4096, 256, []byte{0xfc, 0x4e, 0x2b, 0xa9}, 0, raid},
	{0, 256, []byte{0xfc, 0x4e, 0x2b, 0xa9}, 0, raid},
	{4096 - 10, 10, []byte("SWAPSPACE2"), 0, func([]byte) Content { return Content{Type: "swap"} }},
	{0, 512, []byte("XFSB"), 0, func(b []byte) Content {
		return Content{Type: "xfs", UUID: uuid(b[32:48]), Label: text(b[108:120])}
	}},
	{0, 512, []byte("hsqs"), 0, func([]byte) Content { return Content{Type: "squashfs"} }},
	{1024, 1024, []byte{0x53, 0xef}, 56, func(b []byte) Content {
		c := Content{Type: "ext2", UUID: uuid(b[104:120]), Label: text(b[120:136])}
		switch {
		case le.Uint32(b[96:])&0x2c0 != 0: // extents, 64bit, flex_bg
			c.Type = "ext4"
		case le.Uint32(b[92:])&0x4 != 0: // has_journal
			c.Type = "ext3"
		}
		return c
	}},
	{1024, 128, []byte{0xe2, 0xe1, 0xf5, 0xe0}, 0, func(b []byte) Content {
		return Content{Type: "erofs", UUID: uuid(b[48:64]), Label: text(b[64:80])}
	}},
	{65536, 1024, []byte("_BHRfS_M"), 64, func(b []byte) Content {
		return Content{Type: "btrfs", UUID: uuid(b[32:48]), Label: text(b[299:555])}
	}},
	{32768, 2048, []byte("\x01CD001"), 0, func(b []byte) Content {
		return Content{Type: "iso9660", Label: text(b[40:72])}
	}},
	{512, 512, []byte("EFI PART"), 0, func([]byte) Content { return Content{Type: "gpt"} }},
	{4096, 512, []byte("EFI PART"), 0, func([]byte) Content { return Content{Type: "gpt"} }},
	{0, 512, []byte{0x55, 0xaa}, 510, func(b []byte) Content {
		for _, f := range []struct {
			name  string
			where int
		}{{"FAT32   ", 82}, {"FAT16   ", 54}, {"FAT12   ", 54}} {
			if string(b[f.where:f.where+8]) == f.name {
				id := le.Uint32(b[f.where-15:])
				return Content{Type: "vfat", UUID: fmt.Sprintf("%04X-%04X", id>>16, id&0xffff), Label: text(b[f.where-11 : f.where])}
			}
		}
		for i := range 4 {
			if p := b[446+16*i:]; p[0]&0x7f == 0 && p[4] != 0 && le.Uint32(p[12:]) != 0 {
				return Content{Type: "dos"}
			}
		}
		return Content{}
	}},
}

func raid(b []byte) Content {
	if le.Uint32(b[4:]) != 1 {
		return Content{}
	}
	return Content{Type: "linux_raid_member", UUID: uuid(b[16:32]), Label: text(b[32:64])}
}

// Identify says what is on a device. The bytes are not trusted: labels that are not
// printable are left out.
func Identify(r io.ReaderAt) (Content, error) {
	for _, p := range probes {
		b, err := read(r, p.at, p.n)
		if err != nil {
			return Content{}, err
		}
		if len(b) < p.n || !bytes.HasPrefix(b[p.where:], p.magic) {
			continue
		}
		c := p.read(b)
		if c.Type == "swap" {
			if b, err = read(r, 1024, 64); err != nil {
				return Content{}, err
			}
			if len(b) == 64 {
				c.UUID, c.Label = uuid(b[12:28]), text(b[28:44])
			}
		}
		if c.Type != "" {
			return c, nil
		}
	}
	return Content{}, nil
}

// text is a label: up to the first zero byte, without spaces at its end.
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	s := strings.TrimRight(string(b), " ")
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
		return ""
	}
	return s
}

func uuid(b []byte) string {
	if len(bytes.Trim(b, "\x00")) == 0 {
		return ""
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
