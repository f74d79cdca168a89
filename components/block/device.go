//go:build linux

package block

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/internal/blank"
)

// Device is a block device.
type Device struct {
	// Name is the kernel's name, such as vda1, and Path the device node.
	Name, Path string
	// Disk is the name of the disk that a partition is on; "" for a whole disk.
	Disk string
	// Number and PartName are those of a partition. PartName is in the partition
	// table, not in the partition.
	Number   int
	PartName string
	// Serial is the serial number of a disk.
	Serial string
	// Mapped is the name of a device of the device mapper, such as an opened dm-crypt.
	Mapped string
	// Encrypted: it is what an encrypted device has inside (dm-crypt).
	Encrypted bool
	// Size and Start are in bytes. Start is where a partition begins.
	Size, Start int64
	ReadOnly    bool
	// DevNum is MAJOR:MINOR, by which the kernel knows the device.
	DevNum string
}

// Finder finds devices.
type Finder struct {
	// Sys is /sys/class/block, and Dev is /dev, except in tests.
	Sys, Dev string
}

// System finds the devices of this system.
var System = Finder{"/sys/class/block", "/dev"}

func line(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// nodeNumber is the number of the block device with this path, "" if it is none.
func nodeNumber(path string) string {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return ""
	}
	return fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
}

func number(file string) int64 {
	n, err := strconv.ParseInt(line(file), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// List lists the devices of the machine that have a size, sorted by name. It leaves out
// memory disks.
func (f Finder) List() ([]Device, error) {
	entries, err := os.ReadDir(f.Sys)
	if err != nil {
		return nil, err
	}
	var all []Device
	for _, e := range entries {
		dir, err := filepath.EvalSymlinks(filepath.Join(f.Sys, e.Name()))
		if err != nil {
			continue // it has gone
		}
		if strings.HasPrefix(e.Name(), "ram") || strings.HasPrefix(e.Name(), "zram") {
			continue
		}
		d := Device{Name: e.Name(), Path: filepath.Join(f.Dev, e.Name()), Size: number(filepath.Join(dir, "size")) * 512,
			Start: number(filepath.Join(dir, "start")) * 512, ReadOnly: line(filepath.Join(dir, "ro")) == "1", DevNum: line(filepath.Join(dir, "dev"))}
		if d.Size == 0 {
			continue
		}
		if n := number(filepath.Join(dir, "partition")); n > 0 {
			d.Number, d.Disk = int(n), filepath.Base(filepath.Dir(dir))
		}
		for l := range strings.SplitSeq(line(filepath.Join(dir, "uevent")), "\n") {
			if v, ok := strings.CutPrefix(l, "PARTNAME="); ok {
				d.PartName = v
			}
		}
		if d.Serial = line(filepath.Join(dir, "serial")); d.Serial == "" {
			d.Serial = line(filepath.Join(dir, "device", "serial"))
		}
		d.Mapped, d.Encrypted = line(filepath.Join(dir, "dm", "name")), strings.HasPrefix(line(filepath.Join(dir, "dm", "uuid")), "CRYPT-")
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b Device) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Content says what is on the device.
func (d *Device) Content() (Content, error) {
	r, err := os.Open(d.Path)
	if err != nil {
		return Content{}, err
	}
	defer r.Close()
	return Identify(r)
}

var errNotFound = errors.New("there is no such device")

// kinds are the ways to name a device, besides its path.
var kinds = []string{"LABEL", "UUID", "PARTLABEL", "SERIAL"}

// Find finds the one device that spec names: a path such as /dev/vda1, or
// LABEL=NAME, UUID=ID, PARTLABEL=NAME (the name of a partition in a GPT) or SERIAL=ID
// (of a whole disk). It is an error if several devices have the name: the order of disks
// is not known.
func (f Finder) Find(spec string) (*Device, error) {
	all, err := f.List()
	if err != nil {
		return nil, err
	}
	key, value, ok := strings.Cut(spec, "=")
	if strings.HasPrefix(spec, "/") {
		key, value, ok = "", spec, true
	}
	if !ok || value == "" || key != "" && !slices.Contains(kinds, key) {
		return nil, fmt.Errorf("device %q: give a path, or one of %s=VALUE", spec, strings.Join(kinds, ", "))
	}
	var found []Device
	var failed []error
	for _, d := range all {
		match := false
		switch key {
		case "":
			// A path can be a symbolic link, or another node of the device. Without
			// udev, no program makes the node /dev/mapper/NAME.
			real, err := filepath.EvalSymlinks(value)
			match = err == nil && real == d.Path || d.Mapped != "" && value == filepath.Join(f.Dev, "mapper", d.Mapped) || value == d.Path || d.DevNum != "" && d.DevNum == nodeNumber(value)
		case "PARTLABEL":
			match = d.PartName == value
		case "SERIAL":
			match = d.Serial == value && d.Disk == ""
		default:
			c, err := d.Content()
			if err != nil {
				failed = append(failed, err)
				continue
			}
			match = key == "LABEL" && c.Label == value || key == "UUID" && strings.EqualFold(c.UUID, value)
		}
		if match {
			found = append(found, d)
		}
	}
	switch {
	case len(found) == 1:
		return &found[0], nil
	case len(found) > 1:
		return nil, fmt.Errorf("device %s: both %s and %s have it", spec, found[0].Path, found[1].Path)
	}
	return nil, errors.Join(append([]error{fmt.Errorf("device %s: %w", spec, errNotFound)}, failed...)...)
}

// Wait finds a device, and waits for it: a disk can appear some time after boot.
func (f Finder) Wait(ctx context.Context, spec string, limit time.Duration) (*Device, error) {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	for {
		d, err := f.Find(spec)
		if err == nil || !errors.Is(err, errNotFound) {
			return d, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w (waited %s)", err, limit)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Patience is how long programs wait for a device, if no flag says otherwise.
const Patience = time.Minute

// Blank finds the only disk that is empty: without partitions, and without data. A program
// that formats a disk without a name must not choose one with data.
func (f Finder) Blank() (*Device, error) {
	all, err := f.List()
	if err != nil {
		return nil, err
	}
	var found []Device
	for _, d := range all {
		if d.Disk != "" || d.ReadOnly || strings.HasPrefix(d.Name, "loop") || strings.HasPrefix(d.Name, "sr") ||
			strings.HasPrefix(d.Name, "dm-") || slices.ContainsFunc(all, func(p Device) bool { return p.Disk == d.Name }) {
			continue
		}
		at, err := d.data()
		if err != nil {
			return nil, err
		}
		if at < 0 {
			found = append(found, d)
		}
	}
	switch len(found) {
	case 0:
		return nil, errors.New("no disk is empty: name the device")
	case 1:
		return &found[0], nil
	}
	return nil, fmt.Errorf("%s and %s are both empty: name the device", found[0].Path, found[1].Path)
}

// data is the place of data on the device, -1 if the device is empty. Of a large device,
// not every byte is read.
func (d *Device) data() (int64, error) {
	r, err := os.Open(d.Path)
	if err != nil {
		return -1, err
	}
	defer r.Close()
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return -1, err
	}
	at, err := blank.Find(r, blank.Span{End: size}, blank.Span{})
	if err != nil {
		err = fmt.Errorf("%s: %w", d.Path, err)
	}
	return at, err
}

// MustBeEmpty is an error if something is on the device.
func (d *Device) MustBeEmpty() error {
	c, err := d.Content()
	if err != nil {
		return err
	}
	if c.Type != "" {
		return fmt.Errorf("%s has data: %s%s: it is not overwritten", d.Path, c.Type, labelled(c.Label))
	}
	at, err := d.data()
	if err == nil && at >= 0 {
		err = fmt.Errorf("%s has data of an unknown kind, at byte %d: it is not overwritten", d.Path, at)
	}
	return err
}

func labelled(label string) string {
	if label == "" {
		return ""
	}
	return fmt.Sprintf(" with the label %q", label)
}
