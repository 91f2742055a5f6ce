/** The applets of busybox that the image has as commands: a shell and the tools that a RUN needs. */
export const applets: readonly string[] = (
  "[ ash awk base64 basename cat chgrp chmod chown clear cmp cp cut date dd df diff dirname du echo " +
  "egrep env expr false fgrep find fold getopt grep groups gunzip gzip head hexdump hostname id " +
  "kill less link ln ls md5sum mkdir mkfifo mktemp more mv nc nl nproc od paste patch pidof " +
  "ping printf ps pwd readlink realpath rev rm rmdir sed seq sh sha1sum sha256sum sha512sum sleep " +
  "sort stat strings stty sync tail tar tee test time timeout top touch tr true truncate tty uname " +
  "uniq unlink uptime usleep vi watch wc wget which who whoami xargs xxd xz yes zcat"
).split(" ");
