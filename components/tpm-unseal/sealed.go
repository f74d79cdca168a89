//go:build linux

package main

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
)

// sealed is a key that the TPM keeps at a handle, and gives only if the PCRs are as they
// were when the key was sealed.
type sealed struct {
	tpm    transport.TPM
	handle uint32
	pcrs   []uint
}

func (s *sealed) selection() tpm2.TPMLPCRSelection {
	return tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{{Hash: tpm2.TPMAlgSHA256, PCRSelect: tpm2.PCClientCompatible.PCRs(s.pcrs...)}}}
}

func (s *sealed) exists() (bool, error) {
	_, err := tpm2.ReadPublic{ObjectHandle: tpm2.TPMHandle(s.handle)}.Execute(s.tpm)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, tpm2.TPMRCHandle):
		return false, nil
	}
	return false, fmt.Errorf("the TPM cannot say whether it has a key: %w", err)
}

// storage is the TPM's storage root key. Sessions are salted with it, so a key that
// travels between the TPM and this program is encrypted on the way.
func (s *sealed) storage() (*tpm2.CreatePrimaryResponse, func(), error) {
	k, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHOwner, InPublic: tpm2.New2B(tpm2.ECCSRKTemplate)}.Execute(s.tpm)
	if err != nil {
		return nil, nil, fmt.Errorf("the TPM makes no storage key (is its owner hierarchy locked with a password?): %w", err)
	}
	return k, func() { _, _ = tpm2.FlushContext{FlushHandle: k.ObjectHandle}.Execute(s.tpm) }, nil
}

// nonce is the size of the nonces of a session.
const nonce = 16

// seal makes the key an object of the TPM, and makes it permanent.
func (s *sealed) seal(key []byte) error {
	policy, err := s.policy()
	if err != nil {
		return err
	}
	parent, flush, err := s.storage()
	if err != nil {
		return err
	}
	defer flush()
	public, err := parent.OutPublic.Contents()
	if err != nil {
		return err
	}
	made, err := tpm2.Create{
		ParentHandle: tpm2.AuthHandle{Handle: parent.ObjectHandle, Name: parent.Name,
			Auth: tpm2.HMAC(tpm2.TPMAlgSHA256, nonce, tpm2.AESEncryption(128, tpm2.EncryptIn), tpm2.Salted(parent.ObjectHandle, *public))},
		InSensitive: tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{Data: tpm2.NewTPMUSensitiveCreate(&tpm2.TPM2BSensitiveData{Buffer: key})}},
		InPublic: tpm2.New2B(tpm2.TPMTPublic{
			Type: tpm2.TPMAlgKeyedHash, NameAlg: tpm2.TPMAlgSHA256,
			// Without UserWithAuth, the policy is the only way to the key.
			ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, NoDA: true},
			AuthPolicy:       *policy,
		}),
	}.Execute(s.tpm)
	if err != nil {
		return fmt.Errorf("the TPM does not seal the key: %w", err)
	}
	loaded, err := tpm2.Load{
		ParentHandle: tpm2.AuthHandle{Handle: parent.ObjectHandle, Name: parent.Name, Auth: tpm2.PasswordAuth(nil)},
		InPrivate:    made.OutPrivate, InPublic: made.OutPublic,
	}.Execute(s.tpm)
	if err != nil {
		return fmt.Errorf("the TPM does not load the key: %w", err)
	}
	defer func() { _, _ = tpm2.FlushContext{FlushHandle: loaded.ObjectHandle}.Execute(s.tpm) }()
	_, err = tpm2.EvictControl{
		Auth:             tpm2.TPMRHOwner,
		ObjectHandle:     &tpm2.NamedHandle{Handle: loaded.ObjectHandle, Name: loaded.Name},
		PersistentHandle: tpm2.TPMHandle(s.handle),
	}.Execute(s.tpm)
	if err != nil {
		return fmt.Errorf("the TPM does not keep the key at %#x: %w", s.handle, err)
	}
	return nil
}

// policy is the digest of the condition that the PCRs are as they are now.
func (s *sealed) policy() (*tpm2.TPM2BDigest, error) {
	session, end, err := tpm2.PolicySession(s.tpm, tpm2.TPMAlgSHA256, nonce, tpm2.Trial())
	if err != nil {
		return nil, err
	}
	defer func() { _ = end() }()
	if _, err := (tpm2.PolicyPCR{PolicySession: session.Handle(), Pcrs: s.selection()}).Execute(s.tpm); err != nil {
		return nil, fmt.Errorf("the TPM has no such PCRs with SHA-256: %w", err)
	}
	d, err := tpm2.PolicyGetDigest{PolicySession: session.Handle()}.Execute(s.tpm)
	if err != nil {
		return nil, err
	}
	return &d.PolicyDigest, nil
}

// unseal asks the TPM for the key.
func (s *sealed) unseal() ([]byte, error) {
	object, err := tpm2.ReadPublic{ObjectHandle: tpm2.TPMHandle(s.handle)}.Execute(s.tpm)
	if err != nil {
		return nil, err
	}
	parent, flush, err := s.storage()
	if err != nil {
		return nil, err
	}
	defer flush()
	public, err := parent.OutPublic.Contents()
	if err != nil {
		return nil, err
	}
	condition := func(tpm transport.TPM, session tpm2.TPMISHPolicy, _ tpm2.TPM2BNonce) error {
		_, err := tpm2.PolicyPCR{PolicySession: session, Pcrs: s.selection()}.Execute(tpm)
		return err
	}
	out, err := tpm2.Unseal{ItemHandle: tpm2.AuthHandle{Handle: tpm2.TPMHandle(s.handle), Name: object.Name,
		Auth: tpm2.Policy(tpm2.TPMAlgSHA256, nonce, condition, tpm2.AESEncryption(128, tpm2.EncryptOut), tpm2.Salted(parent.ObjectHandle, *public))}}.Execute(s.tpm)
	switch {
	case errors.Is(err, tpm2.TPMRCPolicyFail):
		return nil, fmt.Errorf("the TPM does not give the key: the machine did not start as it did when the key was made (PCRs %v)", s.pcrs)
	case err != nil:
		return nil, fmt.Errorf("the TPM does not give the key: %w", err)
	}
	return out.OutData.Buffer, nil
}

// extend changes a PCR. Only the next boot sets it back.
func (s *sealed) extend(pcr uint) error {
	digest := sha256.Sum256([]byte("seaworthy: the key was read"))
	_, err := tpm2.PCRExtend{
		PCRHandle: tpm2.AuthHandle{Handle: tpm2.TPMHandle(pcr), Auth: tpm2.PasswordAuth(nil)},
		Digests:   tpm2.TPMLDigestValues{Digests: []tpm2.TPMTHA{{HashAlg: tpm2.TPMAlgSHA256, Digest: digest[:]}}},
	}.Execute(s.tpm)
	if err != nil {
		return fmt.Errorf("the TPM does not change PCR %d: %w", pcr, err)
	}
	return nil
}
