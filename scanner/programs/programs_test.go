package programs_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/programs"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// elf is the head of a program for a machine, with an interpreter.
func elf(machine uint16, interpreter string) string {
	b := make([]byte, 64+56)
	copy(b, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(b[18:], machine)
	binary.LittleEndian.PutUint64(b[32:], 64)
	binary.LittleEndian.PutUint16(b[54:], 56)
	if interpreter == "" {
		return string(b)
	}
	binary.LittleEndian.PutUint16(b[56:], 1)
	binary.LittleEndian.PutUint32(b[64:], 3)
	binary.LittleEndian.PutUint64(b[72:], uint64(len(b)))
	binary.LittleEndian.PutUint64(b[96:], uint64(len(interpreter)+1))
	return string(b) + interpreter + "\x00"
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		head string
		want programs.Head
	}{
		"elf":            {elf(62, "/lib64/ld.so"), programs.Head{Format: "elf", Arch: "amd64", Interpreter: "/lib64/ld.so"}},
		"static":         {elf(183, ""), programs.Head{Format: "elf", Arch: "arm64"}},
		"other machine":  {elf(9999, ""), programs.Head{Format: "elf"}},
		"cut off":        {elf(62, "/lib64/ld.so")[:100], programs.Head{Format: "elf", Arch: "amd64"}},
		"short":          {"\x7fELF\x02\x01", programs.Head{Format: "elf"}},
		"script":         {"#!/bin/sh\n", programs.Head{Format: "script", Interpreter: "/bin/sh"}},
		"with argument":  {"#! \t/usr/bin/env  -S sh\n", programs.Head{Format: "script", Interpreter: "/usr/bin/env"}},
		"no end of line": {"#!/bin/sh", programs.Head{Format: "script", Interpreter: "/bin/sh"}},
		"windows":        {"#!/bin/sh\r\n", programs.Head{Format: "script", Interpreter: "/bin/sh\r"}},
		"nothing named":  {"#!\n", programs.Head{Format: "script"}},
		"endless":        {"#!/" + strings.Repeat("x", 300), programs.Head{Format: "script"}},
		"text":           {"hello", programs.Head{}},
		"empty":          {"", programs.Head{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := programs.Read([]byte(c.head)); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	names := tree.New()
	sink := programs.NewSink(names)
	add := func(p string, typ system.EntryType, mode uint32, text string) {
		t.Helper()
		e := &system.Entry{Path: p, Type: typ, Mode: mode}
		if typ == system.TypeFile {
			e.Size = int64(len(text))
		} else {
			e.Link = text
		}
		if err := names.Add(e); err != nil {
			t.Fatal(err)
		}
		w, err := sink.Entry(e)
		if err != nil {
			t.Fatal(err)
		}
		if w != nil {
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	add("bin", system.TypeSymlink, 0o777, "usr/bin")
	add("usr/bin/start", system.TypeFile, 0o755, "#!/bin/sh\n")
	add("usr/bin/sh", system.TypeSymlink, 0o777, "/opt/busybox")
	add("opt/busybox", system.TypeFile, 0o755, elf(62, "/lib/ld.so"))
	add("usr/bin/same", system.TypeHardlink, 0o755, "usr/bin/start")
	add("etc/x", system.TypeFile, 0o644, "#!/bin/none\n")
	got := sink.Look([]string{"/bin/start", "/bin/same", "/bin/none", "/usr", "/etc/x"})
	for p, want := range map[string]string{"/bin/start": "/usr/bin/start", "/bin/same": "/usr/bin/start", "/bin/sh": "/opt/busybox", "/usr": "/usr", "/lib/ld.so": "", "/bin/none": ""} {
		if f, asked := got[p]; !asked || f.Real != want {
			t.Errorf("%s: %+v", p, f)
		}
	}
	if f := got["/etc/x"]; f.Type != "file" || f.Head.Interpreter != "" {
		t.Errorf("a file that no user may execute is read: %+v", f)
	}
	if via := strings.Join(got["/bin/sh"].Via, " "); via != "/bin/sh /usr/bin/sh /opt/busybox" {
		t.Errorf("via %s", via)
	}
	if via := strings.Join(got["/bin/none"].Via, " "); via != "/bin/none /usr/bin/none" {
		t.Errorf("via %s", via)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(elf(62, "/lib64/ld.so")))
	f.Add([]byte(elf(62, "/lib64/ld.so")[:70]))
	f.Add([]byte("\x7fELF\x01\x02" + strings.Repeat("\xff", 90)))
	f.Add([]byte("#! /bin/sh -e\n"))
	f.Fuzz(func(t *testing.T, head []byte) {
		if got := programs.Read(head); len(got.Interpreter) > len(head) {
			t.Errorf("%q", got.Interpreter)
		}
	})
}
