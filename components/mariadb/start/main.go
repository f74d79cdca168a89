//go:build linux

// Command mariadb-start makes the system tables of MariaDB in /data/10.11 if there are
// none, and then becomes MariaDB. It does the work of the shell script
// mariadb-install-db.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	server = "/usr/sbin/mariadbd"
	config = "--defaults-file=/etc/mariadb.cnf"
	data   = "/data/10.11"
	// fresh is the folder in which the tables are made. It gets its name when it is
	// complete, so a machine that stops in the middle starts from nothing the next
	// time.
	fresh = "/data/new"
	// files is the only folder from which SQL can read files, and to which it can
	// write.
	files = "/data/files"
)

// scripts make the system tables, in this order.
var scripts = []string{"mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql",
	"fill_help_tables.sql", "maria_add_gis_sp_bootstrap.sql", "mysql_sys_schema.sql"}

func main() {
	if err := start(); err != nil {
		fmt.Fprintln(os.Stderr, "mariadb-start:", err)
		os.Exit(1)
	}
}

// start makes the tables if necessary, and becomes the server. It returns only errors.
func start() error {
	if err := os.MkdirAll(files, 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(data); errors.Is(err, os.ErrNotExist) {
		if err := create("/usr/share/mysql"); err != nil {
			return fmt.Errorf("cannot make the system tables in %s: %w", data, err)
		}
	} else if err != nil {
		return err
	}
	return syscall.Exec(server, []string{"mariadbd", config}, os.Environ())
}

// create makes the system tables from the scripts in folder.
func create(folder string) error {
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return err
	}
	input, err := statements(folder)
	if err != nil {
		return err
	}
	cmd := exec.Command(server, config, "--bootstrap", "--datadir="+fresh, "--log-warnings=0", "--enforce-storage-engine=",
		"--max-allowed-packet=8M", "--net-buffer-length=16K")
	cmd.Stdin, cmd.Stderr = input, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s --bootstrap: %w", server, err)
	}
	return os.Rename(fresh, data)
}

// statements is the input of the server that makes the tables. There is no anonymous
// user, and no password for root: only root and the server's own user can log in, on
// the socket.
func statements(folder string) (io.Reader, error) {
	all := []io.Reader{strings.NewReader("CREATE DATABASE mysql;\nUSE mysql;\nSET @skip_auth_anonymous=1;\nSET @auth_root_socket='mariadb';\n")}
	for _, name := range scripts {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		all = append(all, strings.NewReader(string(text)+"\n"))
	}
	return io.MultiReader(all...), nil
}
