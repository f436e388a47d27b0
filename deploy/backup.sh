#!/bin/sh
# Copy the database named by the PG… variables to a folder, and keep the last 14 copies.
# To bring one back: pg_restore --clean --if-exists --dbname NAME FILE
set -eu
folder=$1
file="$folder/$(date -u +%Y-%m-%dT%H%M%S).dump"
pg_dump --format=custom --file="$file.part"
mv "$file.part" "$file" # a copy that stopped halfway never looks like one
ls -t "$folder"/*.dump | tail -n +15 | xargs -r rm --
