#!/bin/sh
# gonogo-stamp @STAMP@
# Written by `gonogo hook install`; `gonogo hook uninstall` takes it away again.
# A hook that stood here before is kept beside this one, and asked first.
before=${0%/*}/@NAME@@KEPT@
@ASK_EARLIER@
if ! command -v gonogo >/dev/null 2>&1; then
  echo "gonogo: not found on PATH, so the message's issue key was not looked at" >&2
  exit 0
fi
code=0
gonogo hook @NAME@ "$@" || code=$?
case $code in
  0) exit 0 ;;
  1) exit 1 ;;
esac
echo "gonogo: the message's issue key was not looked at (exit code $code)" >&2
exit 0
