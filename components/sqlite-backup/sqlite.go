//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// open opens a database. Other programs that write to it are waited for.
func open(name, mode string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: name, RawQuery: "mode=" + mode + "&_pragma=busy_timeout(60000)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// copyDatabase makes a copy as of one moment, and returns its size. The copy gets its name
// when it is complete, checked and on the disk.
func copyDatabase(ctx context.Context, from, to string) (size int64, err error) {
	fresh := filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+".new")
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(fresh)
		}
	}()
	db, err := open(from, "rw")
	if err != nil {
		return 0, err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", fresh)
	if err = errors.Join(err, db.Close()); err != nil {
		return 0, fmt.Errorf("%s: %w", from, err)
	}
	if err := check(ctx, fresh); err != nil {
		return 0, fmt.Errorf("%s: the copy is damaged, so the database is: %w", from, err)
	}
	return finish(fresh, to)
}

// check reads the whole database.
func check(ctx context.Context, name string) error {
	db, err := open(name, "ro")
	if err != nil {
		return err
	}
	var result string
	err = db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&result)
	if err = errors.Join(err, db.Close()); err == nil && result != "ok" {
		err = errors.New(result)
	}
	return err
}

// finish writes a new file to the disk, and gives it its name.
func finish(fresh, to string) (int64, error) {
	f, err := os.OpenFile(fresh, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	st, err := f.Stat()
	if err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	if err := os.Rename(fresh, to); err != nil {
		return 0, err
	}
	d, err := os.Open(filepath.Dir(to))
	if err != nil {
		return 0, err
	}
	return st.Size(), errors.Join(d.Sync(), d.Close())
}

// maxSQL limits how much SQL is read.
const maxSQL = 16 << 20

// create makes a database from a file with SQL.
func create(ctx context.Context, from, to string) error {
	text, err := bounded.ReadFile(from, maxSQL)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	fresh := filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+".new")
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := open(fresh, "rwc")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, string(text))
	if err = errors.Join(err, db.Close()); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", from, err), os.Remove(fresh))
	}
	_, err = finish(fresh, to)
	return err
}
