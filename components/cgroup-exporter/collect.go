package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// figure is one metric, which comes from one file of each cgroup.
type figure struct {
	name, kind, help string
	file             string
	// key selects a line "KEY NUMBER" of the file. Without a key, the file is one
	// number.
	key string
	// sum adds the values KEY=NUMBER of all lines: the file has one line per device.
	sum bool
	// divide makes seconds of microseconds.
	divide float64
}

var figures = []figure{
	{name: "cgroup_cpu_seconds_total", kind: "counter", help: "Processor time.", file: "cpu.stat", key: "usage_usec", divide: 1e6},
	{name: "cgroup_cpu_user_seconds_total", kind: "counter", help: "Processor time in programs.", file: "cpu.stat", key: "user_usec", divide: 1e6},
	{name: "cgroup_cpu_system_seconds_total", kind: "counter", help: "Processor time in the kernel.", file: "cpu.stat", key: "system_usec", divide: 1e6},
	{name: "cgroup_cpu_throttled_seconds_total", kind: "counter", help: "Time in which the limit of processor time stopped it.", file: "cpu.stat", key: "throttled_usec", divide: 1e6},
	{name: "cgroup_memory_bytes", kind: "gauge", help: "Memory in use.", file: "memory.current"},
	{name: "cgroup_memory_limit_bytes", kind: "gauge", help: "The limit of memory; missing if there is none.", file: "memory.max"},
	{name: "cgroup_memory_anonymous_bytes", kind: "gauge", help: "Memory that is not a part of a file.", file: "memory.stat", key: "anon"},
	{name: "cgroup_memory_oom_kills_total", kind: "counter", help: "Processes that the kernel ended because of the limit of memory.", file: "memory.events", key: "oom_kill"},
	{name: "cgroup_processes", kind: "gauge", help: "Processes and threads.", file: "pids.current"},
	{name: "cgroup_processes_limit", kind: "gauge", help: "The limit of processes and threads; missing if there is none.", file: "pids.max"},
	{name: "cgroup_io_read_bytes_total", kind: "counter", help: "Bytes read from disks.", file: "io.stat", key: "rbytes", sum: true},
	{name: "cgroup_io_written_bytes_total", kind: "counter", help: "Bytes written to disks.", file: "io.stat", key: "wbytes", sum: true},
}

// maxCgroups limits how many cgroups one answer has, because a service can make many.
const maxCgroups = 4096

// collect returns all figures of all cgroups below root. A cgroup that ends meanwhile,
// or that lacks a controller, has fewer figures.
func collect(root string) ([]byte, error) {
	groups, err := list(root)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, f := range figures {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		for _, g := range groups {
			text, err := os.ReadFile(filepath.Join(root, g, f.file))
			if err != nil {
				continue
			}
			if v, ok := f.value(string(text)); ok {
				fmt.Fprintf(&b, "%s{cgroup=\"%s\"} %s\n", f.name, escape.Replace("/"+g), strconv.FormatFloat(v, 'f', -1, 64))
			}
		}
	}
	return b.Bytes(), nil
}

// escape makes a label value of any text.
var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// list returns the cgroups below root, without a leading slash; "" is root itself.
func list(root string) ([]string, error) {
	var all []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && p != root: // it has just ended
			return nil
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		if len(all) == maxCgroups {
			return fs.SkipAll
		}
		if rel == "." {
			rel = ""
		}
		all = append(all, strings.ToValidUTF8(rel, "?"))
		return nil
	})
	return all, err
}

// value finds the figure in the text of its file. "max" means that there is no limit.
func (f *figure) value(text string) (float64, bool) {
	if f.key == "" {
		return number(strings.TrimSpace(text), f.divide)
	}
	total, found := 0.0, false
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if !f.sum {
			if len(words) == 2 && words[0] == f.key {
				return number(words[1], f.divide)
			}
			continue
		}
		for _, w := range words {
			if digits, ok := strings.CutPrefix(w, f.key+"="); ok {
				v, ok := number(digits, f.divide)
				total, found = total+v, found || ok
			}
		}
	}
	return total, found
}

func number(s string, divide float64) (float64, bool) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, false
	}
	if divide == 0 {
		divide = 1
	}
	return float64(n) / divide, true
}
