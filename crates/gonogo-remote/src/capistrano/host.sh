# What stands on a host, and whose it is. Plain POSIX sh with flock (util-linux).
#
#   VERB DEPLOY_TO CURRENT RELEASES HOLDER [WORD...]
#
# look                         says how it stands
# take MARK RELEASE [WAS...]   takes the lock: nobody has it, or one who was seen to (WAS);
#                              RELEASE is to be made, `back` is to be gone back, `-` is neither
# tidy RELEASE...              takes out what was never published
# leave RELEASE BACK [FILE...] takes RELEASE out where it was never published, and leaves the
#                              lock; with `back` it is back; says which files are missing
# free WAS                     takes off the lock that was seen
#
# DEPLOY_TO/.gonogo/ has
#   lock                  who has it: HOLDER
#   published/RELEASE     the commit of what was seen to serve
#   begun/RELEASE         which deploy began to make it: MARK
#   back                  which deploy began to go back, until it is back: MARK
set -u
verb=$1 to=$2 current=$3 releases=$4 holder=$5
shift 5

# Capistrano has a shell read `~`.
whole() {
  case $1 in
  "~/"*) path=$HOME/${1#??} ;;
  *) path=$1 ;;
  esac
}

whole "$to" && to=$path
whole "$current" && current=$path
whole "$releases" && releases=$path
own=$to/.gonogo

fault() {
  printf 'fault %s\nend\n' "$1"
  exit 0
}

first() {
  line=
  { IFS= read -r line <"$1"; } 2>/dev/null || :
}

# Whole, or not at all.
write() {
  { printf '%s\n' "$2" >"$1.new" && [ -s "$1.new" ] && mv -f "$1.new" "$1"; } 2>/dev/null || fault "$1 cannot be written"
}

# What `current` leads to: the name of a release, and its commit.
serves() {
  is= sha=
  place=$(readlink -f "$current" 2>/dev/null) || return 0
  [ -d "$place" ] || return 0
  [ "$releases/${place##*/}" -ef "$place" ] && is=${place##*/}
  first "$place/REVISION"
  sha=$line
}

has_lock() {
  first "$own/lock"
  [ "$line" = "$holder" ]
}

look() {
  serves
  printf 'current %s %s\n' "${is:--}" "${sha:--}"
  for place in "$releases"/*; do
    name=${place##*/}
    case $name in *[!A-Za-z0-9._-]*) continue ;; esac
    [ -d "$place" ] && [ ! -L "$place" ] || continue
    first "$place/REVISION"
    sha=$line seen=never by= age=new
    [ -e "$own/published/$name" ] && seen=seen
    [ -e "$own/begun/$name" ] && first "$own/begun/$name" && by=$line
    # One that is half made may be somebody's who makes it just now.
    if [ -z "$sha" ] && [ -z "$(find "$place" -prune -mmin -60 2>/dev/null)" ]; then age=old; fi
    printf 'release %s %s %s %s %s\n' "$name" "${sha:--}" "$seen" "$age" "$by"
  done
  first "$own/lock"
  [ -z "$line" ] || printf 'lock %s\n' "$line"
  first "$own/back"
  [ -z "$line" ] || printf 'back %s\n' "$line"
}

# What serves now was published.
note() {
  serves
  case $sha in "" | *[!0-9a-f]*) return 0 ;; esac
  [ -z "$is" ] || [ -e "$own/published/$is" ] || write "$own/published/$is" "$sha"
}

take_out() {
  serves
  [ "$1" != "$is" ] && [ -d "$releases/$1" ] && [ ! -e "$own/published/$1" ] || return 0
  # What is whole and nobody of ours began is somebody's.
  [ -e "$own/begun/$1" ] || [ ! -e "$releases/$1/REVISION" ] || return 0
  rm -rf "${releases:?}/$1" && printf 'removed %s\n' "$1"
}

alone() {
  command -v flock >/dev/null || fault "there is no flock: install util-linux"
  { mkdir -p "$own/published" "$own/begun" && exec 9>"$own/guard"; } 2>/dev/null || fault "$own cannot be written"
  flock -w 20 9 || fault "$own/guard is held by something else"
}

case $verb in
look) look ;;
take)
  mark=$1 release=$2
  shift 2
  alone
  first "$own/lock"
  is_free=no
  for was in "" "$holder" "$@"; do [ "$line" != "$was" ] || is_free=yes; done
  if [ "$is_free" = no ]; then
    printf 'held %s\n' "$line"
  else
    write "$own/lock" "$holder"
    note
    look
    case $release in
    -) ;;
    back) write "$own/back" "$mark" ;;
    *) [ -e "$own/begun/$release" ] || [ -d "$releases/$release" ] || write "$own/begun/$release" "$mark" ;;
    esac
  fi
  ;;
tidy)
  has_lock || fault "the lock is another's"
  for name in "$@"; do take_out "$name"; done
  ;;
leave)
  release=$1 is_back=$2
  shift 2
  alone
  if has_lock; then
    note
    take_out "$release"
    [ "$is_back" != back ] || rm -f "$own/back"
    for place in "$own/published"/* "$own/begun"/*; do
      [ -d "$releases/${place##*/}" ] || rm -f "$place"
    done
    rm -f "$own/lock"
  else
    printf 'lost %s\n' "$line"
  fi
  look
  for file in "$@"; do
    whole "$file"
    [ -f "$path" ] || printf 'missing %s\n' "$path"
  done
  ;;
free)
  alone
  first "$own/lock"
  if [ "$line" = "$1" ]; then rm -f "$own/lock"; fi
  look
  ;;
esac
echo end
