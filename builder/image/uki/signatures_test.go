package uki

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

func TestSignatures(t *testing.T) {
	t.Parallel()
	a, _ := testKeys()
	b := build(t, x64Stub(), sections(0x8664))
	if got, err := Signatures(bytes.NewReader(b), int64(len(b))); got != nil || err != nil {
		t.Errorf("not signed: %v, %v", got, err)
	}
	b = sign(t, b, a)
	got, err := Signatures(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(got) != 1 || !got[0].Signer.Equal(a.Certificate()) || got[0].Problem != "" || got[0].Algorithm() != "RSA 2048 with SHA-256" {
		t.Errorf("%+v, %v", got, err)
	}
	// The signer of a changed program is named, but the signature is not valid.
	i := bytes.Index(b, []byte(sections(0x8664).Cmdline))
	b[i] ^= 1
	got, err = Signatures(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(got) != 1 || !got[0].Signer.Equal(a.Certificate()) || !strings.Contains(got[0].Problem, "the signature is for") {
		t.Errorf("%+v, %v", got, err)
	}
}

// ReadProgram reads what is not a UKI, and a UKI with repeated sections.
func TestReadProgram(t *testing.T) {
	t.Parallel()
	b := makePE(0x8664, 16, row{".text", 0x1000, "x"}, row{".cmdline", 0x2000, "first"}, row{".cmdline", 0x3000, "second"})
	info, err := ReadProgram(bytes.NewReader(b), int64(len(b)), true)
	if err != nil || len(info.Sections) != 3 || info.Cmdline != "first" || info.Arch != "amd64" {
		t.Errorf("%+v, %v", info, err)
	}
	if _, err := Read(bytes.NewReader(b), int64(len(b))); err == nil {
		t.Error("Read accepts it")
	}
	binary.LittleEndian.PutUint32(b[0x80+coffHeader+optFileAlign:], 32) // as iPXE has it
	if _, err := ReadProgram(bytes.NewReader(b), int64(len(b)), true); err != nil {
		t.Error(err)
	}
}
