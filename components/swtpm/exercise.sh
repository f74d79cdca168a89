# Keys of both kinds, random numbers, measurements and their signature, data that is sealed to
# them, values that are kept, errors, and clients that end in the middle.
dir=$(mktemp -d)
cd $dir
export TPM2TOOLS_TCTI="cmd:nc 127.0.0.1 $SEAWORTHY_PORT_8176"
# It has few places for keys, and no one else empties them.
then_flush() { "$@"; tpm2_flushcontext -t; }
tpm2_getcap properties-fixed >/dev/null
tpm2_selftest
tpm2_getrandom --hex 16 >/dev/null
then_flush tpm2_createprimary -Q -C o -G ecc -c primary
then_flush tpm2_evictcontrol -Q -C o -c primary 0x81000001
then_flush tpm2_create -Q -C 0x81000001 -G ecc -u key.pub -r key.priv
then_flush tpm2_load -Q -C 0x81000001 -u key.pub -r key.priv -c key
echo text >text
then_flush tpm2_sign -Q -c key -g sha256 -o signature text
then_flush tpm2_createprimary -Q -C e -G rsa2048 -c rsa
tpm2_pcrextend 8:sha256=$(sha256sum text | cut -d' ' -f1)
tpm2_pcrread -Q sha256:0,8
tpm2_createpolicy -Q --policy-pcr -l sha256:8 -L policy
then_flush tpm2_create -Q -C 0x81000001 -L policy -i text -u sealed.pub -r sealed.priv
then_flush tpm2_load -Q -C 0x81000001 -u sealed.pub -r sealed.priv -c sealed
test "$(tpm2_unseal -c sealed -p pcr:sha256:8)" = text
tpm2_flushcontext -t
tpm2_pcrextend 8:sha256=$(sha256sum text | cut -d' ' -f1)
tpm2_unseal -c sealed -p pcr:sha256:8 2>/dev/null >/dev/null && exit 1
tpm2_flushcontext -t
tpm2_nvdefine -Q 1 -C o -s 32 -a 'ownerread|ownerwrite'
tpm2_nvwrite -Q 1 -C o -i text
tpm2_nvread 1 -C o -s 5 | cmp - text
tpm2_nvundefine -Q 1 -C o
tpm2_changeauth -Q -c owner secret
tpm2_changeauth -Q -c owner -p secret
tpm2_dictionarylockout -Q -s -n 5 -t 5 -l 5
printf '\200\001\0\0\0\014' | timeout 20 nc -N 127.0.0.1 $SEAWORTHY_PORT_8176 >/dev/null || true
printf 'not a command' | timeout 20 nc -N 127.0.0.1 $SEAWORTHY_PORT_8176 >/dev/null || true
tpm2_clear -Q
tpm2_shutdown -Q -c
tpm2_startup -Q 2>/dev/null || true
tpm2_getrandom --hex 8 >/dev/null
cd /
rm -r $dir
