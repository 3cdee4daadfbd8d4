#!/bin/sh
# commit-msg hook: every commit names its story, or says that it has none.
# The rule of gonogo's story-key, printed by `gonogo hook print` (gonogo @VERSION@)
# with keys from @FROM@; print it again when [stories] changes.
# Needs sh, git and awk. To use it: save it as .git/hooks/commit-msg, executable.
file=${1:?name the file with the message}

LC_ALL=C
gonogo_projects=@PROJECTS@
gonogo_words=@WORDS@
gonogo_ignored=@IGNORED@
gonogo_merged=@MERGED@
gonogo_autosquash=@AUTOSQUASH@
gonogo_how=@HOW@

# What git is in the middle of, and how it will clean the message up.
git_dir=$(git rev-parse --git-dir) || exit 0
if [ -e "$git_dir/MERGE_HEAD" ] || [ -e "$git_dir/REVERT_HEAD" ]; then exit 0; fi
gonogo_comment=$(git config --get-regexp '^core\.comment(char|string)$' | sed -n '$s/^[^ ]* //p')
gonogo_comment=${gonogo_comment:-#}
case $(git config --get commit.cleanup) in
  strip) gonogo_strip=1 ;;
  whitespace | verbatim | scissors) gonogo_strip= ;;
  *) if [ "${GIT_EDITOR-}" = : ]; then gonogo_strip=; else gonogo_strip=1; fi ;;
esac
gonogo_branch=$(git symbolic-ref -q HEAD | sed 's,^refs/heads/,,')
gonogo_file=$file
export LC_ALL gonogo_projects gonogo_words gonogo_ignored gonogo_merged gonogo_autosquash gonogo_how
export gonogo_comment gonogo_strip gonogo_branch gonogo_file

exec awk '
# Letters and digits beyond ASCII join words; other signs do not.
function letter(bytes) {
  if (bytes ~ sign) return 0
  return bytes ~ whole
}
function ends_word(s) {
  if (s == "") return 0
  if (s ~ /[A-Za-z0-9_]$/) return 1
  return match(s, tail) && letter(substr(s, RSTART))
}
function starts_word(s) {
  if (s == "") return 0
  if (s ~ /^[A-Za-z0-9_]/) return 1
  return match(s, head) && letter(substr(s, 1, RLENGTH))
}
# The first key of a known project; "" without one. In a branch hyphens part words.
function key_in(s, is_branch,    at, next_at, before, after, project, number) {
  at = 0
  while ((next_at = index(substr(s, at + 1), "-")) > 0) {
    at += next_at
    before = substr(s, 1, at - 1)
    after = substr(s, at + 1)
    if (!match(before, /[A-Z0-9_]+$/)) continue
    project = substr(before, RSTART)
    before = substr(before, 1, RSTART - 1)
    if (!(project in known)) continue
    if (!match(after, /^[1-9][0-9]*/) || RLENGTH > 12) continue
    number = substr(after, 1, RLENGTH)
    after = substr(after, RLENGTH + 1)
    if (before ~ /-$/) { if (is_branch) before = ""; else sub(/-+$/, "", before) }
    if (after ~ /^-/) { if (is_branch) after = ""; else sub(/^-+/, "", after) }
    if (!ends_word(before) && !starts_word(after)) return project "-" number
  }
  return ""
}
function begins_with_one(s, list, n,    i) {
  for (i = 1; i <= n; i++) if (index(s, list[i]) == 1) return 1
  return 0
}
# A word for itself, and not inside a longer one.
function joins_after(s) { return s ~ /-$/ || ends_word(s) }
function joins_before(s) { return s ~ /^-/ || starts_word(s) }
function stands_in(s, word,    at, next_at) {
  at = 0
  while ((next_at = index(substr(s, at + 1), word)) > 0) {
    at += next_at
    if (!(joins_before(word) && joins_after(substr(s, 1, at - 1))) && \
        !(joins_after(word) && joins_before(substr(s, at + length(word))))) return 1
  }
  return 0
}
function is_scissors(s, prefix) {
  if (index(s, prefix) != 1) return 0
  s = substr(s, length(prefix) + 1)
  sub(/[ \t]+$/, "", s)
  return s == " ------------------------ >8 ------------------------"
}
function is_choice(s) { return s != "" && index("#;@!$%^&|:", substr(s, 1, 1)) > 0 }
# "This reverts commit 1234abcd" over line breaks, and "Reverts owner/name#12".
function is_revert(text,    at, rest, words, n, i, word) {
  rest = text
  while ((at = match(rest, /(^|\n)[ \t*-]*[Tt]his reverts commit/)) > 0) {
    rest = substr(rest, at + RLENGTH)
    word = rest
    sub(/^s/, "", word)
    n = split(word, words, /[ \t\r\n\f]+/)
    for (i = 1; i <= n; i++) {
      word = words[i]
      gsub(/^[.,;:()`]+|[.,;:()`]+$/, "", word)
      if (word == "" || word == "and") continue
      if (length(word) >= 7 && length(word) <= 64 && word !~ /[^0-9a-fA-F]/) return 1
      break
    }
  }
  return 0
}
function is_revert_of_request(s) {
  if (s !~ /^Reverts .*#[0-9]+[ \t]*$/) return 0
  sub(/[ \t]+$/, "", s)
  sub(/^.*#/, "", s)
  return length(s) <= 12
}
BEGIN {
  count = split(ENVIRON["gonogo_projects"], list, "\n")
  for (i = 1; i <= count; i++) if (list[i] != "") known[list[i]] = 1
  words_count = split(ENVIRON["gonogo_words"], no_key, "\n")
  ignored_count = split(ENVIRON["gonogo_ignored"], ignored, "\n")
  merged_count = split(ENVIRON["gonogo_merged"], merged, "\n")
  for (i = 1; i <= merged_count; i++) merged[i] = "Merge " merged[i]
  squash_count = split(ENVIRON["gonogo_autosquash"], squash, "\n")
  comment = ENVIRON["gonogo_comment"]
  strips = ENVIRON["gonogo_strip"] != ""
  more = "[\200-\277]"
  whole = "^([\302-\337]" more "|[\340-\357]" more more "|[\360-\364]" more more more ")$"
  tail = "[\300-\377]" more "*$"
  head = "^[\300-\377]" more "*"
  sign = "^(\302[\200-\251\253-\261\264\266-\270\273\277]|\303[\227\267]|\342\200.|\342\201[\200-\257]|\342\202[\240-\277]|\342[\206-\217\224-\257].|\343\200[\200-\204\210-\240]|\357\274[\200-\217\232-\240\273-\277]|\357\275[\200\233-\245]|\357\273\277|\357\277\275|\360\237..)$"
}
{ sub(/\r$/, ""); line[NR] = $0; if ($0 ~ /[^ \t]/) last = $0 }
END {
  if (count == 0 || ENVIRON["gonogo_projects"] == "") exit 0
  if (comment == "auto") {
    comment = ""
    for (i = 1; i <= NR && comment == ""; i++)
      if (is_choice(line[i]) && is_scissors(line[i], substr(line[i], 1, 1))) comment = substr(line[i], 1, 1)
    if (comment == "" && is_choice(last) && substr(last, 2, 1) ~ /^[ \t]?$/) comment = substr(last, 1, 1)
    if (comment == "") comment = "#"
  }
  # Parts: before the subject 0, in it 1, after it 2.
  part = 0
  for (i = 1; i <= NR; i++) {
    s = line[i]
    if (is_scissors(s, comment)) break
    if (strips && index(s, comment) == 1) continue
    text = text s "\n"
    for (j = 1; j <= ignored_count; j++) if (ignored[j] != "" && s ~ ignored[j]) fine = 1
    if (is_revert_of_request(s)) fine = 1
    sub(/[ \t\r\f\v]+$/, "", s)
    if (part == 0 && s != "") { part = 1; subject = s }
    else if (part == 1 && s == "") part = 2
    if (part > 0 && key_in(s, 0) != "") fine = 1
  }
  if (part == 0 || fine) exit 0
  if (begins_with_one(subject, merged, merged_count)) exit 0
  if (begins_with_one(subject, squash, squash_count)) exit 0
  if (is_revert(text)) exit 0
  text = tolower(text)
  for (i = 1; i <= words_count; i++) if (no_key[i] != "" && stands_in(text, no_key[i])) exit 0

  print "gonogo: the message has no issue key"
  print "  → " ENVIRON["gonogo_how"]
  suggested = key_in(ENVIRON["gonogo_branch"], 1)
  if (suggested != "") print "  → by the name of the branch it is " suggested ": " suggested " " subject
  if (ENVIRON["gonogo_file"] ~ /COMMIT_EDITMSG$/)
    print "  → your message is kept: git commit -e -F \"" ENVIRON["gonogo_file"] "\""
  exit @CODE@
}' "$file" >&2
