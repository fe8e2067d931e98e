#!/bin/sh
# Reads the database's address from a file, so that its password is in no image, no list of
# processes and no `docker inspect`; then becomes the command.
set -eu
if [ -n "${OPENWEIR_DATABASE_FILE:-}" ]; then
    OPENWEIR_DATABASE="$(cat "$OPENWEIR_DATABASE_FILE")"
    export OPENWEIR_DATABASE
fi
exec "$@"
