package sbom

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"testing"

	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

// sample is an image in which a cataloger finds a package.
type sample struct {
	objects []st.Object
	want    string
}

// samples are by the name of the cataloger.
func samples(t *testing.T) map[string]sample {
	return map[string]sample{
		"portage-cataloger": {[]st.Object{
			st.File("var/db/pkg/app-misc/foo-1.2/CONTENTS", "dir /usr\nobj /usr/bin/foo d41d8cd98f00b204e9800998ecf8427e 1\n"), st.File("usr/bin/foo", ""),
		}, "portage app-misc/foo 1.2"},
		"lua-rock-cataloger": {[]st.Object{
			st.File("usr/share/lua/foo-1.0-1.rockspec", "package = \"foo\"\nversion = \"1.0-1\"\nsource = {\n  url = \"https://example.com/foo.tar.gz\"\n}\n"),
		}, "lua-rocks foo 1.0-1"},
		"java-jvm-cataloger": {[]st.Object{
			st.File("usr/lib/jvm/jdk-21/release", "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_RUNTIME_VERSION=\"21.0.4+7-LTS\"\nJAVA_VERSION=\"21.0.4\"\nIMAGE_TYPE=\"JRE\"\n"),
			st.File("usr/lib/jvm/jdk-21/bin/java", "\x7fELF"),
		}, "binary openjdk 21.0.4+7-LTS"},
		"php-interpreter-cataloger": {[]st.Object{
			st.Mode("usr/local/bin/php", 0o755, "\x7fELF\x02\x01\x01X-Powered-By: PHP/8.3.1\x00"),
		}, "binary php-cli 8.3.1"},
		"dotnet-deps-binary-cataloger": {[]st.Object{
			st.File("app/App.dll", "MZ"), st.File("app/App.deps.json", `{"runtimeTarget":{"name":".NETCoreApp,Version=v8.0"},"targets":{".NETCoreApp,Version=v8.0":{"App/1.0.0":{"dependencies":{"Foo":"2.1.0"},"runtime":{"App.dll":{}}},"Foo/2.1.0":{"runtime":{"lib/Foo.dll":{"assemblyVersion":"2.1.0.0","fileVersion":"2.1.0.0"}}}}},"libraries":{"App/1.0.0":{"type":"project","serviceable":false,"sha512":""},"Foo/2.1.0":{"type":"package","serviceable":true,"sha512":"sha512-x","path":"foo/2.1.0"}}}`),
			st.File("app/Foo.dll", "MZ"),
		}, "dotnet Foo 2.1.0"},
		"perl-cpan-installed-cataloger": {[]st.Object{
			st.File("usr/local/share/perl/5.36.0/x86_64-linux/.meta/Foo-Bar-1.5/install.json", `{"dist":"Foo-Bar-1.5","name":"Foo::Bar","target":"Foo::Bar","version":"1.5","pathname":"A/AB/ABC/Foo-Bar-1.5.tar.gz","provides":{"Foo::Bar":{"file":"lib/Foo/Bar.pm","version":"1.5"}}}`),
		}, "cpan Foo-Bar 1.5"},
		"linux-kernel-cataloger": {[]st.Object{
			st.File("usr/lib/modules/6.1.0/kernel/foo.ko", program(t, ".modinfo", "version=1.4\x00license=GPL\x00name=foo\x00vermagic=6.1.0 SMP mod_unload \x00")),
		}, "linux-kernel-module foo 1.4"},
		"cargo-auditable-binary-cataloger": {[]st.Object{
			st.Mode("usr/bin/crab", 0o755, program(t, ".dep-v0", deflate(t, `{"packages":[{"name":"crab","version":"0.3.0","source":"local","root":true},{"name":"serde","version":"1.0.200","source":"crates.io"}]}`))),
		}, "rust-crate serde 1.0.200"},
		"elf-binary-package-cataloger": {[]st.Object{
			st.Mode("usr/bin/noted", 0o755, program(t, ".note.package", note(`{"type":"deb","name":"noted","version":"7.1","os":"debian","architecture":"amd64"}`))),
		}, "deb noted 7.1"},
	}
}

// elsewhere are the catalogers without a sample, and what tests them.
var elsewhere = map[string]string{
	"alpm-db-cataloger":                  "TestLinkedContents",
	"apk-db-cataloger":                   "TestAlpine",
	"binary-classifier-cataloger":        "TestBinariesOnceOnly",
	"dpkg-db-cataloger":                  "TestDebian",
	"go-module-binary-cataloger":         "TestGoProgram",
	"graalvm-native-image-cataloger":     "no test: only GraalVM makes programs with the symbols that it reads",
	"java-archive-cataloger":             "TestLanguages",
	"javascript-package-cataloger":       "TestLanguages",
	"php-composer-installed-cataloger":   "TestLanguages",
	"python-installed-package-cataloger": "TestLanguages",
	"rpm-db-cataloger":                   "TestRPM",
	"ruby-installed-gemspec-cataloger":   "TestLanguages",
}

// Every cataloger of the table finds a package in a stream of entries. A cataloger can
// need the content of files that the collector does not keep: then it finds nothing,
// and reports nothing.
func TestCatalogers(t *testing.T) {
	t.Parallel()
	all := samples(t)
	known := map[string]bool{}
	for _, c := range catalogers() {
		known[c.Name()] = true
		s, ok := all[c.Name()]
		if !ok && elsewhere[c.Name()] == "" {
			t.Errorf("%s has no test: add an image in which it finds a package to samples in catalogers_test.go", c.Name())
		}
		if !ok {
			continue
		}
		t.Run(c.Name(), func(t *testing.T) {
			t.Parallel()
			inv := catalog(t, s.objects)
			has(t, inv, s.want)
			for p := range inv.SBOM.Artifacts.Packages.Enumerate() {
				if p.FoundBy == c.Name() {
					return
				}
			}
			t.Errorf("another cataloger found %q", s.want)
		})
	}
	for name := range all {
		if !known[name] || elsewhere[name] != "" {
			t.Errorf("samples has %s, which is not in the table, or is tested twice", name)
		}
	}
	for name := range elsewhere {
		if !known[name] {
			t.Errorf("elsewhere has %s, which is not in the table", name)
		}
	}
}

// program is an ELF file for amd64 with one named section.
func program(t *testing.T, section, content string) string {
	t.Helper()
	const head, entry = 64, 64
	names := "\x00" + section + "\x00.shstrtab\x00"
	shoff := uint64(head + len(content) + len(names))
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Shoff: shoff,
		Ehsize: head, Shentsize: entry, Shnum: 3, Shstrndx: 2}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	kind := elf.SHT_PROGBITS
	if section == ".note.package" {
		kind = elf.SHT_NOTE
	}
	var b bytes.Buffer
	for _, v := range []any{h, []byte(content), []byte(names), elf.Section64{},
		elf.Section64{Name: 1, Type: uint32(kind), Off: head, Size: uint64(len(content)), Addralign: 1},
		elf.Section64{Name: uint32(len(section) + 2), Type: uint32(elf.SHT_STRTAB), Off: uint64(head + len(content)), Size: uint64(len(names)), Addralign: 1},
	} {
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// note is the content of a section of notes with one note of the type "packaging metadata".
func note(payload string) string {
	payload += "\x00"
	for len(payload)%4 != 0 {
		payload += "\x00"
	}
	b := binary.LittleEndian.AppendUint32(nil, 4)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.LittleEndian.AppendUint32(b, 0xcafe1a7e)
	return string(b) + "FDO\x00" + payload
}

func deflate(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
