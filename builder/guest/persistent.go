package guest

import "fmt"

// DataVolume returns the value of seaworthy.data=, the name of the volume that is kept
// on the disk; "" without one.
func (c Cmdline) DataVolume() (string, error) {
	v, ok := c.Get("seaworthy.data")
	if ok && !validVolume(v) {
		return "", fmt.Errorf("seaworthy.data=%q: not the name of a volume", v)
	}
	return v, nil
}

// PersistentSteps mounts the volume as Steps does, but it keeps its changes on a device.
func (v Volume) PersistentSteps(device string) []Step {
	steps := v.Steps()
	o := parseOptions([]string{"nosuid", "nodev", "noatime"})
	o.propagation = []uintptr{msPrivate}
	steps[0] = stepMount{source: device, typ: "ext4", dest: v.Dir + "/tmp", mountOptions: o}
	return steps
}
