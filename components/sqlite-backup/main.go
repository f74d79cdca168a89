//go:build linux

// Command sqlite-backup copies a SQLite database again and again while other programs use
// it, and brings back the newest copy.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

func main() {
	b := backup{now: time.Now}
	(&applet.Program{Name: "sqlite-backup", Usage: "[flags] DATABASE FOLDER", Flags: b.flags, Run: b.run}).Main()
}

type backup struct {
	now func() time.Time

	database, folder   string
	name, status, init string
	every              time.Duration
	keep               int
	restore            bool
}

func (b *backup) flags(fs *flag.FlagSet) {
	fs.DurationVar(&b.every, "every", 24*time.Hour, "time between two copies; 0 makes one copy")
	fs.IntVar(&b.keep, "keep", 7, "how many copies to keep; older ones are removed")
	fs.StringVar(&b.name, "name", "", "begin of the names of the copies (default: the name of the database without its ending)")
	fs.StringVar(&b.status, "status", "", "file for the result of the last copy: \"ok\" and its time and size, or \"failed\" and the reason")
	fs.BoolVar(&b.restore, "restore", false, "if there is no database, make it from the newest copy, or from -init; then end")
	fs.StringVar(&b.init, "init", "", "with -restore: file with SQL that makes the database if there is no copy")
}

// layout is the time in the name of a copy: names in order are times in order.
const layout = "20060102T150405.000Z"

var nameRE = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$`)

func (b *backup) run(ctx context.Context, w io.Writer, args []string) error {
	if len(args) != 2 || b.keep < 1 || b.every < 0 || b.init != "" && !b.restore {
		return applet.Usagef("give the database and the folder of its copies; -keep is at least 1, -every is not below 0, and -init needs -restore")
	}
	b.database, b.folder = args[0], args[1]
	if b.name == "" {
		b.name = strings.TrimSuffix(filepath.Base(b.database), filepath.Ext(b.database))
	}
	if !nameRE.MatchString(b.name) {
		return applet.Usagef("the name %q does not match %s", b.name, nameRE)
	}
	if b.restore {
		return b.bring(ctx, w)
	}
	for {
		text, err := b.once(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the system ends
		}
		if err != nil {
			text = fmt.Sprintf("failed %s: %v", b.now().UTC().Format(time.RFC3339), err)
		}
		fmt.Fprintln(w, text)
		if statusErr := b.tell(text); statusErr != nil || b.every == 0 {
			return errors.Join(err, statusErr)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(b.every):
		}
	}
}

func (b *backup) tell(text string) error {
	if b.status == "" {
		return nil
	}
	return atomicfile.Write(b.status, []byte(text+"\n"), 0o644)
}

// once makes a copy, checks it, and removes old ones.
func (b *backup) once(ctx context.Context) (string, error) {
	if _, err := os.Stat(b.database); err != nil {
		return "", err // SQLite would make an empty database
	}
	now := b.now().UTC()
	name := filepath.Join(b.folder, b.name+"-"+now.Format(layout)+".sqlite")
	size, err := copyDatabase(ctx, b.database, name)
	if err != nil {
		return "", err
	}
	all, err := b.copies()
	if err != nil {
		return "", err
	}
	for _, old := range all[:max(0, len(all)-b.keep)] {
		if err := os.Remove(old); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("ok %s %d bytes, %d copies", now.Format(time.RFC3339), size, min(len(all), b.keep)), nil
}

// copies are the files of the copies, the oldest first. Other files are left alone.
func (b *backup) copies() ([]string, error) {
	entries, err := os.ReadDir(b.folder)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range entries {
		stamp, ok := strings.CutPrefix(e.Name(), b.name+"-")
		stamp, sqlite := strings.CutSuffix(stamp, ".sqlite")
		if _, err := time.Parse(layout, stamp); err == nil && ok && sqlite && e.Type().IsRegular() {
			all = append(all, filepath.Join(b.folder, e.Name()))
		}
	}
	slices.Sort(all)
	return all, nil
}

// bring makes the database if there is none. A copy that is damaged is not used: the one
// before it is.
func (b *backup) bring(ctx context.Context, w io.Writer) error {
	if _, err := os.Stat(b.database); !errors.Is(err, os.ErrNotExist) {
		if err == nil {
			fmt.Fprintf(w, "%s exists\n", b.database)
		}
		return err
	}
	all, err := b.copies()
	if err != nil {
		return err
	}
	for _, name := range slices.Backward(all) {
		size, err := copyDatabase(ctx, name, b.database)
		if err == nil {
			fmt.Fprintf(w, "%s: %d bytes from %s\n", b.database, size, filepath.Base(name))
			return nil
		}
		fmt.Fprintf(w, "%s is not used: %v\n", filepath.Base(name), err)
	}
	switch {
	case len(all) > 0:
		return fmt.Errorf("no copy of %s can be used", b.database)
	case b.init == "":
		return fmt.Errorf("there is no copy of %s in %s (-init makes a new one)", b.database, b.folder)
	}
	if err := create(ctx, b.init, b.database); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: made from %s\n", b.database, b.init)
	return nil
}
