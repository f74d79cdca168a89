//go:build linux

package lvm

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/block"
)

func TestStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := block.Finder{Sys: filepath.Join(dir, "sys"), Dev: filepath.Join(dir, "dev")}
	physical, data := make([]byte, 8192), make([]byte, 8192)
	copy(physical[512:], "LABELONE")
	copy(physical[536:], "LVM2 001")
	data[3000] = 1
	for name, b := range map[string][]byte{"vda": make([]byte, 8192), "vdb": make([]byte, 8192), "vdc": physical, "vdd": data} {
		if err := errors.Join(os.MkdirAll(filepath.Join(f.Sys, name), 0o755), os.MkdirAll(f.Dev, 0o755),
			os.WriteFile(filepath.Join(f.Sys, name, "size"), []byte("16\n"), 0o644), os.WriteFile(filepath.Join(f.Dev, name), b, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	const on, list = "vgchange --activate y --quiet pool", "lvs --noheadings --options lv_name,lv_active pool"
	for _, c := range []struct {
		create  bool
		volumes string
		args    string
		listed  string
		ran     []string
		want    string
	}{
		{true, "logs=16M,data=100%FREE", "pool vda vdb", "logs active\n  data active", []string{"pvcreate --quiet vda vdb", "vgcreate --quiet pool vda vdb",
			"lvcreate --quiet --yes --wipesignatures n --name logs --size 16M pool", "lvcreate --quiet --yes --wipesignatures n --name data --extents 100%FREE pool", on, list},
			"/dev/pool/logs /dev/pool/data\n"},
		{false, "", "pool vdc", "logs active", []string{on, list}, "/dev/pool/logs\n"},
		{false, "", "pool", "logs active", []string{on, list}, "/dev/pool/logs\n"},
		{true, "a=1G", "pool vdc", "logs active", []string{on, list}, "/dev/pool/logs\n"},
		{false, "", "pool vdc", "logs ", []string{on, list}, `"logs" of pool was not switched on`},
		{false, "", "pool vdc", "", []string{on, list}, "has no volume"},
		{false, "", "pool vda", "", nil, "with -create"},
		{true, "a=1G", "pool vda vdc", "", nil, "vgextend"},
		{true, "a=1G", "pool vdd", "", nil, "it is not overwritten"},
		{true, "", "pool vda", "", nil, "at least one -volume"},
		{true, "a=1G", "pool", "", nil, "needs devices"},
		{true, "a=0G", "pool vda", "", nil, "is not NAME=SIZE"},
		{true, "-a=1G", "pool vda", "", nil, "is not NAME=SIZE"},
		{false, "", "-pool vda", "", nil, "give the name"},
	} {
		var ran []string
		s := starter{devices: f, create: c.create, run: func(_ context.Context, args ...string) (string, error) {
			text := strings.ReplaceAll(strings.Join(args[1:], " "), f.Dev+"/", "")
			ran = append(ran, text)
			if text == list {
				return c.listed, nil
			}
			return "", nil
		}}
		if c.volumes != "" {
			s.volumes = applet.List(strings.Split(c.volumes, ","))
		}
		args := strings.Fields(c.args)
		for i := range args[1:] {
			args[i+1] = filepath.Join(f.Dev, args[i+1])
		}
		var out bytes.Buffer
		text := ""
		if err := s.start(t.Context(), &out, args); err != nil {
			text = err.Error()
		}
		if text += out.String(); !strings.Contains(text, c.want) || strings.Join(ran, "\n") != strings.Join(c.ran, "\n") {
			t.Errorf("%s %s:\nran     %q\nwant    %q\nprinted %q, want %q", c.args, c.volumes, ran, c.ran, text, c.want)
		}
	}
}
