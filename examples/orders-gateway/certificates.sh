#!/bin/sh
# Makes a self-signed certificate for trying this example. A real one is mounted, never built in.
set -eu
folder=$(dirname "$0")/src/usrcerts/orders
mkdir -p "$folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
  -subj /CN=orders.example -addext subjectAltName=DNS:orders.example,DNS:localhost \
  -keyout "$folder/orders.key" -out "$folder/orders.pem"
chmod 600 "$folder/orders.key"
