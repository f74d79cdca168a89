# Entries are added, read, changed, renamed and removed; passwords are set, used and wrong;
# large answers, many clients, TLS, groups, and clients that are not LDAP.
url=ldap://127.0.0.1:$SEAWORTHY_PORT
as() { program=$1; shift; "$program" -x -H $url -D cn=admin,dc=example,dc=org -w 'only for the exercise' "$@" >/dev/null; }
{
  printf 'dn: dc=example,dc=org\nobjectClass: domain\ndc: example\n\n'
  printf 'dn: cn=rules,dc=example,dc=org\nobjectClass: device\nobjectClass: pwdPolicy\ncn: rules\npwdAttribute: userPassword\npwdMaxFailure: 3\npwdLockout: TRUE\npwdMinLength: 4\n\n'
  for i in $(seq 60); do
    printf 'dn: uid=user%s,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: user%s\ncn: User %s\nsn: %s\ndescription: %s\n\n' $i $i $i $i "$(head -c 3000 /dev/zero | tr '\0' x)"
  done
} | as ldapadd
as ldapsearch -b dc=example,dc=org
as ldapsearch -b dc=example,dc=org -E pr=10/noprompt '(cn=*ser 1*)'
as ldapsearch -z 3 -b dc=example,dc=org && exit 1
ldappasswd -x -H $url -D cn=admin,dc=example,dc=org -w 'only for the exercise' -s secret uid=user1,dc=example,dc=org
user() { ldapwhoami -x -H $url -D uid=user1,dc=example,dc=org -w "$1" >/dev/null 2>&1; }
user secret
for i in 1 2 3 4; do user wrong && exit 1; done
user secret && exit 1
ldapsearch -x -H $url -b dc=example,dc=org 2>/dev/null >/dev/null && true
printf 'dn: uid=user2,dc=example,dc=org\nchangetype: modify\nreplace: sn\nsn: other\n-\nadd: mail\nmail: a@example.org\n\ndn: uid=user3,dc=example,dc=org\nchangetype: delete\n\ndn: uid=user4,dc=example,dc=org\nchangetype: modrdn\nnewrdn: uid=user400\ndeleteoldrdn: 1\n' | as ldapmodify
as ldapcompare uid=user2,dc=example,dc=org sn:other || test $? = 6
as ldapdelete uid=none,dc=example,dc=org 2>/dev/null && exit 1
LDAPTLS_REQCERT=never ldapsearch -ZZ -x -H $url -b '' -s base >/dev/null
printf 'dn: cn=group,dc=example,dc=org\nobjectClass: groupOfNames\ncn: group\nmember: uid=user5,dc=example,dc=org\n' | as ldapadd
ldapsearch -x -H $url -D cn=admin,dc=example,dc=org -w 'only for the exercise' -b uid=user5,dc=example,dc=org memberOf | grep -q cn=group
printf 'GET / HTTP/1.0\r\n\r\n' | timeout 10 nc -N 127.0.0.1 $SEAWORTHY_PORT >/dev/null || true
for i in $(seq 15); do as ldapsearch -b dc=example,dc=org "(uid=user1$i)" & done; wait
