package secureboot

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// PCR7 predicts register 7 of a TPM, the state of Secure Boot, for firmware in which
// exactly these variables are enrolled, and which starts a program of this signer
// (TCG PC Client Platform Firmware Profile). Firmware that also checks its option
// ROMs, or that measures variables of its own, has another value.
func PCR7(vars []Variable, signer *x509.Certificate) (uki.Register, error) {
	r := uki.Register{PCR: 7}
	data := map[string][]byte{}
	for _, v := range vars {
		data[v.Name] = v.Data
	}
	for _, name := range []string{"PK", "KEK", "db"} {
		if len(data[name]) == 0 {
			return r, system.BadInput("cannot predict PCR 7: %s is not among the enrolled variables", name).Suggest("add %s.esl", name)
		}
	}
	entry, err := entryOf(data["db"], signer)
	if err != nil {
		return r, err
	}
	for _, v := range []Variable{
		{"SecureBoot", guidGlobal, []byte{1}},
		{"PK", guidGlobal, data["PK"]}, {"KEK", guidGlobal, data["KEK"]},
		{"db", guidDatabase, data["db"]}, {"dbx", guidDatabase, data["dbx"]},
	} {
		r.Add("firmware: variable "+v.Name, v.measured())
	}
	r.Events = append(r.Events, uki.Separator)
	r.Add("firmware: entry of db that allows the UKI", Variable{"db", guidDatabase, entry}.measured())
	return r, nil
}

// measured is the digest of a variable as firmware measures it: UEFI_VARIABLE_DATA.
func (v Variable) measured() [sha256.Size]byte {
	name := utf16Bytes(v.Name)
	head := binary.LittleEndian.AppendUint64(bytes.Clone(v.GUID[:]), uint64(len(name)/2))
	head = binary.LittleEndian.AppendUint64(head, uint64(len(v.Data)))
	return sha256.Sum256(slices.Concat(head, name, v.Data))
}

// listHeader is the size of the header of an EFI_SIGNATURE_LIST.
const listHeader = 28

// entryOf is the entry (EFI_SIGNATURE_DATA) of a certificate in signature lists.
func entryOf(lists []byte, cert *x509.Certificate) ([]byte, error) {
	var found []byte
	err := entries(lists, func(kind GUID, entry []byte) {
		if found == nil && kind == guidX509 && bytes.Equal(entry[len(GUID{}):], cert.Raw) {
			found = entry
		}
	})
	if err == nil && found == nil {
		err = system.BadInput("cannot predict PCR 7: db does not have the certificate %q, which signs the image", cert.Subject.String()).
			Suggest("enrol the certificate, or sign with a key of db")
	}
	return found, err
}

// entries calls do for each entry of signature lists, with the kind of its list.
func entries(lists []byte, do func(kind GUID, entry []byte)) error {
	le := binary.LittleEndian
	bad := system.BadInput("a signature list is damaged").Suggest("make it again: seaworthy key generate --secure-boot writes .esl files")
	for len(lists) > 0 {
		if len(lists) < listHeader {
			return bad
		}
		size, header, entry := int64(le.Uint32(lists[16:])), int64(le.Uint32(lists[20:])), int64(le.Uint32(lists[24:]))
		if size > int64(len(lists)) || size < listHeader+header || entry < int64(len(GUID{})) || (size-listHeader-header)%entry != 0 {
			return bad
		}
		for at := listHeader + header; at < size; at += entry {
			do(GUID(lists[:16]), lists[at:at+entry])
		}
		lists = lists[size:]
	}
	return nil
}

// ReadVariables makes variables of the contents of .esl files, by the name of the
// variable: PK, KEK and db, and dbx if it is enrolled.
func ReadVariables(files map[string][]byte) ([]Variable, error) {
	var out []Variable
	for _, v := range []Variable{{"PK", guidGlobal, nil}, {"KEK", guidGlobal, nil}, {"db", guidDatabase, nil}, {"dbx", guidDatabase, nil}} {
		v.Data = files[v.Name]
		if len(v.Data) == 0 {
			continue
		}
		if err := entries(v.Data, func(GUID, []byte) {}); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
