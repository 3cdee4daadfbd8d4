# Starts one act of a deploy on the host where it runs, once for ever, and watches
# over it. Plain POSIX sh on Linux, with setsid: it runs on any host as it is.
#
#   start.sh start ROOT SERVICE FENCE KEY LIMIT GRACE DIR PROGRAM [ARGUMENT...]
#
# `alone` instead of `start` refuses it beside an act of the same fence too.
#
# Standard input has the environment: NAME=VALUE a line, with \\ for a backslash and
# \n for a line feed in it, and a line with a full stop at the end. Standard output
# has one line at last:
#   there           this key was begun before: nothing is done
#   ran ...         it runs
#   refused ...     it will not run: newer FENCE, busy KEY, again, unwritten
#   broken ...      it cannot run: env, dir, program
#   void ...        somebody made sure that it does not begin
#   fault ...       the host cannot run anything
#
# ROOT/runs/KEY/ is the act's folder:
#   env             its environment, until it begins
#   start           how its start came out, for ever: the line from above
#   session         the id of its session
#   out             what it says
#   end             made by others: it is to be ended
#   ending          what ended it: exit, limit or end
#   exit            its exit status, once nothing of it runs any more
#   log             what this script has to complain of
# ROOT/fences/SERVICE/FENCE/KEY/ says which act had which fence.
#
# Two things happen atomically. `mkdir` of the act's folder: who makes it starts the
# act, and nobody else. A hard link to `start`: who makes it says how the start came
# out. The watcher makes it before the command begins, with its own pid in it. Whoever
# wants the act not to begin makes it too, with `void`. So a start that died half-way
# never becomes one later, and nobody has to guess from the time that went by.
#
# Why never two acts of one service run whose fences differ: an act first makes its
# folder below its fence (1), then looks for a newer fence (2), then for acts of older
# fences (3), and takes `start` last (4). Let O be older and N newer. If O finds N at
# (2), O is refused. Else O looked before N's (1), so O's own (1) was before N's (3),
# and N finds O. It voids O's `start`. If that succeeds, O fails at (4) and does not
# begin. If not, O has begun, and N is refused as long as anything of O runs.
set -u
umask_before=$(umask)
umask 077

tab=$(printf '\t')

fault() {
  printf 'fault %s\n' "$1"
  exit 1
}

# Reads /proc/PID/stat. Its second field is the program's name in brackets, with
# anything in it, a line feed too: what counts comes after the last bracket.
stat_of() {
  stat=
  while IFS= read -r line || [ -n "$line" ]; do
    stat="$stat$line "
  done 2>/dev/null <"/proc/$1/stat" || return 1
  [ -n "$stat" ] || return 1
  set -f
  set -- ${stat##*) }
  set +f
  state=$1 parent=$2 session=$4 started=${20}
}

# Whether the process with this pid is the one that began then.
lives() {
  stat_of "$1" && [ "$started" = "$2" ] && case $state in [ZX]) false ;; esac
}

boot_id() {
  read -r boot </proc/sys/kernel/random/boot_id || boot=unknown
}

# Sends a signal to every process of a session; false if there is none. With 0 it
# only looks.
signalled() {
  any=1
  for place in /proc/[0-9]*; do
    stat_of "${place#/proc/}" || continue
    [ "$session" = "$2" ] || continue
    case $state in [ZX]) continue ;; esac
    any=0
    kill -s "$1" "${place#/proc/}" 2>/dev/null
  done
  return $any
}

# In hundredths of a second, whatever the clock of the wall does.
uptime() {
  read -r now rest </proc/uptime
  now=${now%.*}${now#*.}
}

pause() {
  sleep 0.2 2>/dev/null || sleep 1
}

# Writes a file that is whole or is not there, however full the disk is: $1 is the
# file, $2 what it holds.
write() {
  until printf '%s\n' "$2" >"$1.new" && [ -s "$1.new" ] && mv -f "$1.new" "$1"; do
    [ -d "${1%/*}" ] || return 1 # somebody removed it all
    sleep 1
  done
}

# The same for a file that is made once: false if somebody else made it. Who is to
# make it says different things in it, so each has a draft of its own.
claim() {
  draft=$1.${2%% *}
  until printf '%s\n' "$2" >"$draft" && [ -s "$draft" ] && ln "$draft" "$1" 2>/dev/null; do
    if [ -e "$1" ]; then
      rm -f "$draft"
      return 1
    fi
    [ -d "${1%/*}" ] || return 1
    sleep 1
  done
  rm -f "$draft"
}

# Whether nothing of another act runs, nor ever will.
over() {
  [ -d "$1" ] || return 0 # it was, long ago
  [ -e "$1/exit" ] && return 0
  void="$run/void.${1##*/}"
  printf 'void %s\n' "$key" >"$void" && [ -s "$void" ] || return 1
  if ln "$void" "$1/start" 2>/dev/null; then
    rm -f "$void" "$1/env"
    return 0
  fi
  rm -f "$void"
  read -r came pid since on <"$1/start" || return 1
  [ "$came" = ran ] || return 0
  boot_id
  [ "$on" = "$boot" ] || return 0
  lives "$pid" "$since" && return 1
  # Its watcher is gone, and what it watched may not be.
  if [ -e "$1/session" ] && read -r id <"$1/session"; then
    signalled 0 "$id" && return 1
  fi
  return 0
}

# Says how the start came out: false if somebody else has said so.
came() {
  if claim "$run/start" "$1"; then
    said=$1
  else
    IFS= read -r said <"$run/start"
    [ "$said" = "$1" ]
  fi
}

not_begun() {
  came "$1"
  rm -f "$run/env"
  printf '%s\n' "$said"
  exit 0
}

# The steps (1) to (3) from above.
let_in() {
  fences=$root/fences/$service
  mkdir -p "$fences/$fence" 2>/dev/null
  if ! mkdir "$fences/$fence/$key" 2>/dev/null; then
    [ -d "$fences/$fence/$key" ] && not_begun "refused again"
    # A newer one tidies it away just now, or the disk is full.
    not_begun "refused unwritten"
  fi
  for other in "$fences"/*; do
    number=${other##*/}
    case $number in *[!0-9]*) continue ;; esac
    [ "$number" -gt "$fence" ] && not_begun "refused newer $number"
  done
  for other in "$fences"/*; do
    number=${other##*/}
    case $number in *[!0-9]*) continue ;; esac
    case $mode in
    alone) [ "$number" -le "$fence" ] || continue ;;
    *) [ "$number" -lt "$fence" ] || continue ;;
    esac
    for act in "$other"/*; do
      [ -d "$act" ] && [ "${act##*/}" != "$key" ] || continue
      over "$root/runs/${act##*/}" || not_begun "refused busy ${act##*/}"
      # What had this fence is known by its folder here.
      [ "$number" -eq "$fence" ] || rmdir "$act" 2>/dev/null
    done
    [ "$number" -eq "$fence" ] || rmdir "$other" 2>/dev/null
  done
}

# The environment of the command from here on. Variables of ours have names that
# none of its has.
load() {
  while IFS= read -r GONOGO_STARTER_LINE; do
    if [ "$GONOGO_STARTER_LINE" = . ]; then
      unset GONOGO_STARTER_LINE GONOGO_STARTER_VALUE
      return 0
    fi
    GONOGO_STARTER_VALUE=$(printf '%b.' "${GONOGO_STARTER_LINE#*=}") || return 1
    export "${GONOGO_STARTER_LINE%%=*}=${GONOGO_STARTER_VALUE%.}" || return 1
  done
  return 1 # it broke off
}

# Whether there is such a program, for the command's own PATH.
is_program() {
  case $1 in
  */*) [ -f "$1" ] && [ -x "$1" ] && return 0 ;;
  *)
    IFS=:
    set -f
    for place in ${PATH-}; do
      [ -f "${place:-.}/$1" ] && [ -x "${place:-.}/$1" ] && return 0
    done
    ;;
  esac
  return 1
}

# What keeps the command from being run, if anything does: $1 is its folder, $2 it.
broken() {
  (
    load <"$run/env" || { echo env; exit 0; }
    CDPATH= cd -- "$1" 2>/dev/null || { echo dir; exit 0; }
    is_program "$2" || { echo program; exit 0; }
    echo fine
  ) 2>/dev/null
}

# Has the command ended when it is over its limit, or when somebody wants it.
watch() {
  uptime
  until=$((now + limit * 100)) why=
  while [ -z "$why" ]; do
    pause
    uptime
    if [ -e "$run/end" ]; then
      why=end
    elif [ "$now" -ge "$until" ]; then
      why=limit
    elif ! kill -0 $$ 2>/dev/null; then
      # The watcher was killed: the limit holds all the same.
      signalled 0 "$id" || exit 0
    fi
  done
  claim "$run/ending" "$why" || exit 0
  end_all
}

# TERM, and after a while KILL, to all of the session: whoever made a session of
# its own is not of it.
end_all() {
  uptime
  until=$((now + grace * 100))
  until signalled TERM "$id"; do
    # It is all over, or has not come so far yet that it has its session.
    stat_of "$id" && [ "$parent" = $$ ] && [ "$state" != Z ] || return 0
    pause
  done
  # What is stopped is to hear it.
  signalled CONT "$id"
  while signalled 0 "$id"; do
    uptime
    [ "$now" -ge "$until" ] && signalled KILL "$id"
    pause
  done
}

take() {
  root=$1 service=$2 fence=$3 key=$4 limit=$5 grace=$6
  run=$root/runs/$key
}

start() {
  take "$@"
  case $service$key in *[!A-Za-z0-9._-]*) fault "a name with odd characters" ;; esac
  case $service in . | .. | '') fault "the service has no name" ;; esac
  case $key in .* | '') fault "the act has no name" ;; esac
  case $fence$limit$grace in *[!0-9]*) fault "no number" ;; esac
  command -v setsid >/dev/null || fault "there is no setsid: install util-linux"
  mkdir -p "$root/runs" "$root/fences" || fault "$root cannot be written to"
  if ! mkdir "$run" 2>/dev/null; then
    [ -d "$run" ] || fault "$run cannot be made"
    echo there
    exit 0
  fi
  # From here on it is ours alone to start, and the answer is the watcher's.
  cat >"$run/env"
  setsid env -i PATH="$PATH" ${HOME+"HOME=$HOME"} ${LANG+"LANG=$LANG"} ${USER+"USER=$USER"} \
    sh "$0" watcher "$umask_before" "$mode" "$@" </dev/null 2>>"$run/log" &
}

watcher() {
  umask_before=$1 mode=$2
  shift 2
  take "$@"
  dir=$7
  shift 7
  # Who asked may be gone before the answer, and a session may end around us.
  trap '' HUP INT TERM PIPE
  if [ -z "$dir" ]; then
    dir=$run/work
    mkdir "$dir"
  fi
  : >"$run/out"
  let_in
  why=$(broken "$dir" "$1")
  [ "$why" = fine ] || not_begun "broken ${why:-env}"
  boot_id
  stat_of $$
  came "ran $$ $started $boot" || not_begun "$said" # (4)
  # A host that loses its power now still knows of it afterwards.
  sync "$root/runs" "$run" "$run/start" 2>/dev/null || sync
  setsid=$(command -v setsid)
  (
    trap - HUP INT TERM PIPE
    umask "$umask_before"
    exec 3<"$run/env"
    rm -f "$run/env"
    CDPATH= cd -- "$dir"
    unset OLDPWD
    # The command is the leader of a session of its own, and keeps this pid.
    set -- "$setsid" -- "$@"
    load <&3
    exec 3<&-
    exec "$@"
  ) </dev/null >>"$run/out" 2>&1 &
  id=$!
  write "$run/session" "$id"
  printf '%s\n' "$said"
  exec >/dev/null
  watch &
  watch=$!
  wait "$id"
  status=$?
  if claim "$run/ending" exit; then
    kill -s KILL "$watch" 2>/dev/null
  else
    wait "$watch"
  fi
  write "$run/exit" "$status"
}

mode=$1
shift
case $mode in
start | alone) start "$@" ;;
watcher) watcher "$@" ;;
serve) serve "$@" ;;
*) fault "start, alone, watcher or serve" ;;
esac
