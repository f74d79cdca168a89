package secureboot

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// The register has the variables in their order, and then the entry that allows the
// program. TestBootEnforced compares it with a machine.
func TestPCR7(t *testing.T) {
	t.Parallel()
	keys := testKeys()
	e := enrolment(keys)
	e.DB = append(e.DB, keys.KEK.Certificate())
	vars, err := e.Variables()
	if err != nil {
		t.Fatal(err)
	}
	signer := keys.KEK.Certificate() // the second one of db
	r, err := PCR7(vars, signer)
	if err != nil {
		t.Fatal(err)
	}
	measured := func(guid GUID, name string, data []byte) [32]byte {
		b := slices.Clone(guid[:])
		b = binary.LittleEndian.AppendUint64(b, uint64(len(name)))
		b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
		for _, c := range []byte(name) {
			b = append(b, c, 0)
		}
		return sha256.Sum256(append(b, data...))
	}
	want := [][32]byte{
		measured(guidGlobal, "SecureBoot", []byte{1}), measured(guidGlobal, "PK", vars[0].Data), measured(guidGlobal, "KEK", vars[1].Data),
		measured(guidDatabase, "db", vars[2].Data), measured(guidDatabase, "dbx", nil), sha256.Sum256(make([]byte, 4)),
		measured(guidDatabase, "db", append(slices.Clone(e.Owner[:]), signer.Raw...)),
	}
	for i, event := range r.Events {
		if i >= len(want) || event.Digest != want[i] {
			t.Errorf("event %d: %s", i, event.What)
		}
	}
	if len(r.Events) != len(want) {
		t.Errorf("%d events", len(r.Events))
	}
	if _, err := PCR7(vars, keys.PK.Certificate()); !errors.Is(err, system.ErrInput) {
		t.Errorf("a signer that is not in db: %v", err)
	}
	if _, err := PCR7(vars[1:], signer); !errors.Is(err, system.ErrInput) {
		t.Errorf("without PK: %v", err)
	}
}

func TestReadVariables(t *testing.T) {
	t.Parallel()
	vars, err := enrolment(testKeys()).Variables()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, v := range vars {
		files[v.Name] = v.Data
	}
	got, err := ReadVariables(files)
	if err != nil || !slices.EqualFunc(got, vars, func(a, b Variable) bool { return a.Name == b.Name && a.GUID == b.GUID && bytes.Equal(a.Data, b.Data) }) {
		t.Errorf("%v", err)
	}
	for _, n := range []int{1, listHeader - 1, listHeader + 5, len(files["db"]) - 1} {
		files["db"] = vars[2].Data[:n]
		if _, err := ReadVariables(files); !errors.Is(err, system.ErrInput) {
			t.Errorf("db of %d bytes: %v", n, err)
		}
	}
}

// FuzzVariables: no list makes the reader panic or loop forever.
func FuzzVariables(f *testing.F) {
	vars, err := enrolment(testKeys()).Variables()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(vars[0].Data)
	f.Fuzz(func(t *testing.T, b []byte) {
		vars, err := ReadVariables(map[string][]byte{"db": b, "PK": b, "KEK": b})
		if err == nil {
			_, _ = PCR7(vars, testKeys().DB.Certificate())
		}
	})
}
