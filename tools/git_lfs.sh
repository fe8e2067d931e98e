#!/bin/sh
# One test needs a real git-lfs; install Debian's where that is possible, else let it skip.
git lfs version >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "== installing git-lfs for its test (once)"
  { apt-get update && apt-get install -y --no-install-recommends git-lfs; } >/dev/null 2>&1 \
    || echo "git-lfs could not be installed; its test will be skipped"
fi
exit 0
