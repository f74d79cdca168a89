package sbom

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

const fedora = "ID=fedora\nVERSION_ID=39\n"

// rpmDB is a database of rpm with one package for each name. Its log contains
// changes that were written last and not checkpointed.
func rpmDB(t testing.TB, in, logged []string) (db, log string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), sqliteDatabase)
	d, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.SetMaxOpenConns(1)
	do := func(q string, args ...any) {
		t.Helper()
		if _, err := d.Exec(q, args...); err != nil {
			t.Fatal(err)
		}
	}
	do("PRAGMA journal_mode=WAL")
	do("PRAGMA wal_autocheckpoint=0")
	do("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
	put := func(names []string) {
		for _, n := range names {
			do("INSERT INTO Packages (blob) VALUES (?)", rpmHeader(map[uint32]string{1000: n, 1001: "1.0", 1002: "1", 1022: "x86_64"}))
		}
	}
	put(in)
	do("PRAGMA wal_checkpoint(TRUNCATE)")
	put(logged)
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return string(b)
	}
	return read(name), read(name + walSuffix)
}

func jar(t testing.TB, prefix, comment string, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(prefix)
	z := zip.NewWriter(&b)
	z.SetOffset(int64(len(prefix)))
	for name, text := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
	}
	if err := z.SetComment(comment); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func packed(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.String()
}

func maven(group, name, version string) map[string]string {
	return map[string]string{
		"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\n\r\n",
		"META-INF/maven/" + group + "/" + name + "/pom.properties": "groupId=" + group + "\nartifactId=" + name + "\nversion=" + version + "\n",
	}
}

// A package is found under any name with which a program would open its files.
// A link may come before or after its target.
func TestLinkedContents(t *testing.T) {
	t.Parallel()
	rpm, _ := rpmDB(t, []string{"bash"}, nil)
	log4j := jar(t, "", "", maven("org.apache.logging.log4j", "log4j-core", "2.14.1"))
	status := st.DpkgStatus("tool", "1.0-1")
	for name, c := range map[string]struct {
		objects []st.Object
		want    string
	}{
		"rpm, a hard link":               {[]st.Object{st.File("usr/lib/os-release", fedora), st.File("o/ab/cd.file", rpm), st.Hardlink("usr/share/rpm/rpmdb.sqlite", "o/ab/cd.file")}, "rpm bash 1.0-1"},
		"rpm, links in a row":            {[]st.Object{st.File("usr/lib/os-release", fedora), st.File("o/cd", rpm), st.Symlink("usr/lib/sysimage/rpm/rpmdb.sqlite", "../../../share/db"), st.Hardlink("usr/share/db", "o/cd")}, "rpm bash 1.0-1"},
		"dpkg, absolute":                 {[]st.Object{st.File("data/db1", status), st.Symlink("var/lib/dpkg/status", "/data/db1")}, "deb tool 1.0-1"},
		"dpkg, relative and earlier":     {[]st.Object{st.Symlink("var/lib/dpkg/status", "../../../data/db1"), st.File("data/db1", status)}, "deb tool 1.0-1"},
		"dpkg, through a folder":         {[]st.Object{st.File("data/db1", status), st.Symlink("var/lib", "/srv/lib"), st.Symlink("srv/lib/dpkg/status", "../../../data/db1"), st.Dir("srv/lib/dpkg", 0o755)}, "deb tool 1.0-1"},
		"status.d, links":                {[]st.Object{st.File("store/1", status), st.Symlink("var/lib/dpkg/status.d/tool", "../../../../store/1")}, "deb tool 1.0-1"},
		"status.d, the folder is one":    {[]st.Object{st.File("store/dpkg/1", status), st.Symlink("var/lib/dpkg/status.d", "/store/dpkg")}, "deb tool 1.0-1"},
		"dpkg, the folder is one":        {[]st.Object{st.File("store/dpkg/status.d/1", status), st.Symlink("var/lib/dpkg", "/store/dpkg")}, "deb tool 1.0-1"},
		"apk":                            {[]st.Object{st.File("o/1", apkDB), st.Hardlink("lib/apk/db/installed", "o/1")}, "apk musl 1.2.4-r2"},
		"pacman":                         {[]st.Object{st.File("o/1", "%NAME%\nbash\n\n%VERSION%\n5.2-1\n\n%ARCH%\nx86_64\n"), st.Hardlink("var/lib/pacman/local/bash-5.2-1/desc", "o/1"), st.File("o/2", packed("#mtree\n")), st.Hardlink("var/lib/pacman/local/bash-5.2-1/mtree", "o/2"), st.File("o/3", "%FILES%\nusr/\n"), st.Hardlink("var/lib/pacman/local/bash-5.2-1/files", "o/3")}, "alpm bash 5.2-1"},
		"a jar in a store":               {[]st.Object{st.File("opt/store/abc123", log4j), st.Symlink("app/log4j-core-2.14.1.jar", "/opt/store/abc123")}, "java-archive log4j-core 2.14.1"},
		"a jar, hard link":               {[]st.Object{st.File("o/x", log4j), st.Hardlink("app/a.jar", "o/x")}, "java-archive log4j-core 2.14.1"},
		"a node package":                 {[]st.Object{st.File("store/1", `{"name":"left-pad","version":"1.3.0"}`), st.Hardlink("app/node_modules/left-pad/package.json", "store/1")}, "npm left-pad 1.3.0"},
		"a node package, the folder":     {[]st.Object{st.File("store/xyz/package.json", `{"name":"left-pad","version":"1.3.0"}`), st.Symlink("app/node_modules/left-pad", "../../store/xyz")}, "npm left-pad 1.3.0"},
		"a wheel":                        {[]st.Object{st.File("cache/1", "Metadata-Version: 2.1\nName: Foo\nVersion: 1.5\n"), st.Hardlink("usr/lib/python3/dist-packages/Foo-1.5.dist-info/METADATA", "cache/1")}, "python foo 1.5"},
		"a wheel, the folder":            {[]st.Object{st.File("nix/store/1-foo/lib/site-packages/Foo-1.5.dist-info/METADATA", "Metadata-Version: 2.1\nName: Foo\nVersion: 1.5\n"), st.Symlink("app/lib", "/nix/store/1-foo/lib")}, "python foo 1.5"},
		"a gem":                          {[]st.Object{st.File("o/1", "Gem::Specification.new do |s|\n  s.name = \"rake\".freeze\n  s.version = \"13.0\"\nend\n"), st.Hardlink("usr/share/gems/specifications/rake-13.0.gemspec", "o/1")}, "gem rake 13.0"},
		"a link that an upper layer had": {[]st.Object{st.Symlink("app/a.jar", "/o/x"), st.File("o/x", log4j), st.Shadowed(st.File("o/x", "old"))}, "java-archive log4j-core 2.14.1"},
	} {
		inv := catalog(t, c.objects)
		if !slices.Contains(names(inv.Packages), c.want) {
			t.Errorf("%s: %q, unreadable %v", name, names(inv.Packages), inv.Unreadable)
		}
	}
}

// Most images need one pass.
func TestOnePassIsEnough(t *testing.T) {
	t.Parallel()
	c := collect(t, append(st.Debian(map[string][]string{"tool": {"usr/bin/tool"}}),
		st.Symlink("usr/bin/python", "tool"), st.Symlink("lib", "usr/lib"), st.Hardlink("usr/bin/t", "usr/bin/tool"), st.File("usr/bin/script", "#!/bin/sh\nexit\n")))
	if rest := c.absent(); len(rest) > 1 { // python, which is a candidate because of its name
		t.Errorf("a second pass for %v", rest)
	}
}

// Archives are recognised by their ends. Bytes before the archive, and its
// size, hide nothing.
func TestArchives(t *testing.T) {
	t.Parallel()
	const script = "#!/bin/bash\nexec java -jar \"$0\"\nexit\n"
	lib := jar(t, "", "", maven("org.example", "lib", "2.0"))
	app := map[string]string{"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nImplementation-Title: app\r\nImplementation-Version: 1\r\n\r\n", "BOOT-INF/lib/lib-2.0.jar": lib}
	large := map[string]string{"x.bin": strings.Repeat(string(random(t, 1<<10)), 66<<10)}
	for k, v := range app {
		large[k] = v
	}
	for name, o := range map[string]st.Object{
		"plain":                  st.File("app.jar", jar(t, "", "", app)),
		"a script before it":     st.File("app.jar", jar(t, script, "", app)),
		"a comment behind it":    st.File("app.jar", jar(t, "", strings.Repeat("x", 300), app)),
		"an upper case name":     st.File("app.war", jar(t, script, "PK\x05\x06", app)),
		"large, a script":        st.File("app.jar", jar(t, script, "", large)),
		"large, a stub":          st.File("app.jar", jar(t, "MZ\x90\x00"+strings.Repeat("\x00", 5000), "", large)),
		"no name of an archive":  st.Mode("usr/bin/app", 0o755, jar(t, script, "", app)),
		"no name, and a comment": st.Mode("usr/bin/app", 0o755, jar(t, script, "made by a test", app)),
	} {
		inv := catalog(t, []st.Object{o})
		got := names(inv.Packages)
		if !slices.Contains(got, "java-archive lib 2.0") || !slices.Contains(got, "java-archive app 1") {
			t.Errorf("%s: %q, unreadable %v", name, got, inv.Unreadable)
		}
		for _, p := range inv.Packages {
			if len(p.Paths) == 0 || p.Name == "lib" && !strings.HasSuffix(p.Paths[0], ":BOOT-INF/lib/lib-2.0.jar") {
				t.Errorf("%s: %s is in %q", name, p.Name, p.Paths)
			}
		}
	}
}

func random(t testing.TB, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// A file that looks like software and cannot be read is listed, even if another
// package was found in it.
func TestUnreadableSoftware(t *testing.T) {
	t.Parallel()
	encrypted := []byte(jar(t, "", "", map[string]string{"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nImplementation-Title: app\r\nImplementation-Version: 1\r\n\r\n", "lib/secret.jar": "x"}))
	at := bytes.Index(encrypted, []byte("PK\x01\x02"))
	for ; at >= 0 && at < len(encrypted); at++ {
		next := bytes.Index(encrypted[at:], []byte("PK\x01\x02"))
		if next < 0 {
			break
		}
		at += next
		encrypted[at+8] |= 1
	}
	program := []byte(elfModule("name=x\x00"))
	program[16] = 2 // executable
	for name, o := range map[string]st.Object{
		"encrypted":                   st.File("opt/a.jar", string(encrypted)),
		"a nested archive is damaged": st.File("opt/a.jar", jar(t, "", "", map[string]string{"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nImplementation-Title: app\r\nImplementation-Version: 1\r\n\r\n", "lib/b.jar": "PK\x03\x04 and no more"})),
		"a name twice":                st.File("app/node_modules/a/package.json", `{"name":"lodash","version":"1.0.0","Name":"harmless"}`),
		"cut short":                   st.Mode("opt/tool", 0o755, string(program[:len(program)-10])),
		"no package in it":            st.File("opt/a.jar", jar(t, "", "", map[string]string{"readme": "x"})),
		"a launcher of something":     st.Mode("opt/tool", 0o755, jar(t, "#!/usr/bin/env python3\n", "", map[string]string{"__main__.py": "x"})),
	} {
		inv := catalog(t, []st.Object{o})
		if got := inv.UnreadablePaths(); !slices.Equal(got, []string{"/" + o.Path}) {
			t.Errorf("%s: unreadable %v, packages %q", name, inv.Unreadable, names(inv.Packages))
		}
	}
	if got := catalog(t, []st.Object{st.Mode("opt/tool", 0o755, string(program))}).Unreadable; len(got) != 0 {
		t.Errorf("a complete program: %v", got)
	}
}

// The log is part of the database. If a journal is in use, the content of the
// database is unknown.
func TestWriteAheadLog(t *testing.T) {
	t.Parallel()
	db, log := rpmDB(t, []string{"bash"}, []string{"openssl-libs", "zlib"})
	if len(log) == 0 {
		t.Fatal("no log was left")
	}
	const dir = "usr/lib/sysimage/rpm/"
	release := st.File("usr/lib/os-release", fedora)
	both, first := []string{"rpm bash 1.0-1", "rpm openssl-libs 1.0-1", "rpm zlib 1.0-1"}, []string{"rpm bash 1.0-1"}
	journal := journalMagic + strings.Repeat("\x00", 600)
	for name, c := range map[string]struct {
		objects []st.Object
		want    []string // nil means refused
	}{
		"none":                    {[]st.Object{st.File(dir+sqliteDatabase, db)}, first},
		"empty":                   {[]st.Object{st.File(dir+sqliteDatabase, db), st.File(dir+sqliteDatabase+walSuffix, "")}, first},
		"beside it":               {[]st.Object{st.File(dir+sqliteDatabase, db), st.File(dir+sqliteDatabase+walSuffix, log)}, both},
		"earlier":                 {[]st.Object{st.File(dir+sqliteDatabase+walSuffix, log), st.File(dir+sqliteDatabase, db)}, both},
		"of an object":            {[]st.Object{st.File("o/1", db), st.File("o/2", log), st.Hardlink(dir+sqliteDatabase, "o/1"), st.Hardlink(dir+sqliteDatabase+walSuffix, "o/2")}, both},
		"beside what is linked":   {[]st.Object{st.File("data/db", db), st.File("data/db-wal", log), st.Symlink(dir+sqliteDatabase, "/data/db")}, both},
		"of a linked folder":      {[]st.Object{st.File("srv/"+sqliteDatabase, db), st.File("srv/"+sqliteDatabase+walSuffix, log), st.Symlink("usr/lib/sysimage/rpm", "/srv")}, both},
		"two":                     {[]st.Object{st.File("o/1", db), st.File("o/1-wal", log), st.Hardlink(dir+sqliteDatabase, "o/1"), st.File(dir+sqliteDatabase+walSuffix, log+" ")}, nil},
		"cut off":                 {[]st.Object{st.File(dir+sqliteDatabase, db), st.File(dir+sqliteDatabase+walSuffix, log[:len(log)-4000])}, []string{"rpm bash 1.0-1", "rpm openssl-libs 1.0-1"}},
		"a page that was changed": {[]st.Object{st.File(dir+sqliteDatabase, db), st.File(dir+sqliteDatabase+walSuffix, log[:200]+"x"+log[201:])}, first},
		"no log":                  {[]st.Object{st.File(dir+sqliteDatabase, db), st.File(dir+sqliteDatabase+walSuffix, strings.Repeat("x", 100))}, nil},
		"a journal in use":        {[]st.Object{st.File(dir+sqliteDatabase, db), st.File(dir+sqliteDatabase+journalSuffix, journal)}, nil},
		"a journal that is done":  {[]st.Object{st.File(dir+sqliteDatabase, db), st.File(dir+sqliteDatabase+journalSuffix, strings.Repeat("\x00", 600))}, first},
	} {
		col := collect(t, append(c.objects, release))
		inv, err := col.Catalog(t.Context(), Request{Image: st.Image("docker.io/library/web:1", "b2"), TempDir: t.TempDir()})
		switch {
		case c.want == nil && err == nil:
			t.Errorf("%s: taken as %q", name, names(inv.Packages))
		case c.want != nil && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != nil && !slices.Equal(names(inv.Packages), c.want):
			t.Errorf("%s: %q", name, names(inv.Packages))
		}
	}
}

// Reading a log always ends, and its pages come from the log or the database.
func FuzzWriteAheadLog(f *testing.F) {
	db, log := rpmDB(f, []string{"a"}, []string{"b"})
	f.Add([]byte(log))
	f.Add([]byte(log[:100]))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := withLog(content{strings.NewReader(db)}, content{bytes.NewReader(data)})
		if err != nil {
			return
		}
		if n, err := io.Copy(io.Discard, io.LimitReader(r, 1<<30)); err == nil && n%512 != 0 {
			t.Fatal(fmt.Errorf("%d bytes", n))
		}
	})
}

func FuzzTail(f *testing.F) {
	f.Add([]byte("#!/bin/sh\nPK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, b tail
		a.add(data)
		for i := range data {
			b.add(data[i : i+1])
		}
		if a.isArchive() != b.isArchive() {
			t.Fatal("the result depends on the pieces")
		}
		cutShort(data, int64(len(data)))
	})
}
