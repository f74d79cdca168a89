// Package secureboot makes the keys of UEFI Secure Boot, and what firmware
// enrols them from: signature lists (.esl), signed updates of variables (.auth),
// and a variable store for QEMU's firmware that has them already.
//
// PK, the platform key, signs changes of KEK. KEK, the key exchange key, signs
// changes of db and dbx. Firmware starts an EFI program if its signer is in db,
// and neither the signer nor the program is in dbx.
package secureboot
