#!/bin/sh
# Makes the secrets that compose.yaml mounts, once; what is there already is left alone.
# The hub runs as user 10001 and reads three of them: they are readable by all in a folder that only
# you may enter.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets register
[ -e trust.toml ] || : > trust.toml
cd secrets
random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
if [ ! -e database ]; then
    password="$(random 24)"
    printf '%s' "$password" > postgres-password
    printf 'postgresql://hub:%s@postgres/hub' "$password" > database
fi
if [ ! -e s3-credentials ]; then
    key="$(random 10)" secret="$(random 20)"
    printf '"%s,%s"' "$key" "$secret" > s3-auth-key
    printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$key" "$secret" \
        > s3-credentials
fi
[ -e hub-key ] || random 32 > hub-key
chmod 0444 postgres-password database hub-key s3-auth-key s3-credentials
chmod 0444 ../trust.toml
chmod 0755 ../register
