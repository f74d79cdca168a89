//go:build linux

// Command postgres-start makes a database in /data/15 if there is none, and then
// becomes PostgreSQL. initdb and PostgreSQL start programs with /bin/sh, which is this
// program too: by the name sh, it starts programs of PostgreSQL and nothing else.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"syscall"
)

const (
	programs = "/usr/lib/postgresql/15/bin/"
	data     = "/data/15"
	// fresh is the folder that initdb fills. It gets its name when it is complete, so
	// a machine that stops in the middle starts from nothing the next time.
	fresh    = "/data/new"
	password = "/etc/postgres/password"
	settings = "/etc/postgres/postgres.conf"
)

func main() {
	var err error
	if path.Base(os.Args[0]) == "sh" {
		err = shell(os.Args[1:])
	} else {
		err = start()
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", path.Base(os.Args[0]), err)
	os.Exit(126)
}

// start makes the database if necessary, and becomes the server. It returns only
// errors.
func start() error {
	if _, err := os.Stat(data); errors.Is(err, os.ErrNotExist) {
		if err := create(); err != nil {
			return fmt.Errorf("cannot make a database in %s: %w", data, err)
		}
	} else if err != nil {
		return err
	}
	server := programs + "postgres"
	return syscall.Exec(server, []string{server, "-D", data, "-c", "config_file=" + data + "/start.conf"}, os.Environ())
}

// create makes a database with initdb. The kernel names the user of the socket; TCP
// needs a password.
func create() error {
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	args := []string{"-D", fresh, "-U", "postgres", "-E", "UTF8", "--locale=C", "--data-checksums", "--auth-local=peer", "--auth-host=scram-sha-256"}
	if _, err := os.Stat(password); err == nil {
		args = append(args, "--pwfile="+password)
	}
	cmd := exec.Command(programs+"initdb", args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	// The image's settings come last, so they replace those of initdb.
	text := "include 'postgresql.conf'\ninclude '" + settings + "'\n"
	if err := os.WriteFile(fresh+"/start.conf", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, data)
}
