#!/bin/sh
# Makes the files that compose.yaml mounts as secrets: random passwords, and the simulator's own keys. Keeps what is there already.
set -eu
cd "$(dirname "$0")/secrets"
# Containers read them under users of their own; the folder keeps other users of this machine out.
chmod 711 .
umask 022

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
put() { [ -s "$1" ] || printf '%s' "$2" > "$1"; }

put postgres_password "$(random)"
put redis_password "$(random)"
put ledger_url "postgres://billing:$(cat postgres_password)@postgres:5432/billing"
put cache_url "redis://:$(cat redis_password)@redis:6379/0"
# The simulator's fixtures. Real ones: see docs/operations.md.
put xtracta_api_key demo-xtracta-key-00000000000000000000001
put credits_token demo-credits-token-0000000000000000000001
