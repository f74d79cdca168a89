// Command verify measures seaworthy-verify: its size, its start, and how long it
// needs for a system, compared with sha256sum of the same bytes. The commands take
// turns, so that other work on the machine affects all of them equally. The fastest
// run of each counts: other work only adds time.
//
//	go run ./bench/verify
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seaworthy-os/seaworthy/bench/made"
	"github.com/seaworthy-os/seaworthy/bench/measure"
)

// What we want: see docs/verify.md.
const (
	maxSize  = 6e6
	maxStart = 15 * time.Millisecond
	factor   = 1.1
	extra    = 15 * time.Millisecond
)

func main() {
	program := flag.String("program", "bin/seaworthy-verify", "the program, written by make build")
	dir := flag.String("dir", "dist/demo/minimal", "a system, written by make demo")
	key := flag.String("key", "dist/demo/seaworthy.pub", "its public key")
	runs := flag.Int("runs", 31, "runs of each command")
	flag.Parse()
	made.Exit(run(*program, *dir, *key, *runs))
}

func run(program, dir, key string, runs int) error {
	files, size, err := distinct(dir)
	if err != nil {
		return err
	}
	commands := [][]string{
		{program, "--help"},
		append([]string{"sha256sum"}, files...),
		{program, "--quiet", "--key", key, dir},
	}
	samples := make([][]measure.Sample, len(commands))
	for i := range runs + 1 {
		for j, c := range commands {
			s, _, err := measure.Command(nil, c[0], c[1:]...)
			if err != nil {
				return err
			}
			if i > 0 { // the first run fills caches
				samples[j] = append(samples[j], s)
			}
		}
	}
	info, err := os.Stat(program)
	if err != nil {
		return err
	}
	start, hash, verify := measure.Least(samples[0]).Wall, measure.Least(samples[1]).Wall, measure.Least(samples[2]).Wall
	limit := time.Duration(factor*float64(hash)) + extra
	fmt.Printf("%s; fastest of %d runs; %d files, %.1f MB\n", measure.Load(), runs, len(files), float64(size)/1e6)
	fmt.Printf("size of %s: %.1f MB (limit %.0f MB): %s\n", filepath.Base(program), float64(info.Size())/1e6, maxSize/1e6, verdict(float64(info.Size()) <= maxSize))
	fmt.Printf("start: %v (limit %v): %s\n", start.Round(time.Microsecond), maxStart, verdict(start <= maxStart))
	fmt.Printf("sha256sum: %v\nverify: %v (limit %v): %s\n", hash.Round(time.Microsecond), verify.Round(time.Microsecond),
		limit.Round(time.Microsecond), verdict(verify <= limit))
	return nil
}

func verdict(ok bool) string {
	if ok {
		return "holds"
	}
	return "does not hold"
}

// distinct lists the files of a folder, hard links once.
func distinct(dir string) (files []string, size int64, err error) {
	var seen []fs.FileInfo
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		for _, old := range seen {
			if os.SameFile(old, info) {
				return nil
			}
		}
		seen = append(seen, info)
		files = append(files, path)
		size += info.Size()
		return nil
	})
	return files, size, err
}
