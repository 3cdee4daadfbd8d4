#!/bin/sh
# The host's side of a connection from a runner: what it asks for comes over standard
# input, so that nothing of it is ever read by a shell, and no secret is seen in a list
# of processes.
#
#   ... serve ROOT
#
# It greets with `gonogo-host ready`. Then comes one question, a line for each word;
# in texts \\ stands for a backslash and \n for a line feed:
#   run SERVICE FENCE KEY LIMIT GRACE FROM DIR NUMBER ARGUMENT... and the environment,
#                     as start.sh wants it, to the end of the input
#   follow KEY FROM
#   void KEY          sees to it that it does not begin
#   end KEY BY        has it ended
# `void` and `end` are answered with `ok`. Of an act that runs or is followed comes,
# until the connection ends:
#   came ...          how its start came out (of `run` alone), as start.sh says it
#   said FROM LENGTH  and then so many bytes that it said from there on
#   stands            how it stands, a word and what it is in each line, and `.` at last;
#                     all that it had said by then has come before it

# A text of the input.
text() {
  IFS= read -r text || exit 0
  text=$(printf '%b.' "$text") || exit 1
  text=${text%.}
}

number() {
  IFS= read -r number || exit 0
  case $number in '' | *[!0-9]*) fault "no number" ;; esac
}

named() {
  IFS= read -r key || exit 0
  case $key in .* | '' | *[!A-Za-z0-9._-]*) fault "a name with odd characters" ;; esac
  run=$root/runs/$key
}

serve() {
  root=$1
  printf 'gonogo-host ready\n'
  IFS= read -r asked || exit 0
  case $asked in
  run) serve_run ;;
  follow)
    named
    number
    follow "$number"
    ;;
  void)
    named
    mkdir -p "$run" && { claim "$run/start" "void runner" && rm -f "$run/env"; }
    printf 'ok\n'
    ;;
  end)
    named
    text
    [ -d "$run" ] || fault "it has not come there"
    [ -e "$run/end" ] || write "$run/end" "$text"
    printf 'ok\n'
    ;;
  *) fault "$asked is no question" ;;
  esac
}

serve_run() {
  IFS= read -r service && IFS= read -r fence || exit 0
  named
  IFS= read -r limit && IFS= read -r grace || exit 0
  number
  from=$number
  text
  dir=$text
  number
  set --
  while [ "$number" -gt 0 ]; do
    text
    set -- "$@" "$text"
    number=$((number - 1))
  done
  find "$root"/runs/*/start -mtime +30 2>/dev/null | while IFS= read -r old; do
    rm -rf "${old%/start}"
  done
  # The command has the umask of whoever logs in, as it would without us.
  said=$(umask "$umask_before" && sh "$0" alone "$root" "$service" "$fence" "$key" "$limit" "$grace" "$dir" "$@")
  printf 'came %s\n' "$said"
  follow "$from"
}

# A file's first line, after its name.
tell() {
  [ -e "$run/$1" ] || return 0
  IFS= read -r line <"$run/$1" 2>/dev/null || [ -n "$line" ] || line='?'
  printf '%s %s\n' "$1" "$line"
}

# Who runs is looked at before how it ended: in between it may have.
facts() {
  boot_id
  uptime
  watcher=no others=no line=
  if [ -e "$run/start" ] && read -r came pid since on <"$run/start" && [ "$came" = ran ] && [ "$on" = "$boot" ]; then
    if lives "$pid" "$since"; then
      watcher=yes
    elif [ -e "$run/session" ] && read -r id <"$run/session" && signalled 0 "$id"; then
      others=yes
    fi
  fi
  there=no
  [ -d "$run" ] && there=yes
  stands=$(
    printf 'there %s\nboot %s\nuptime %s\nwatcher %s\nothers %s\n' $there "$boot" $((now / 100)) $watcher $others
    for file in start session exit ending end; do tell $file; done
  )
}

follow() {
  from=$1
  while :; do
    facts
    size=0
    [ -f "$run/out" ] && size=$(wc -c <"$run/out")
    size=$((size))
    while [ "$from" -lt "$size" ]; do
      part=$((size - from))
      [ "$part" -gt 1048576 ] && part=1048576
      printf 'said %s %s\n' "$from" "$part" || exit 0
      tail -c +$((from + 1)) "$run/out" | head -c "$part"
      from=$((from + part))
    done
    printf 'stands\n%s\n.\n' "$stands" || exit 0
    pause
  done
}

