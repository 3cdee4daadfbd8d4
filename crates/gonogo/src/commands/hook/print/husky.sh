# .husky/commit-msg (husky 9; `gonogo hook install` writes it for you)
#
# Without gonogo on PATH commits pass. So that nobody needs it, keep the printed
# script in the repository, and run that instead:
#   gonogo hook print > scripts/issue-key && chmod +x scripts/issue-key
#   scripts/issue-key "$1"
if command -v gonogo >/dev/null 2>&1; then
  gonogo hook commit-msg "$1"
fi
