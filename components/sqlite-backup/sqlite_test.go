//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// clock gives another second each time.
func clock() func() time.Time {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return func() time.Time { at = at.Add(time.Second); return at }
}

func rows(t *testing.T, name string) (n int) {
	t.Helper()
	db, err := open(name, "ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder, database, schema := filepath.Join(dir, "copies"), filepath.Join(dir, "app.sqlite"), filepath.Join(dir, "init.sql")
	if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(schema, []byte("PRAGMA journal_mode=wal; CREATE TABLE t (x); INSERT INTO t VALUES (1);"), 0o644),
		os.WriteFile(filepath.Join(folder, "app-mine.sqlite"), []byte("not a copy"), 0o644)); err != nil {
		t.Fatal(err)
	}
	now := clock()
	do := func(b backup, want string) string {
		t.Helper()
		b.now = now
		if b.keep == 0 {
			b.keep = 2
		}
		b.status = filepath.Join(dir, "status")
		var out bytes.Buffer
		err := b.run(t.Context(), &out, []string{database, folder})
		text := out.String()
		if err != nil {
			text += err.Error()
		}
		if !strings.Contains(text, want) {
			t.Errorf("printed %q, want %q", text, want)
		}
		return text
	}
	do(backup{}, "no such file")
	if b, err := os.ReadFile(filepath.Join(dir, "status")); err != nil || !strings.HasPrefix(string(b), "failed 2026-01-02T03:04:0") {
		t.Errorf("%q, %v", b, err)
	}
	do(backup{restore: true}, "there is no copy of")
	do(backup{restore: true, init: schema}, "made from "+schema)
	do(backup{restore: true, init: schema}, "exists")
	do(backup{}, "ok 2026-01-02T03:04:")
	// Another program has written, and its changes are only in the write-ahead log.
	db, err := open(database, "rw")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("INSERT INTO t VALUES (2)"); err != nil {
		t.Fatal(err)
	}
	do(backup{}, "2 copies")
	do(backup{}, "2 copies")
	all, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(all) != 3 { // and the file of another name
		t.Errorf("%q, %v", all, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	// The newest copy is damaged, so the one before it comes back.
	if err := os.WriteFile(all[1], bytes.Repeat([]byte("x"), 8192), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ending := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(database + ending); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	text := do(backup{restore: true}, "bytes from "+filepath.Base(all[0]))
	if !strings.Contains(text, filepath.Base(all[1])+" is not used") || rows(t, database) != 2 {
		t.Errorf("%q, %d rows", text, rows(t, database))
	}
	if err := errors.Join(os.Remove(database), os.Remove(all[0])); err != nil {
		t.Fatal(err)
	}
	do(backup{restore: true, init: schema}, "no copy of")
	for _, b := range []backup{{keep: -1}, {init: "x"}, {every: -1}, {name: "../x"}} {
		if text := do(b, ""); !strings.Contains(text, "usage") {
			t.Errorf("%+v: %q", b, text)
		}
	}
}

// A service goes on after a failure, and ends with the system.
func TestRepeat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	database, schema := filepath.Join(dir, "app.sqlite"), filepath.Join(dir, "init.sql")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	lines := 0
	w := writer(func(line string) {
		switch lines++; {
		case lines == 1:
			if err := errors.Join(os.WriteFile(schema, []byte("CREATE TABLE t (x)"), 0o644), create(ctx, schema, database)); err != nil {
				t.Error(err)
			}
		case strings.HasPrefix(line, "ok "):
			stop()
		}
	})
	b := backup{now: clock(), keep: 1, every: time.Millisecond}
	if err := b.run(ctx, w, []string{database, dir}); err != nil || lines != 2 {
		t.Errorf("%d lines, %v", lines, err)
	}
	if err := create(t.Context(), schema+"x", database); err == nil || !strings.HasPrefix(err.Error(), schema+"x: ") {
		t.Errorf("a file that does not exist: %v", err)
	}
	if err := errors.Join(os.WriteFile(schema, []byte("CREATE nonsense"), 0o644), create(t.Context(), schema, filepath.Join(dir, "new"))); err == nil || !strings.Contains(err.Error(), fmt.Sprint(schema, ": ")) {
		t.Error(err)
	}
}

type writer func(string)

func (w writer) Write(b []byte) (int, error) { w(string(b)); return len(b), nil }
